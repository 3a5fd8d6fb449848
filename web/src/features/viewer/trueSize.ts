/** Pictures as large as what they show. */
import type { Tile } from '../../imaging';
import { factorToTrueSize, screenPixelsPerMm } from '../../ui/screen';

export type TrueSizeAnswer = 'shown' | 'uncalibrated' | 'noSpacing' | 'outOfReach';

/** In the plane of the detector where the image does not say how much it is magnified: the scale bar names it. */
export function showTrueSize(tile: Tile): TrueSizeAnswer {
  const { mmPerPixel } = tile.getState();
  const perMm = screenPixelsPerMm();
  if (!mmPerPixel) return 'noSpacing';
  if (!perMm) return 'uncalibrated';
  const factor = factorToTrueSize(mmPerPixel.x, perMm);
  if (!tile.camera.canZoomBy(factor)) return 'outOfReach';
  tile.camera.zoomBy(factor);
  return 'shown';
}
