/** The three planes of a reformat: how they lie, how they turn, where they cut each other. Pure. */
import type { Vector } from '../orientation';
import { cross, turned } from '../vectors';

export const PLANES = ['axial', 'coronal', 'sagittal'] as const;
export type PlaneName = (typeof PLANES)[number];

export interface PlaneDirections {
  /** From the plane towards the eye. */
  normal: Vector;
  /** Upwards on the screen. */
  up: Vector;
}

export type Orientation = Readonly<Record<PlaneName, PlaneDirections>>;

/** As radiologists look: from the feet, from the front, from the left. */
export const STRAIGHT: Orientation = {
  axial: { normal: [0, 0, -1], up: [0, -1, 0] },
  coronal: { normal: [0, -1, 0], up: [0, 0, 1] },
  sagittal: { normal: [1, 0, 0], up: [0, 0, 1] },
};

/** To the right on the screen. */
export function rightOf({ normal, up }: PlaneDirections): Vector {
  return cross(up, normal);
}

/** Turns the two other planes around the normal of one, clockwise as that one is seen. */
export function turnOthers(orientation: Orientation, seen: PlaneName, radians: number): Orientation {
  const axis = orientation[seen].normal;
  const turn = ({ normal, up }: PlaneDirections): PlaneDirections => ({
    normal: turned(normal, axis, -radians),
    up: turned(up, axis, -radians),
  });
  return Object.fromEntries(
    PLANES.map((name) => [name, name === seen ? orientation[name] : turn(orientation[name])]),
  ) as Orientation;
}

/** The direction of the line in which another plane cuts the one that is seen, on its screen: right and down, a unit vector. */
export function cutOn(seen: PlaneDirections, other: PlaneDirections): readonly [number, number] {
  const line = cross(seen.normal, other.normal);
  const right = rightOf(seen);
  const along = (direction: Vector): number => line[0] * direction[0] + line[1] * direction[1] + line[2] * direction[2];
  const [x, y] = [along(right), -along(seen.up)];
  const length = Math.hypot(x, y) || 1;
  return [x / length, y / length];
}

/** Whether a plane lies straight in the patient. */
export function isStraight(orientation: Orientation, name: PlaneName): boolean {
  return orientation[name].normal.every(
    (part, axis) => Math.abs(part - (STRAIGHT[name].normal[axis] as number)) < 1e-3,
  );
}
