/** A part of an image, drawn larger than the tile shows it, in the same shades. */
import type { Types } from '@cornerstonejs/core';
import type { Look } from './display';
import type { Placement } from './tileCover';
import { brightness } from './voi';

/** Twice as large as in the tile, and never smaller than one image pixel on one pixel of the screen. zoom: as in the tile. */
export function magnification(zoom: number): number {
  return Math.max(2, 1 / Math.max(zoom, 1e-6));
}

/** Where the image lies on a lens of a size (pixels of the canvas) that is held over a point of the tile's canvas. */
export function placementInLens(
  [a, b, c, d, e, f]: Placement,
  size: number,
  [x, y]: readonly [number, number],
): Placement {
  const times = magnification(Math.hypot(a, b));
  const middle = size / 2;
  return [a * times, b * times, c * times, d * times, (e - x) * times + middle, (f - y) * times + middle];
}

/** The columns and rows that a lens shows, with one to spare on each side: left, top, width and height. */
export function partInLens(
  [a, b, c, d, e, f]: Placement,
  size: number,
  columns: number,
  rows: number,
): readonly [number, number, number, number] {
  const determinant = a * d - b * c;
  const corners = [0, size].flatMap((x) =>
    [0, size].map((y) => [(d * (x - e) - c * (y - f)) / determinant, (a * (y - f) - b * (x - e)) / determinant]),
  );
  const range = (axis: 0 | 1, count: number): [number, number] => {
    const along = corners.map((corner) => corner[axis] as number);
    const first = Math.max(0, Math.floor(Math.min(...along)) - 1);
    return [first, Math.max(0, Math.min(count, Math.ceil(Math.max(...along)) + 2) - first)];
  };
  const [left, width] = range(0, columns);
  const [top, height] = range(1, rows);
  return [left, top, width, height];
}

/** That part in the shades in which the tile shows it; RGBA. */
export function shadesOfPart(
  image: Pick<Types.IImage, 'columns' | 'numberOfComponents' | 'getPixelData'>,
  [left, top, width, height]: readonly [number, number, number, number],
  { curve, range, inverted }: Look,
): Uint8ClampedArray<ArrayBuffer> {
  const values = image.getPixelData();
  const samples = image.numberOfComponents ?? 1;
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < width * height; at += 1) {
    const from = ((top + Math.floor(at / width)) * image.columns + left + (at % width)) * samples;
    for (let sample = 0; sample < 3; sample += 1) {
      const share = brightness(curve, range, values[from + (samples > 1 ? sample : 0)] as number);
      pixels[4 * at + sample] = 255 * (inverted ? 1 - share : share);
    }
    pixels[4 * at + 3] = 255;
  }
  return pixels;
}
