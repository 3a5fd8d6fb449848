/** What lies over the pixels of an image: padding, overlays, colours of a supplemental palette. Pure. */
import { type DicomInstance, number, TAG, text } from './dicom';
import { coloured, type Palette } from './lookUpTables';
import { markOverlay, type OverlayPlane } from './overlays';

export interface CoverParts {
  rows: number;
  columns: number;
  /** One byte a pixel, 1 where there is nothing. */
  empty?: Uint8Array;
  /** Of the image's samples, one byte a pixel, 1 where set; drawn with `planes`. */
  within: readonly Uint8Array[];
  planes: readonly OverlayPlane[];
  supplement?: { palette: Palette; stored: ArrayLike<number> };
}

const BLACK = [0, 0, 0] as const;
const WHITE = [255, 255, 255] as const;

/** RGBA of the image's size, clear where the picture is seen; undefined where nothing lies over it. */
export function coverPixels({
  rows,
  columns,
  empty,
  within,
  planes,
  supplement,
}: CoverParts): Uint8ClampedArray<ArrayBuffer> | undefined {
  if (!empty && within.length === 0 && planes.length === 0 && !supplement) return undefined;
  const pixels = new Uint8ClampedArray(rows * columns * 4);
  const paint = (at: number, [red, green, blue]: ArrayLike<number> & Iterable<number>): void => {
    pixels[4 * at] = red as number;
    pixels[4 * at + 1] = green as number;
    pixels[4 * at + 2] = blue as number;
    pixels[4 * at + 3] = 255;
  };
  empty?.forEach((set, at) => {
    if (set) paint(at, BLACK);
  });
  if (supplement) {
    const colours = coloured(supplement.stored, supplement.palette);
    const { first } = supplement.palette.red;
    for (let at = 0; at < rows * columns; at += 1) {
      if ((supplement.stored[at] as number) >= first) paint(at, colours.subarray(3 * at, 3 * at + 3));
    }
  }
  const marked = new Uint8Array(rows * columns);
  for (const plane of planes) markOverlay(marked, columns, plane);
  for (const plane of within) for (const [at, set] of plane.entries()) if (set) marked[at] = 1;
  marked.forEach((set, at) => {
    if (set) paint(at, WHITE);
  });
  return pixels;
}

/** Whether some stored values are colours beside the grey ones (PS3.3 C.7.6.19). */
export function hasSupplement(instance: DicomInstance): boolean {
  return (
    text(instance, TAG.photometric) === 'MONOCHROME2' &&
    ['COLOR', 'MIXED'].includes(text(instance, TAG.pixelPresentation).toUpperCase()) &&
    (number(instance, '00281101') ?? -1) >= 0
  );
}
