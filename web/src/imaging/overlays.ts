/** Overlay planes, groups 6000 to 601E (PS3.3 C.9.2; C.9.3, retired, for those within the samples). Pure. */
import { type DicomInstance, number, numbers, TAG } from './dicom';
import { inlineBytes } from './lookUpTables';

/** One plane over one frame. */
export interface OverlayPlane {
  rows: number;
  columns: number;
  /** In the image of the plane's first pixel, from 0; may lie outside of it. */
  row: number;
  column: number;
  /** One bit a pixel, least significant first, beginning with bit `firstBit`. */
  bits: Uint8Array;
  firstBit: number;
}

const GROUPS = Array.from({ length: 16 }, (_, at) => (0x6000 + 2 * at).toString(16).toUpperCase());
const MOST_PIXELS = 1 << 26;

export const OVERLAY_DATA = GROUPS.map((group) => `${group}3000`);

/** Positions of bits of a sample that carry a plane. */
export function bitsWithinSamples(instance: DicomInstance): number[] {
  const allocated = number(instance, TAG.bitsAllocated) ?? 16;
  return GROUPS.flatMap((group) => {
    const position = number(instance, `${group}0102`) ?? 0;
    if (instance[`${group}3000`] || (number(instance, `${group}0100`) ?? 1) <= 1 || !instance[`${group}0102`])
      return [];
    const shape = [number(instance, `${group}0010`), number(instance, `${group}0011`)];
    const image = [number(instance, TAG.rows), number(instance, TAG.columns)];
    const alike = shape.every((length, at) => length === undefined || length === image[at]);
    return position < allocated && alike ? [position] : [];
  });
}

/** The planes with data of their own over a frame (0-based); those that are cut short are left out. */
export function overlaysOver(instance: DicomInstance, frame: number): OverlayPlane[] {
  return GROUPS.flatMap((group) => {
    const bits = inlineBytes(instance[`${group}3000`]);
    if (!bits) return [];
    const rows = number(instance, `${group}0010`) ?? number(instance, TAG.rows) ?? 0;
    const columns = number(instance, `${group}0011`) ?? number(instance, TAG.columns) ?? 0;
    const size = rows * columns;
    const plane = planeOver(instance, group, frame);
    if (!(size > 0) || size > MOST_PIXELS || plane === undefined) return [];
    const firstBit = plane * size;
    if (Math.ceil((firstBit + size) / 8) > bits.length) return [];
    const [row = 1, column = 1] = numbers(instance, `${group}0050`);
    return [{ rows, columns, row: row - 1, column: column - 1, bits, firstBit }];
  });
}

/** Which of a group's planes lies over a frame; a single one without a place lies over every frame. */
function planeOver(instance: DicomInstance, group: string, frame: number): number | undefined {
  const count = number(instance, `${group}0015`);
  const first = number(instance, `${group}0051`);
  if (count === undefined && first === undefined) return 0;
  const plane = frame - (Math.max(first ?? 1, 1) - 1);
  return plane >= 0 && plane < Math.max(1, count ?? 1) ? plane : undefined;
}

/** Sets to 1 what a plane covers of an image. marked: one byte a pixel of the image. */
export function markOverlay(marked: Uint8Array, columns: number, plane: OverlayPlane): void {
  const rows = marked.length / columns;
  for (let row = Math.max(0, -plane.row); row < plane.rows && row + plane.row < rows; row += 1) {
    for (let column = Math.max(0, -plane.column); column < plane.columns; column += 1) {
      const across = column + plane.column;
      if (across >= columns) break;
      const bit = plane.firstBit + row * plane.columns + column;
      if (((plane.bits[bit >> 3] as number) >> (bit & 7)) & 1) marked[(row + plane.row) * columns + across] = 1;
    }
  }
}
