/** How many tiles, in rows and columns. Pure. */

/** Rows, then columns: `2x3` is two rows of three. */
export type Layout = `${number}x${number}`;

/** Each tile has a WebGL context of its own, and a browser gives sixteen to a page. */
export const MOST_ROWS = 3;
export const MOST_COLUMNS = 4;
export const MOST_TILES = MOST_ROWS * MOST_COLUMNS;

export interface Shape {
  rows: number;
  columns: number;
}

export function layoutOf({ rows, columns }: Shape): Layout {
  return `${rows}x${columns}`;
}

/** The rows and columns that a name stands for; undefined where it is none of ours. */
export function parseLayout(name: unknown): Layout | undefined {
  const match = typeof name === 'string' ? /^([1-9])x([1-9])$/.exec(name) : null;
  if (!match || Number(match[1]) > MOST_ROWS || Number(match[2]) > MOST_COLUMNS) return undefined;
  return name as Layout;
}

export function shapeOf(layout: Layout): Shape {
  const [rows = 1, columns = 1] = layout.split('x').map(Number);
  return { rows, columns };
}

export function tileCount(layout: Layout): number {
  const { rows, columns } = shapeOf(layout);
  return rows * columns;
}

/** All there are, by the number of tiles. */
export const LAYOUTS: readonly Layout[] = Array.from({ length: MOST_ROWS }, (_, row) =>
  Array.from({ length: MOST_COLUMNS }, (_, column) => layoutOf({ rows: row + 1, columns: column + 1 })),
)
  .flat()
  .sort((one, other) => tileCount(one) - tileCount(other));
