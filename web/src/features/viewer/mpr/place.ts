/** From a slice to the place in the patient, and back. Pure. */
import type { DisplaySet } from '../../../imaging/displaySets';
import type { Vector } from '../../../imaging/orientation';
import { centreOf, nearestTo, planeOf, planesOf } from '../../../imaging/planes';
import type { MprRequest } from './room';

/** The middle of the slice in view; undefined in the middle of a stack, which is that of the volume. */
export function placeInView({ set, slice }: Pick<MprRequest, 'set' | 'slice'>): Vector | undefined {
  const plane = planeOf(slice);
  const inMiddle = Math.abs(set.slices.indexOf(slice) - (set.slices.length - 1) / 2) < 1;
  return plane && !inMiddle ? centreOf(plane) : undefined;
}

/** The slice (0-based) of a stack that is nearest to a place. */
export function sliceAt(set: DisplaySet, place: Vector): number | undefined {
  return nearestTo(planesOf(set), place)?.index;
}
