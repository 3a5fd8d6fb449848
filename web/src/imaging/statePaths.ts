/** What a presentation state draws, as SVG paths in pixels of the canvas (PS3.3 C.10.5.1.2). Pure. */
import type { StateGraphic, StateShutter } from '../api/types';
import type { Point } from './spacing';

export type Place = (point: Point) => readonly [number, number];

/** Half the width of a point's cross, CSS pixels. */
const CROSS = 5;
const CORNERS_OF_A_CIRCLE = 72;

const at = ([x, y]: readonly [number, number]): string => `${x.toFixed(2)} ${y.toFixed(2)}`;
const polygon = (points: ReadonlyArray<readonly [number, number]>): string => `M${points.map(at).join('L')}Z`;

/** Empty for a type that is not known, and for one with too few points. */
export function pathOf({ kind, points }: Pick<StateGraphic, 'kind' | 'points'>, place: Place): string {
  const placed = points.map(place);
  const [first, second, third, fourth] = placed;
  if (!first) return '';
  switch (kind) {
    case 'POINT':
      return `M${first[0] - CROSS} ${first[1]}h${2 * CROSS}M${first[0]} ${first[1] - CROSS}v${2 * CROSS}`;
    case 'POLYLINE':
      return `M${placed.map(at).join('L')}`;
    case 'INTERPOLATED':
      return smooth(placed);
    case 'CIRCLE': {
      const [centre, edge] = points;
      if (!centre || !edge) return '';
      const radius = Math.hypot(edge[0] - centre[0], edge[1] - centre[1]);
      return polygon(around(centre, [radius, 0], [0, radius]).map(place));
    }
    case 'ELLIPSE': {
      if (!second || !third || !fourth) return '';
      const centre: Point = [(first[0] + second[0]) / 2, (first[1] + second[1]) / 2];
      const half = (one: readonly [number, number], other: readonly [number, number]): Point => [
        (other[0] - one[0]) / 2,
        (other[1] - one[1]) / 2,
      ];
      return polygon(around(centre, half(first, second), half(third, fourth)));
    }
    default:
      return '';
  }
}

/** Points of an ellipse by two of its half axes. */
function around(centre: Point, one: Point, other: Point): Point[] {
  return Array.from({ length: CORNERS_OF_A_CIRCLE }, (_, step): Point => {
    const angle = (2 * Math.PI * step) / CORNERS_OF_A_CIRCLE;
    const [x, y] = [Math.cos(angle), Math.sin(angle)];
    return [centre[0] + one[0] * x + other[0] * y, centre[1] + one[1] * x + other[1] * y];
  });
}

/** Through all points, by Catmull and Rom; closed where the last is the first. */
function smooth(points: ReadonlyArray<readonly [number, number]>): string {
  const closed = points.length > 3 && String(points[0]) === String(points.at(-1));
  const ring = closed ? points.slice(0, -1) : points;
  const count = ring.length;
  const near = (index: number): readonly [number, number] =>
    ring[closed ? (index + count) % count : Math.min(count - 1, Math.max(0, index))] as readonly [number, number];
  let path = `M${at(near(0))}`;
  for (let index = 0; index < (closed ? count : count - 1); index += 1) {
    const [before, from, to, behind] = [near(index - 1), near(index), near(index + 1), near(index + 2)];
    const control = (a: readonly [number, number], b: readonly [number, number], c: readonly [number, number]) =>
      at([a[0] + (c[0] - b[0]) / 6, a[1] + (c[1] - b[1]) / 6]);
    path += `C${control(from, before, to)} ${control(to, behind, from)} ${at(to)}`;
  }
  return path;
}

/** Each of the shapes with all around it: what lies outside of any of them is hidden. Filled by the even-odd rule. */
export function shutterPaths(
  { rectangle, circle, polygon: vertices }: StateShutter,
  place: Place,
  width: number,
  height: number,
): string[] {
  const shapes: Point[][] = [];
  if (rectangle?.length === 4) {
    const [left, right, upper, lower] = rectangle as [number, number, number, number];
    // The first and last column and row that are seen, from 1.
    shapes.push([
      [left - 1, upper - 1],
      [right, upper - 1],
      [right, lower],
      [left - 1, lower],
    ]);
  }
  if (circle?.length === 3) {
    const [column, row, radius] = circle as [number, number, number];
    shapes.push(around([column - 0.5, row - 0.5], [radius, 0], [0, radius]));
  }
  if (vertices.length > 2) shapes.push(vertices.map(([column, row]): Point => [column - 0.5, row - 0.5]));
  return shapes.map((shape) => `M0 0H${width}V${height}H0Z${polygon(shape.map(place))}`);
}
