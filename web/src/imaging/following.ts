/** Which slice a linked tile shows when another is scrolled. Pure. */
import { centreOf, distanceFrom, isParallel, nearestTo, type Plane, sharesFrame } from './planes';

export interface LinkedStack {
  planes: ReadonlyArray<Plane | undefined>;
  /** The slice that was shown when the link was made: what belonged together then belongs together. */
  anchor: number;
}

/**
 * The slice (0-based) of `target` that goes with a slice of `source`; undefined where it stays.
 * In one frame of reference, that at the same place of the patient; without one, that at the same distance in mm from where
 * the link was made; without planes, as many slices on. Planes that are not parallel do not follow each other.
 */
export function followed(source: LinkedStack, index: number, target: LinkedStack): number | undefined {
  const [here, there] = [source.planes[index], target.planes[target.anchor]];
  const begin = source.planes[source.anchor];
  if (!here || !there || !begin) {
    const last = target.planes.length - 1;
    return last < 1 ? undefined : Math.min(last, Math.max(0, target.anchor + index - source.anchor));
  }
  if (!isParallel(here, there)) return undefined;
  if (sharesFrame(here, there)) return nearestTo(target.planes, centreOf(here))?.index;
  const wanted = distanceFrom(there, here.origin) - distanceFrom(there, begin.origin);
  let best: { index: number; miss: number } | undefined;
  for (const [at, plane] of target.planes.entries()) {
    if (!plane) continue;
    const miss = Math.abs(distanceFrom(there, plane.origin) - wanted);
    if (!best || miss < best.miss) best = { index: at, miss };
  }
  return best?.index;
}
