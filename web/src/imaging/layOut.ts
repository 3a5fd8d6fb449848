/** How an image lies on its display: turned, mirrored, which part of it, as presentation states have it (PS3.3 C.10.4, C.10.6). Pure. */
import type { Point } from './spacing';

/** First column, first row, last column and last row, from 1. */
export type Area = readonly [number, number, number, number];

export interface Orientation {
  /** Clockwise. */
  quarterTurns: number;
  /** After the turns the left side becomes the right one. */
  flipped: boolean;
}

/** Down the display, in columns and rows of the image, by quarter turns. */
const DOWN: readonly Point[] = [
  [0, 1],
  [1, 0],
  [0, -1],
  [-1, 0],
];

/** right, down: steps on the display, in columns and rows of the image. */
export function orientationOf(right: Point, down: Point): Orientation {
  const along = (direction: Point): number => down[0] * direction[0] + down[1] * direction[1];
  const quarterTurns = DOWN.reduce((best, direction, turns) => {
    return along(direction) > along(DOWN[best] as Point) ? turns : best;
  }, 0);
  const [x, y] = DOWN[quarterTurns] as Point;
  // Unmirrored, what is right of a direction down the display is a quarter turn from it.
  return { quarterTurns, flipped: right[0] * y - right[1] * x < 0 };
}

/** The pixels that a part of the plane touches; corners in image coordinates. */
export function areaOf(one: Point, other: Point): Area {
  const [left, right] = [Math.min(one[0], other[0]), Math.max(one[0], other[0])];
  const [top, bottom] = [Math.min(one[1], other[1]), Math.max(one[1], other[1])];
  // A hair beyond a pixel's edge is no pixel more.
  const first = (value: number): number => Math.floor(value + 1e-3) + 1;
  const last = (low: number, high: number): number => Math.max(first(low), Math.ceil(high - 1e-3));
  return [first(left), first(top), last(left, right), last(top, bottom)];
}

/** Its corners in image coordinates: the outer edges of its first and last pixels. */
export function cornersOf([left, top, right, bottom]: Area): [Point, Point] {
  return [
    [left - 1, top - 1],
    [right, bottom],
  ];
}
