/** Where slices lie in the patient, and how they meet (PS3.3 C.7.6.2.1.1, C.7.4.1). Lengths in mm. Pure. */
import { functionalGroup, number, numbers, TAG, text } from './dicom';
import type { DisplaySet, Slice } from './displaySets';
import type { Vector } from './orientation';
import { cross, dot, minus, plus } from './vectors';

export interface Plane {
  /** Empty where the object names none: it is then comparable with no other. */
  frameOfReference: string;
  /** Centre of the first pixel. */
  origin: Vector;
  /** Unit vectors along a row, along a column, and their normal. */
  row: Vector;
  column: Vector;
  normal: Vector;
  width: number;
  height: number;
}

/** Planes that deviate by less than 10 degrees are read as parallel: heads and gantries lie a little differently each time. */
const PARALLEL = Math.cos((10 * Math.PI) / 180);

function unit(vector: Vector): Vector | undefined {
  const length = Math.hypot(...vector);
  return length > 1e-6 ? [vector[0] / length, vector[1] / length, vector[2] / length] : undefined;
}

/** Undefined for a picture without a place in the patient, such as a radiograph. */
export function planeOf({ instance, frame }: Slice): Plane | undefined {
  const orientation = numbers(functionalGroup(instance, frame - 1, TAG.planeOrientationSequence), TAG.imageOrientation);
  const position = numbers(functionalGroup(instance, frame - 1, TAG.planePositionSequence), TAG.imagePosition);
  if (orientation.length !== 6 || position.length !== 3) return undefined;
  const row = unit(orientation.slice(0, 3) as unknown as Vector);
  const column = unit(orientation.slice(3) as unknown as Vector);
  const normal = row && column && unit(cross(row, column));
  if (!row || !column || !normal) return undefined;
  const [rowMm = 1, columnMm = 1] = numbers(
    functionalGroup(instance, frame - 1, TAG.pixelMeasuresSequence),
    TAG.pixelSpacing,
  );
  return {
    frameOfReference: text(instance, TAG.frameOfReferenceUid),
    origin: position as unknown as Vector,
    row,
    column,
    normal,
    width: columnMm * (number(instance, TAG.columns) ?? 1),
    height: rowMm * (number(instance, TAG.rows) ?? 1),
  };
}

const planesOfSets = new WeakMap<DisplaySet, ReadonlyArray<Plane | undefined>>();

/** Of each slice; read once. */
export function planesOf(set: DisplaySet): ReadonlyArray<Plane | undefined> {
  const known = planesOfSets.get(set);
  if (known) return known;
  const planes = set.slices.map(planeOf);
  planesOfSets.set(set, planes);
  return planes;
}

export function sharesFrame(one: Plane, other: Plane): boolean {
  return one.frameOfReference !== '' && one.frameOfReference === other.frameOfReference;
}

export function isParallel(one: Plane, other: Plane): boolean {
  return Math.abs(dot(one.normal, other.normal)) >= PARALLEL;
}

export function centreOf(plane: Plane): Vector {
  return plus(plus(plane.origin, plane.row, plane.width / 2), plane.column, plane.height / 2);
}

/** How far a point is from the plane, along the plane's normal. */
export function distanceFrom(plane: Plane, point: Vector): number {
  return dot(minus(point, plane.origin), plane.normal);
}

/** The plane nearest to a point, and the distance. */
export function nearestTo(
  planes: ReadonlyArray<Plane | undefined>,
  point: Vector,
): { index: number; distance: number } | undefined {
  let best: { index: number; distance: number } | undefined;
  for (const [index, plane] of planes.entries()) {
    if (!plane) continue;
    const distance = Math.abs(distanceFrom(plane, point));
    if (!best || distance < best.distance) best = { index, distance };
  }
  return best;
}

/** The typical step between neighbouring planes; 0 for fewer than two. */
export function stepOf(planes: ReadonlyArray<Plane | undefined>): number {
  const steps = planes
    .slice(1)
    .map((plane, at) => (plane && planes[at] ? Math.abs(distanceFrom(planes[at], plane.origin)) : Number.NaN))
    .filter((step) => step > 1e-3)
    .sort((one, other) => one - other);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

/** Where the picture on one plane meets another plane, as the ends of a line; undefined where it does not or they are parallel. */
export function crossing(picture: Plane, plane: Plane): readonly [Vector, Vector] | undefined {
  if (!sharesFrame(picture, plane) || isParallel(picture, plane)) return undefined;
  const corners = [
    picture.origin,
    plus(picture.origin, picture.row, picture.width),
    plus(plus(picture.origin, picture.row, picture.width), picture.column, picture.height),
    plus(picture.origin, picture.column, picture.height),
  ] as const;
  const ends: Vector[] = [];
  for (const [at, corner] of corners.entries()) {
    const next = corners[(at + 1) % 4] as Vector;
    const [from, to] = [distanceFrom(plane, corner), distanceFrom(plane, next)];
    if (from === to || from > 0 === to > 0) continue;
    ends.push(plus(corner, minus(next, corner), from / (from - to)));
  }
  return ends.length === 2 ? [ends[0] as Vector, ends[1] as Vector] : undefined;
}
