/** Pixels of slices into layers of a volume. Pure. */

export type Values = Int16Array | Float32Array;

export interface SlicePixels {
  columns: number;
  rows: number;
  /** Stored values; `slope` and `intercept` make of them what is looked at. */
  data: ArrayLike<number>;
  slope: number;
  intercept: number;
}

/**
 * Lays a slice into a layer of `width` × `height` voxels, its first pixel at `offset` (pixels of the slice, not negative); `reduced`
 * pixels along each axis make one voxel, their mean. What lies beside the slice becomes `empty`. Between pixels it is linear.
 */
export function lay(
  slice: SlicePixels,
  [x, y]: readonly [number, number],
  reduced: number,
  target: Values,
  width: number,
  height: number,
  empty: number,
): void {
  const { columns, rows, data, slope, intercept } = slice;
  if (reduced === 1 && x === 0 && y === 0 && columns === width && rows === height) {
    for (let at = 0; at < target.length; at += 1) target[at] = (data[at] as number) * slope + intercept;
    return;
  }
  const at = (column: number, row: number): number => data[row * columns + column] as number;
  const value = (column: number, row: number): number | undefined => {
    if (column < -1e-6 || row < -1e-6 || column > columns - 1 + 1e-6 || row > rows - 1 + 1e-6) return undefined;
    const [left, top] = [Math.max(0, Math.floor(column)), Math.max(0, Math.floor(row))];
    const [right, below] = [Math.min(columns - 1, left + 1), Math.min(rows - 1, top + 1)];
    const [across, down] = [Math.max(0, column - left), Math.max(0, row - top)];
    const upper = at(left, top) * (1 - across) + at(right, top) * across;
    return upper * (1 - down) + (at(left, below) * (1 - across) + at(right, below) * across) * down;
  };
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      let [sum, count] = [0, 0];
      for (let part = 0; part < reduced * reduced; part += 1) {
        const found = value(column * reduced + (part % reduced) - x, row * reduced + Math.floor(part / reduced) - y);
        if (found === undefined) continue;
        sum += found;
        count += 1;
      }
      const mean = count > 0 ? (sum / count) * slope + intercept : empty;
      target[row * width + column] = target instanceof Int16Array ? Math.round(mean) : mean;
    }
  }
}

/** One layer between two others. */
export function blend(one: Values, other: Values, share: number, target: Values): void {
  for (let at = 0; at < target.length; at += 1) {
    const value = (one[at] as number) * (1 - share) + (other[at] as number) * share;
    target[at] = target instanceof Int16Array ? Math.round(value) : value;
  }
}
