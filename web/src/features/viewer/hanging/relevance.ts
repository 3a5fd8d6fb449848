/** Which of a patient's other studies a reader wants beside this one. Pure. */

import { isEarlier } from '../moment';
import { areNeighbours, type Region } from './bodyPart';
import type { StudyFacts } from './facts';

function share(one: ReadonlySet<Region>, other: ReadonlySet<Region>): 'same' | 'near' | 'none' {
  const mine = [...one];
  if (mine.some((region) => other.has(region))) return 'same';
  return mine.some((a) => [...other].some((b) => areNeighbours(a, b))) ? 'near' : 'none';
}

const POINTS = { same: 8, near: 3, none: 0 } as const;
/** Radiographs compare with each other, whichever detector made them. */
const ALIKE: ReadonlyArray<ReadonlySet<string>> = [new Set(['CR', 'DX', 'RG']), new Set(['XA', 'RF'])];

export function sameKind(one: string, other: string): boolean {
  return one === other || ALIKE.some((group) => group.has(one) && group.has(other));
}

function isOpposite(study: StudyFacts, prior: StudyFacts): boolean {
  return study.laterality !== '' && prior.laterality !== '' && study.laterality !== prior.laterality;
}

/** Where a study names no region, the modality speaks alone. */
function regionPoints(study: StudyFacts, prior: StudyFacts): number {
  const unknown = study.regions.size === 0 || prior.regions.size === 0;
  return unknown ? POINTS.near : POINTS[share(study.regions, prior.regions)];
}

function isSameKind(study: StudyFacts, prior: StudyFacts): boolean {
  return study.modalities.some((one) => prior.modalities.some((other) => sameKind(one, other)));
}

/** How much a prior says of what the study asks: first the same region, then the same kind of picture, then the same side. */
export function relevance(study: StudyFacts, prior: StudyFacts): number {
  const side = isOpposite(study, prior) ? -5 : 0;
  return Math.max(0, regionPoints(study, prior) + (isSameKind(study, prior) ? 4 : 0) + side);
}

/** Fit to be hung beside the study without being asked for: earlier, the same kind of picture, the same region or none named. */
export function isComparable(study: StudyFacts, prior: StudyFacts): boolean {
  const unnamed = study.regions.size === 0 || prior.regions.size === 0;
  return (
    isEarlier(prior.moment, study.moment) &&
    isSameKind(study, prior) &&
    !isOpposite(study, prior) &&
    (unnamed || share(study.regions, prior.regions) === 'same')
  );
}

/** Most relevant first; equals by date, the latest first. What came after the study, or may have, comes last. */
export function byRelevance<T extends { facts: StudyFacts }>(study: StudyFacts, priors: readonly T[]): T[] {
  const later = (facts: StudyFacts): number => (isEarlier(facts.moment, study.moment) ? 0 : 1);
  return [...priors].sort(
    (one, other) =>
      later(one.facts) - later(other.facts) ||
      relevance(study, other.facts) - relevance(study, one.facts) ||
      other.facts.moment.localeCompare(one.facts.moment),
  );
}
