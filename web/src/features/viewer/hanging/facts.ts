/** What hanging goes by: of a study, and of what one tile can show. Pure. */
import type { SeriesRow, StudyDetail, StudyRow } from '../../../api/types';
import { type DicomInstance, sequence, TAG, text } from '../../../imaging/dicom';
import type { DisplaySet } from '../../../imaging/displaySets';
import { planesOf } from '../../../imaging/planes';
import { hasPictures } from '../../../ui/modalities';
import { momentOf } from '../moment';
import type { Assignment } from '../session';
import { type Region, regionOfModality, regionsIn, wordsOf } from './bodyPart';

export type Laterality = 'L' | 'R' | '';

export interface StudyFacts {
  studyUid: string;
  date: string;
  /** Date and time as YYYYMMDDHHMMSS; as far as they are known, empty without a date. */
  moment: string;
  modalities: readonly string[];
  regions: ReadonlySet<Region>;
  laterality: Laterality;
  /** The study's description. */
  procedure: string;
}

/** What a tile could show, as an image set may ask for it. */
export interface Candidate {
  assignment: Assignment;
  /** 0 the study that is read, 1 its most relevant prior. */
  prior: number;
  modality: string;
  description: string;
  regions: ReadonlySet<Region>;
  laterality: Laterality;
  /** CC, MLO, PA, AP, LATERAL or what the object says; empty where it says nothing. */
  view: string;
  plane: 'AXIAL' | 'SAGITTAL' | 'CORONAL' | '';
  images: number;
}

/** Modalities whose series hold projections: which is which only the objects say. */
const PROJECTIONS: ReadonlySet<string> = new Set(['MG', 'CR', 'DX', 'IO', 'PX', 'RG']);

export function isProjection(modality: string): boolean {
  return PROJECTIONS.has(modality);
}

/** A side named in words: only where one is and not both. */
export function lateralityIn(...texts: readonly string[]): Laterality {
  const words = new Set(texts.flatMap(wordsOf));
  const has = (...names: string[]): boolean => names.some((name) => words.has(name));
  const left = has('left', 'lt', 'gauche', 'izquierda', 'izquierdo', 'izq', 'l');
  const right = has('right', 'rt', 'droit', 'droite', 'derecha', 'derecho', 'der', 'r');
  return left === right ? '' : left ? 'L' : 'R';
}

/** series: of the study, where they are known. */
export function factsOfStudy(study: StudyRow, series: readonly SeriesRow[] = []): StudyFacts {
  const texts = [study.description, ...series.map((row) => row.body_part)];
  const found = regionsIn(...texts);
  if (found.size === 0) for (const region of regionsIn(...series.map((row) => row.description))) found.add(region);
  for (const modality of study.modalities) {
    const region = regionOfModality(modality);
    if (region) found.add(region);
  }
  return {
    studyUid: study.study_instance_uid,
    date: study.study_date,
    moment: momentOf(study),
    modalities: study.modalities,
    regions: found,
    laterality: lateralityIn(study.description),
    procedure: study.description,
  };
}

const VIEW_CODES: Readonly<Record<string, string>> = {
  // SNOMED CT and its older SNOMED RT codes (CID 4014 View for Mammography).
  '399162004': 'CC',
  'R-10242': 'CC',
  '399368009': 'MLO',
  'R-10226': 'MLO',
  '399260004': 'ML',
  'R-10224': 'ML',
  '399352003': 'LM',
  'R-10228': 'LM',
  '399348003': 'AP',
  'R-10206': 'AP',
  '399321001': 'PA',
  'R-10214': 'PA',
};

const LATERAL_VIEWS: ReadonlySet<string> = new Set(['LL', 'RL', 'LATERAL', 'LAT', 'LLAT', 'RLAT', 'PROFIL', 'PERFIL']);

/** View Position, View Code Sequence, or the word in a description. */
export function viewOf(instance: DicomInstance): string {
  const [code] = sequence(instance, '00540220');
  const coded = code && VIEW_CODES[text(code, '00080100')];
  if (coded) return coded;
  const stated = text(instance, '00185101').toUpperCase();
  if (LATERAL_VIEWS.has(stated)) return 'LATERAL';
  if (stated) return stated;
  const words = wordsOf(text(instance, TAG.seriesDescription)).map((word) => word.toUpperCase());
  if (words.some((word) => LATERAL_VIEWS.has(word))) return 'LATERAL';
  return words.find((word) => ['PA', 'AP', 'CC', 'MLO'].includes(word)) ?? '';
}

export function lateralityOf(instance: DicomInstance): Laterality {
  const stated = text(instance, TAG.imageLaterality) || text(instance, TAG.laterality);
  return stated === 'L' || stated === 'R' ? stated : lateralityIn(text(instance, TAG.seriesDescription));
}

function planeOfSet(set: DisplaySet): Candidate['plane'] {
  const normal = planesOf(set)[0]?.normal.map(Math.abs);
  if (!normal) return '';
  const strongest = normal.indexOf(Math.max(...normal));
  return (['SAGITTAL', 'CORONAL', 'AXIAL'] as const)[strongest] ?? '';
}

/** What a series offers: of its display sets where its metadata is here, else as the series list says. */
export function candidatesOf(
  detail: StudyDetail,
  series: SeriesRow,
  prior: number,
  sets: readonly DisplaySet[] | undefined,
): Candidate[] {
  // A study of documents alone is hung by them.
  const alone = !detail.series.some(({ modality }) => hasPictures(modality));
  if (!alone && (!hasPictures(series.modality) || series.modality === 'SEG')) return [];
  const studyUid = detail.study.study_instance_uid;
  const base = {
    prior,
    modality: series.modality,
    description: series.description,
    regions: regionsIn(series.body_part, series.description, detail.study.description),
  };
  const assignment = (set: number): Assignment => ({ studyUid, seriesUid: series.series_instance_uid, set });
  if (!sets)
    return [
      {
        ...base,
        assignment: assignment(0),
        laterality: lateralityIn(series.description),
        view: '',
        plane: '',
        images: series.frame_count || series.instance_count,
      },
    ];
  return sets.flatMap((set, at) => {
    const instance = set.slices[0]?.instance;
    if (!instance || (!alone && set.kind !== 'image')) return [];
    return {
      ...base,
      assignment: assignment(at),
      laterality: lateralityOf(instance),
      view: viewOf(instance),
      plane: planeOfSet(set),
      images: set.slices.length,
    };
  });
}
