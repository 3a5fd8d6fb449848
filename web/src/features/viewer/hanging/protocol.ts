/**
 * Hanging protocols as JSON documents. Names after the Hanging Protocol module (PS3.3 C.23) where it has one; each document is read
 * once, here, and nothing of it is believed before. Pure.
 */
import { type Layout, parseLayout, tileCount } from '../layout';
import { REGIONS, type Region } from './bodyPart';

/** Defined terms of Display Set VOI Type (0072,0702), with the windows they mean here. */
export const VOI_TYPES = {
  LUNG: { center: -600, width: 1500 },
  MEDIASTINUM: { center: 50, width: 350 },
  ABDO_PELVIS: { center: 40, width: 400 },
  LIVER: { center: 90, width: 150 },
  SOFT_TISSUE: { center: 50, width: 400 },
  BONE: { center: 480, width: 2500 },
  BRAIN: { center: 40, width: 80 },
  POST_FOSSA: { center: 40, width: 120 },
} as const;
export type VoiType = keyof typeof VOI_TYPES;

export const PLANES = ['AXIAL', 'SAGITTAL', 'CORONAL'] as const;
export const SIDES = ['L', 'R'] as const;
export const JUSTIFICATIONS = ['LEFT', 'RIGHT'] as const;
export const ROTATIONS = [0, 90, 180, 270] as const;
export const MOST_PRIORS = 3;

/** One item of the Hanging Protocol Definition Sequence (0072,000C): what is empty is not asked. */
export interface Definition {
  /** Modality (0008,0060). */
  modality: readonly string[];
  /** Anatomic Region, as terms of Body Part Examined. */
  bodyPart: readonly Region[];
  laterality: '' | (typeof SIDES)[number];
  /** Words of which the study's description has one. */
  procedure: readonly string[];
}

/** Which series or image (Image Sets Sequence (0072,0020)). */
export interface ImageSet {
  /** Abstract Prior Value (0072,003C): 0 the study itself, 1 its most relevant prior. */
  abstractPriorValue: number;
  modality: readonly string[];
  /** Words of which the series' description has one. */
  description: readonly string[];
  view: readonly string[];
  laterality: '' | (typeof SIDES)[number];
  plane: '' | (typeof PLANES)[number];
  /** The one most like what the image box of this number holds; 0: the first that fits. */
  likeImageBox: number;
}

/** One item of the Display Sets Sequence (0072,0200). */
export interface DisplaySetRule {
  /** Image Box Number (0072,0302): from 1, row after row. */
  imageBox: number;
  imageSet: ImageSet;
  /** Without it, the protocol does not fit. */
  required: boolean;
  voiType: '' | VoiType;
  /** Display Set Patient Orientation (0072,0700): where the rows and the columns go, as letters. */
  patientOrientation: readonly [string, string] | undefined;
  /** Display Set Horizontal Justification (0072,0717): the edge of the tile that the picture touches. */
  justification: '' | (typeof JUSTIFICATIONS)[number];
  flipHorizontal: boolean;
  /** Degrees clockwise, before the flip. */
  rotation: (typeof ROTATIONS)[number];
}

export interface HangingProtocol {
  id: string;
  /** Hanging Protocol Name (0072,0002). */
  name: string;
  /** Any of these; none: every study. */
  definition: readonly Definition[];
  /** Number of Priors Referenced (0072,0014): it fits only where there are so many comparable ones. */
  priors: number;
  layout: Layout;
  displaySets: readonly DisplaySetRule[];
  /** Scrolling is linked from the start (Synchronized Scrolling Sequence (0072,0210)). */
  linked: boolean;
}

export class ProtocolError extends Error {}

type Json = Readonly<Record<string, unknown>>;

function fail(what: string): never {
  throw new ProtocolError(what);
}

function object(value: unknown, what: string): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : fail(`${what} is no object`);
}

function list(value: unknown, what: string, most: number): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) && value.length <= most ? value : fail(`${what} is no list, or too long`);
}

function words(value: unknown, what: string): string[] {
  return list(value, what, 24).map((one) => string(one, what, 64));
}

