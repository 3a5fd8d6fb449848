/** A protocol made of what is on the screen. Pure. */
import type { Layout } from '../layout';
import type { Candidate, StudyFacts } from './facts';
import { isProjection } from './facts';
import { type DisplaySetRule, type HangingProtocol, MOST_PRIORS, VOI_TYPES, type VoiType } from './protocol';

export interface ScreenTile {
  candidate: Candidate;
  window: { center: number; width: number } | undefined;
  /** Where rows and columns go as the picture lies now, and as the object has them. */
  seen: readonly [string, string];
  stored: readonly [string, string];
}

function voiTypeOf(modality: string, window: ScreenTile['window']): '' | VoiType {
  if (modality !== 'CT' || !window) return '';
  const names = Object.keys(VOI_TYPES) as VoiType[];
  const same = (name: VoiType): boolean =>
    Math.abs(VOI_TYPES[name].center - window.center) < 1 && Math.abs(VOI_TYPES[name].width - window.width) < 1;
  return names.find(same) ?? '';
}

/** A tile of the study itself to which a prior is the counterpart. */
function modelFor(tile: ScreenTile, tiles: ReadonlyArray<ScreenTile | undefined>): number {
  const { candidate } = tile;
  const alike = (other: ScreenTile | undefined): boolean =>
    other !== undefined &&
    other.candidate.prior === 0 &&
    other.candidate.modality === candidate.modality &&
    other.candidate.view === candidate.view &&
    other.candidate.laterality === candidate.laterality &&
    (other.candidate.description === candidate.description || candidate.view !== '');
  const at = candidate.prior > 0 ? tiles.findIndex(alike) : -1;
  return at + 1;
}

function ruleOf(tile: ScreenTile, box: number, tiles: ReadonlyArray<ScreenTile | undefined>): DisplaySetRule {
  const { candidate } = tile;
  const likeImageBox = modelFor(tile, tiles);
  const projection = isProjection(candidate.modality);
  const turned = tile.seen[0] !== tile.stored[0] || tile.seen[1] !== tile.stored[1];
  const known = tile.seen[0] !== '' && tile.seen[1] !== '';
  return {
    imageBox: box,
    imageSet: {
      abstractPriorValue: candidate.prior,
      modality: [candidate.modality],
      description: likeImageBox || projection || !candidate.description ? [] : [candidate.description.slice(0, 64)],
      view: projection && candidate.view ? [candidate.view] : [],
      laterality: projection ? candidate.laterality : '',
      plane: projection ? '' : candidate.plane,
      likeImageBox,
    },
    required: false,
    voiType: voiTypeOf(candidate.modality, tile.window),
    patientOrientation: known && (turned || candidate.modality === 'MG') ? tile.seen : undefined,
    justification: candidate.modality !== 'MG' ? '' : candidate.laterality === 'R' ? 'RIGHT' : 'LEFT',
    flipHorizontal: false,
    rotation: 0,
  };
}

export function protocolFromScreen(
  id: string,
  name: string,
  study: StudyFacts,
  layout: Layout,
  tiles: ReadonlyArray<ScreenTile | undefined>,
  linked: boolean,
): HangingProtocol {
  const shown = tiles.map((tile) => (tile && tile.candidate.prior <= MOST_PRIORS ? tile : undefined));
  // The tiles of the study come first: what a prior is like must be there before it.
  const order = [...shown.entries()].sort(
    ([one, a], [other, b]) => (a?.candidate.prior ?? 0) - (b?.candidate.prior ?? 0) || one - other,
  );
  const main = shown.find((tile) => tile?.candidate.prior === 0)?.candidate.modality;
  return {
    id,
    name,
    definition: [
      {
        modality: main ? [main] : [...study.modalities],
        bodyPart: [...study.regions],
        laterality: study.laterality,
        procedure: [],
      },
    ],
    priors: Math.max(0, ...shown.map((tile) => tile?.candidate.prior ?? 0)),
    layout,
    displaySets: order.flatMap(([at, tile]) => (tile ? [ruleOf(tile, at + 1, shown)] : [])),
    linked,
  };
}
