/** How long a pixel is, and how far that can be trusted. A length without a source is shown in px, never in mm. */
import { type DicomInstance, functionalGroup, number, numbers, sequence, TAG } from './dicom';
import { axesOf, holds, type Point } from './ultrasoundRegions';

export type { Point } from './ultrasoundRegions';

/** What is said of a length beside its scale bar. */
export type SpacingSource = 'calibrated' | 'corrected' | 'region' | 'detector' | 'none';

export interface PixelScale {
  source: SpacingSource;
  /** mm from one row to the next, and from one column to the next; absent without a source. */
  rowMm?: number;
  columnMm?: number;
}

const NONE: PixelScale = { source: 'none' };

function positive(row: number | undefined, column: number | undefined): row is number {
  return row !== undefined && column !== undefined && row > 0 && column > 0;
}

/**
 * How large a pixel is on the picture of a frame (0-based), about a point of it where that makes a difference: an image with
 * ultrasound regions is as large there as the region around the point says, else as its only region of two dimensions.
 */
export function pixelScale(instance: DicomInstance, frame: number, point?: Point): PixelScale {
  const regions = sequence(instance, TAG.ultrasoundRegions);
  if (regions.length > 0) {
    const spatial = regions.filter((region) => regionScale(region).source !== 'none');
    const around = point && regions.find((region) => holds(region, [point]));
    const region = around ?? (spatial.length === 1 ? spatial[0] : undefined);
    const { source, rowMm, columnMm } = region ? regionScale(region) : PIXELS;
    return source === 'none' ? NONE : { source: 'region', rowMm, columnMm };
  }
  const { source, rowMm, columnMm } = lengthScale(instance, frame, []);
  if (source === 'detector-corrected') return { source: 'corrected', rowMm, columnMm };
  if (source !== 'none') return { source: source === 'detector-plane' ? 'detector' : 'calibrated', rowMm, columnMm };
  const [row, column] = numbers(instance, TAG.imagerPixelSpacing);
  return positive(row, column) ? { source: 'detector', rowMm: row, columnMm: column } : NONE;
}

/** What makes millimetres of pixels, as the server names it. */
export type LengthSource = 'pixel-spacing' | 'detector-plane' | 'detector-corrected' | 'ultrasound-region' | 'none';

export interface LengthScale {
  source: LengthSource;
  /** mm from one row to the next, and from one column to the next; 1 without a source. */
  rowMm: number;
  columnMm: number;
}

const PIXELS: LengthScale = { source: 'none', rowMm: 1, columnMm: 1 };

/**
 * How long a pixel is between points of one frame (0-based). An image with ultrasound regions is as long as the region that
 * all points lie in says (PS3.3 C.8.5.5). Imager Pixel Spacing alone makes no millimetres (10.7.1).
 */
export function lengthScale(instance: DicomInstance, frame: number, points: readonly Point[]): LengthScale {
  const regions = sequence(instance, TAG.ultrasoundRegions);
  if (regions.length > 0) {
    const region = regions.find((candidate) => holds(candidate, points));
    return region ? regionScale(region) : PIXELS;
  }
  const [row, column] = numbers(functionalGroup(instance, frame, TAG.pixelMeasuresSequence), TAG.pixelSpacing);
  const [detectorRow, detectorColumn] = numbers(instance, TAG.imagerPixelSpacing);
  if (positive(row, column)) {
    // Equal to the detector's and not called calibrated, it is the detector's (PS3.3 10.7.1.3).
    const ofDetector =
      positive(detectorRow, detectorColumn) &&
      instance[TAG.spacingCalibrationType] === undefined &&
      Math.abs((detectorRow as number) - row) <= 1e-6;
    return { source: ofDetector ? 'detector-plane' : 'pixel-spacing', rowMm: row, columnMm: column as number };
  }
  const magnification = number(instance, TAG.magnification) ?? 0;
  if (positive(detectorRow, detectorColumn) && magnification > 0)
    return {
      source: 'detector-corrected',
      rowMm: detectorRow / magnification,
      columnMm: (detectorColumn as number) / magnification,
    };
  return PIXELS;
}

function regionScale(region: DicomInstance): LengthScale {
  const { x, y, spatial } = axesOf(region);
  const inMm = spatial && x?.unit === 'mm' && y?.unit === 'mm';
  return inMm ? { source: 'ultrasound-region', rowMm: y.perPixel, columnMm: x.perPixel } : PIXELS;
}

const STEPS = [1, 2, 5];

/** The longest round length (1, 2, 5 times a power of ten) that fits into `available`. */
export function roundLength(available: number): number {
  if (!(available > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(available));
  const step = [...STEPS].reverse().find((candidate) => candidate * power <= available) ?? 1;
  return step * power;
}
