/** Vectors in the patient (mm), and turning them. Pure. */
import type { Vector } from './orientation';

export const plus = (one: Vector, other: Vector, times = 1): Vector => [
  one[0] + other[0] * times,
  one[1] + other[1] * times,
  one[2] + other[2] * times,
];
export const minus = (one: Vector, other: Vector): Vector => plus(one, other, -1);
export const dot = (one: Vector, other: Vector): number => one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** Turned around a unit vector, counter-clockwise seen against it (Rodrigues). */
export function turned(vector: Vector, axis: Vector, radians: number): Vector {
  const [cosine, sine] = [Math.cos(radians), Math.sin(radians)];
  const aside = cross(axis, vector);
  const along = dot(axis, vector) * (1 - cosine);
  return plus(plus([vector[0] * cosine, vector[1] * cosine, vector[2] * cosine], aside, sine), axis, along);
}
