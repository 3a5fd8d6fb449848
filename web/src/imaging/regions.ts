/** The pixels within an outline, and what their values come to. Pure. */
import type { MeasurementKind } from '../api/types';
import type { Point } from './spacing';

/** Pixel values of one frame after rescaling. */
export interface Pixels {
  columns: number;
  rows: number;
  at: (index: number) => number;
}

export type Inside = (column: number, row: number) => boolean;

/** Whether a point lies within a figure of this kind; undefined for kinds that enclose nothing. */
export function insideOf(kind: MeasurementKind, points: readonly Point[]): Inside | undefined {
  if (kind === 'rectangle') return () => true; // nothing else is within its bounds
  if (kind === 'ellipse') return inEllipse(points);
  return kind === 'freehand' ? inPolygon(points) : undefined;
}

function inEllipse(points: readonly Point[]): Inside {
  const [first, second, third, fourth] = points as [Point, Point, Point, Point];
  const centre: Point = [(first[0] + second[0]) / 2, (first[1] + second[1]) / 2];
  const one: Point = [second[0] - centre[0], second[1] - centre[1]];
  const other: Point = [(fourth[0] - third[0]) / 2, (fourth[1] - third[1]) / 2];
  const whole = one[0] * other[1] - one[1] * other[0];
  return (column, row) => {
    const [x, y] = [column - centre[0], row - centre[1]];
    return ((x * other[1] - y * other[0]) / whole) ** 2 + ((one[0] * y - one[1] * x) / whole) ** 2 <= 1;
  };
}

/** By the sides to the left of the point. Asked row by row: where a row meets the outline is found once. */
function inPolygon(points: readonly Point[]): Inside {
  let known = Number.NaN;
  let crossings: number[] = [];
  return (column, row) => {
    if (row !== known) {
      known = row;
      crossings = crossingsOf(points, row);
    }
    return crossings.filter((crossing) => crossing < column).length % 2 === 1;
  };
}

function crossingsOf(points: readonly Point[], row: number): number[] {
  const found: number[] = [];
  points.forEach(([x, y], at) => {
    const [nextX, nextY] = points[(at + 1) % points.length] as Point;
    if (y <= row !== nextY <= row) found.push(x + ((row - y) / (nextY - y)) * (nextX - x));
  });
  return found;
}

/** Of the pixels whose centres lie inside; the standard deviation is that of the population. */
export function statistics(points: readonly Point[], inside: Inside, pixels: Pixels) {
  const range = (axis: 0 | 1, count: number): [number, number] => {
    let [low, high] = [Infinity, -Infinity];
    for (const point of points) {
      low = Math.min(low, point[axis]);
      high = Math.max(high, point[axis]);
    }
    return [Math.max(0, Math.ceil(low - 0.5)), Math.min(count - 1, Math.floor(high - 0.5))];
  };
  const [left, right] = range(0, pixels.columns);
  const [top, bottom] = range(1, pixels.rows);
  let [count, mean, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      if (!inside(column + 0.5, row + 0.5)) continue;
      const value = pixels.at(row * pixels.columns + column);
      count += 1;
      const step = value - mean;
      mean += step / count;
      squares += step * (value - mean);
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  return count > 0 && Number.isFinite(mean) ? { mean, sd: Math.sqrt(squares / count), min, max } : undefined;
}
