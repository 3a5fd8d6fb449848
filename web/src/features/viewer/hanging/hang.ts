/** Which protocol a study is hung by, and what goes into which tile. Pure. */

import { tileCount } from '../layout';
import type { Assignment } from '../session';
import { wordsOf } from './bodyPart';
import { type Candidate, isProjection, type StudyFacts } from './facts';
import type { Definition, DisplaySetRule, HangingProtocol, ImageSet } from './protocol';
import { VOI_TYPES } from './protocol';
import { sameKind } from './relevance';

function hasWord(text: string, wanted: readonly string[]): boolean {
  const words = wordsOf(text);
  return wanted.some((phrase) => {
    const parts = wordsOf(phrase);
    return parts.length > 0 && parts.every((part) => words.some((word) => word.startsWith(part)));
  });
}

/** How narrowly an item of the definition says what the study is; undefined where it is not. */
function narrowness(definition: Definition, study: StudyFacts): number | undefined {
  const { modality, bodyPart, laterality, procedure } = definition;
  if (modality.length > 0 && !modality.some((one) => study.modalities.includes(one))) return undefined;
  if (bodyPart.length > 0 && !bodyPart.some((region) => study.regions.has(region))) return undefined;
  if (laterality && laterality !== study.laterality) return undefined;
  if (procedure.length > 0 && !hasWord(study.procedure, procedure)) return undefined;
  return (
    (modality.length > 0 ? 1 : 0) +
    (bodyPart.length > 0 ? 4 : 0) +
    (laterality ? 2 : 0) +
    (procedure.length > 0 ? 8 : 0)
  );
}

/** The protocols that fit, the best first: the narrower definition, then more priors, then as listed. priors: comparable ones. */
export function fittingProtocols(
  protocols: readonly HangingProtocol[],
  study: StudyFacts,
  priors: number,
): HangingProtocol[] {
  return protocols
    .flatMap((protocol, at) => {
      const fits = protocol.definition.map((one) => narrowness(one, study)).filter((one) => one !== undefined);
      const narrow = protocol.definition.length === 0 ? 0 : Math.max(-1, ...fits);
      return narrow < 0 || protocol.priors > priors ? [] : { protocol, narrow, at };
    })
    .sort((one, other) => other.narrow - one.narrow || other.protocol.priors - one.protocol.priors || one.at - other.at)
    .map(({ protocol }) => protocol);
}

/** Whether it takes the objects themselves to know what goes where, not only the list of series. */
export function asksForObjects(protocol: HangingProtocol, study: StudyFacts): boolean {
  return (
    study.modalities.some(isProjection) ||
    protocol.displaySets.some(({ imageSet }) => imageSet.view.length > 0 || imageSet.laterality || imageSet.plane)
  );
}

function suits(imageSet: ImageSet, candidate: Candidate): boolean {
  return (
    candidate.prior === imageSet.abstractPriorValue &&
    (imageSet.modality.length === 0 || imageSet.modality.includes(candidate.modality)) &&
    (imageSet.description.length === 0 || hasWord(candidate.description, imageSet.description)) &&
    (imageSet.view.length === 0 || imageSet.view.includes(candidate.view)) &&
    (imageSet.laterality === '' || imageSet.laterality === candidate.laterality) &&
    (imageSet.plane === '' || imageSet.plane === candidate.plane)
  );
}

/** How much two of them show the same in the same way. */
export function likeness(one: Candidate, other: Candidate): number {
  const words = new Set(wordsOf(one.description));
  const common = wordsOf(other.description).filter((word) => words.has(word)).length;
  return (
    (sameKind(one.modality, other.modality) ? 16 : 0) +
    (one.view !== '' && one.view === other.view ? 8 : 0) +
    (one.laterality === other.laterality ? 4 : -4) +
    (one.plane === other.plane ? 4 : 0) +
    Math.min(4, common) +
    Math.min(one.images, other.images) / Math.max(1, one.images, other.images)
  );
}

function pick(rule: DisplaySetRule, free: readonly Candidate[], model: Candidate | undefined): Candidate | undefined {
  const suitable = free.filter((candidate) => suits(rule.imageSet, candidate));
  if (rule.imageSet.likeImageBox === 0) return suitable[0];
  if (!model) return undefined;
  return suitable
    .filter((candidate) => sameKind(candidate.modality, model.modality))
    .sort((one, other) => likeness(other, model) - likeness(one, model))[0];
}

export interface Hung {
  /** By position, row after row. */
  tiles: ReadonlyArray<Assignment | undefined>;
  /** The first tile and whatever is required have something to show. */
  complete: boolean;
}

/** candidates: in the order in which a reader goes through them. Each is shown once. */
export function hang(protocol: HangingProtocol, candidates: readonly Candidate[]): Hung {
  const placed = new Map<number, Candidate>();
  const tiles: Array<Assignment | undefined> = new Array(tileCount(protocol.layout)).fill(undefined);
  for (const rule of protocol.displaySets) {
    const free = candidates.filter((candidate) => ![...placed.values()].includes(candidate));
    const found = pick(rule, free, placed.get(rule.imageSet.likeImageBox));
    if (!found) continue;
    placed.set(rule.imageBox, found);
    tiles[rule.imageBox - 1] = { ...found.assignment, arrangement: arrangementOf(rule) };
  }
  const needed = protocol.displaySets.filter((rule, at) => at === 0 || rule.required);
  return { tiles, complete: needed.every((rule) => placed.has(rule.imageBox)) };
}

function arrangementOf(rule: DisplaySetRule): Assignment['arrangement'] {
  return {
    window: rule.voiType ? VOI_TYPES[rule.voiType] : undefined,
    patientOrientation: rule.patientOrientation,
    justification: rule.justification,
    quarters: rule.rotation / 90,
    flipHorizontal: rule.flipHorizontal,
  };
}