function string(value: unknown, what: string, most: number): string {
  return typeof value === 'string' && value.length <= most ? value.trim() : fail(`${what} is no text, or too long`);
}

function whole(value: unknown, what: string, from: number, to: number): number {
  return Number.isInteger(value) && (value as number) >= from && (value as number) <= to
    ? (value as number)
    : fail(`${what} is no whole number from ${from} to ${to}`);
}

function oneOf<T>(value: unknown, what: string, terms: readonly T[], otherwise: T): T {
  if (value === undefined) return otherwise;
  return terms.includes(value as T) ? (value as T) : fail(`${what} is none of ${terms.join(', ')}`);
}

function yes(value: unknown, what: string): boolean {
  return value === undefined ? false : typeof value === 'boolean' ? value : fail(`${what} is neither true nor false`);
}

function orientation(value: unknown): readonly [string, string] | undefined {
  if (value === undefined) return undefined;
  const letters = list(value, 'patientOrientation', 2);
  if (letters.length !== 2 || !letters.every((one) => typeof one === 'string' && /^[LRAPHF]{1,3}$/.test(one)))
    fail('patientOrientation is not two groups of the letters L, R, A, P, H, F');
  return letters as [string, string];
}

function readDefinition(value: unknown): Definition {
  const item = object(value, 'definition');
  return {
    modality: words(item.modality, 'modality').map((one) => one.toUpperCase()),
    bodyPart: words(item.bodyPart, 'bodyPart').map((one) => oneOf(one.toUpperCase(), 'bodyPart', REGIONS, 'HEAD')),
    laterality: oneOf(item.laterality, 'laterality', ['', ...SIDES], ''),
    procedure: words(item.procedure, 'procedure'),
  };
}

function readDisplaySet(value: unknown, boxes: number, priors: number): DisplaySetRule {
  const item = object(value, 'displaySets');
  const imageSet = object(item.imageSet ?? {}, 'imageSet');
  return {
    imageBox: whole(item.imageBox, 'imageBox', 1, boxes),
    imageSet: {
      abstractPriorValue: whole(imageSet.abstractPriorValue ?? 0, 'abstractPriorValue', 0, priors),
      modality: words(imageSet.modality, 'modality').map((one) => one.toUpperCase()),
      description: words(imageSet.description, 'description'),
      view: words(imageSet.view, 'view').map((one) => one.toUpperCase()),
      laterality: oneOf(imageSet.laterality, 'laterality', ['', ...SIDES], ''),
      plane: oneOf(imageSet.plane, 'plane', ['', ...PLANES], ''),
      likeImageBox: whole(imageSet.likeImageBox ?? 0, 'likeImageBox', 0, boxes),
    },
    required: yes(item.required, 'required'),
    voiType: oneOf(item.voiType, 'voiType', ['', ...(Object.keys(VOI_TYPES) as VoiType[])], ''),
    patientOrientation: orientation(item.patientOrientation),
    justification: oneOf(item.justification, 'justification', ['', ...JUSTIFICATIONS], ''),
    flipHorizontal: yes(item.flipHorizontal, 'flipHorizontal'),
    rotation: oneOf(item.rotation, 'rotation', ROTATIONS, 0),
  };
}

/** Raises: ProtocolError, which names the field. */
export function readProtocol(value: unknown): HangingProtocol {
  const document = object(value, 'the protocol');
  const layout = parseLayout(document.layout) ?? fail('layout is none such as 2x3');
  const priors = whole(document.priors ?? 0, 'priors', 0, MOST_PRIORS);
  const boxes = tileCount(layout);
  const id = string(document.id, 'id', 64);
  const name = string(document.name, 'name', 64);
  if (!id || !name) fail('id or name is empty');
  return {
    id,
    name,
    definition: list(document.definition, 'definition', 8).map(readDefinition),
    priors,
    layout,
    displaySets: list(document.displaySets, 'displaySets', boxes).map((one) => readDisplaySet(one, boxes, priors)),
    linked: yes(document.linked, 'linked'),
  };
}
