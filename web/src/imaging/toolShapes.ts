/** The points of a measurement in the order in which its tool has them, and back. Pure. */
import type { Measurement, MeasurementKind } from '../api/types';
import type { Point } from './spacing';

export type Drawable = Exclude<MeasurementKind, 'other'>;

/** The server takes no more of an outline. */
const MOST_OUTLINE_POINTS = 2000;

const pick = (points: readonly Point[], order: readonly number[]): Point[] => order.map((at) => points[at] as Point);

/** The tools' order: a rectangle by rows of corners; an ellipse by its vertical axis, then its horizontal one. */
export function fromTool(kind: Drawable, points: Point[]): Point[] {
  if (kind === 'rectangle') return pick(points, [0, 1, 3, 2]);
  if (kind === 'freehand') return thinned(points);
  if (kind === 'text') return points.slice(0, 1);
  if (kind !== 'ellipse') return points;
  const [a, b, c, d] = points as [Point, Point, Point, Point];
  const firstIsMajor = Math.hypot(b[0] - a[0], b[1] - a[1]) >= Math.hypot(d[0] - c[0], d[1] - c[1]);
  return firstIsMajor ? points : [c, d, a, b];
}

export function toTool(kind: Drawable, points: Point[]): Point[] {
  if (kind === 'rectangle') return pick(points, [0, 1, 3, 2]);
  if (kind !== 'ellipse') return points;
  const [a, b] = points as [Point, Point];
  return Math.abs(b[1] - a[1]) > Math.abs(b[0] - a[0]) ? points : pick(points, [2, 3, 0, 1]);
}

/** Of a measurement of two axes the longer comes first; they are as long as the image's spacing says. */
export function longAxisFirst(points: Point[], { columnMm, rowMm }: { columnMm: number; rowMm: number }): Point[] {
  const [a, b, c, d] = points as [Point, Point, Point, Point];
  const length = (start: Point, end: Point): number =>
    Math.hypot((end[0] - start[0]) * columnMm, (end[1] - start[1]) * rowMm);
  return length(a, b) >= length(c, d) ? points : [c, d, a, b];
}

/** An outline of no more points than can be saved: evenly fewer of them. */
export function thinned(points: Point[]): Point[] {
  const count = points.length;
  if (count <= MOST_OUTLINE_POINTS) return points;
  return Array.from(
    { length: MOST_OUTLINE_POINTS },
    (_, at) => points[Math.floor((at * count) / MOST_OUTLINE_POINTS)] as Point,
  );
}

/** Half an image pixel: nobody draws a figure as small. */
const LEAST_EXTENT = 0.5;

/** A click where a figure of some extent is drawn: nothing was measured. */
export function isPoint({ kind, points }: Pick<Measurement, 'kind' | 'points'>): boolean {
  if (kind === 'text' || kind === 'probe' || kind === 'other') return false;
  const [first] = points as Point[];
  return (
    first !== undefined &&
    (points as Point[]).every(([column, row]) => Math.hypot(column - first[0], row - first[1]) < LEAST_EXTENT)
  );
}
