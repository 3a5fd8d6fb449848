/** Groups the instances of a series into what one tile can show, in the order in which a reader scrolls. */
import { type DicomInstance, functionalGroup, number, numbers, TAG, text } from './dicom';

export interface Slice {
  instance: DicomInstance;
  sopInstanceUid: string;
  /** 1-based, as in `/frames/n`. */
  frame: number;
}

/** A report is a structured document, of which the server gives a tree; a document an encapsulated file. */
export type DisplayKind = 'image' | 'video' | 'document' | 'report' | 'other';

export interface DisplaySet {
  /** Unique within the session: series UID, or series and SOP instance UID for what is one by itself. */
  id: string;
  studyInstanceUid: string;
  seriesInstanceUid: string;
  modality: string;
  description: string;
  seriesNumber: number | undefined;
  kind: DisplayKind;
  slices: Slice[];
  /** True where the slices are frames of one object, such as a cine loop. */
  multiframe: boolean;
}

const VIDEO_PREFIXES = ['1.2.840.10008.1.2.4.100', '1.2.840.10008.1.2.4.101', '1.2.840.10008.1.2.4.102'];
const VIDEO_SYNTAXES = new Set([
  ...VIDEO_PREFIXES,
  ...[103, 104, 105, 106, 107, 108].map((n) => `1.2.840.10008.1.2.4.${n}`),
]);
const STRUCTURED_DOCUMENTS = '1.2.840.10008.5.1.4.1.1.88.';
const ENCAPSULATED_DOCUMENTS = '1.2.840.10008.5.1.4.1.1.104.';

function kindOf(instance: DicomInstance): DisplayKind {
  const hasPixels = number(instance, TAG.rows) !== undefined && number(instance, TAG.columns) !== undefined;
  const sopClass = text(instance, TAG.sopClassUid);
  if (!hasPixels && sopClass.startsWith(STRUCTURED_DOCUMENTS)) return 'report';
  if (!hasPixels) return sopClass.startsWith(ENCAPSULATED_DOCUMENTS) ? 'document' : 'other';
  return VIDEO_SYNTAXES.has(text(instance, TAG.availableTransferSyntaxUid)) ? 'video' : 'image';
}

function frameCount(instance: DicomInstance): number {
  return Math.max(1, Math.floor(number(instance, TAG.numberOfFrames) ?? 1));
}

/**
 * Where a slice lies along the normal of its own plane, in mm; undefined without a plane.
 * Slices of different orientation are not comparable by it.
 */
export function positionAlongNormal(slice: Slice): { position: number; normal: string } | undefined {
  const plane = functionalGroup(slice.instance, slice.frame - 1, TAG.planeOrientationSequence);
  const place = functionalGroup(slice.instance, slice.frame - 1, TAG.planePositionSequence);
  const [rx, ry, rz, cx, cy, cz] = numbers(plane, TAG.imageOrientation);
  const [px, py, pz] = numbers(place, TAG.imagePosition);
  if (cz === undefined || pz === undefined) return undefined;
  const normal = [
    (ry as number) * cz - (rz as number) * (cy as number),
    (rz as number) * (cx as number) - (rx as number) * cz,
    (rx as number) * (cy as number) - (ry as number) * (cx as number),
  ];
  const position =
    (px as number) * (normal[0] as number) + (py as number) * (normal[1] as number) + pz * (normal[2] as number);
  return { position, normal: normal.map((component) => (component + 0).toFixed(2).replace('-0.00', '0.00')).join(',') };
}

/**
 * Sorts single-frame slices: by position along the common normal where all have one and no two share a place (a plain
 * volume), else by Instance Number, else by UID. Several images at one place, as in diffusion, keep the numbering.
 */
export function sortSlices(slices: readonly Slice[]): Slice[] {
  const placed = slices.map((slice) => ({ slice, place: positionAlongNormal(slice) }));
  const normals = new Set(placed.map(({ place }) => place?.normal));
  const places = new Set(placed.map(({ place }) => place?.position.toFixed(3)));
  const byNumber = (one: Slice, other: Slice): number =>
    (number(one.instance, TAG.instanceNumber) ?? 0) - (number(other.instance, TAG.instanceNumber) ?? 0) ||
    (one.sopInstanceUid < other.sopInstanceUid ? -1 : 1);
  if (slices.length > 2 && normals.size === 1 && !normals.has(undefined) && places.size === slices.length) {
    const sorted = [...placed]
      .sort((a, b) => (a.place?.position ?? 0) - (b.place?.position ?? 0))
      .map(({ slice }) => slice);
    // The first image of the scanner stays the first: positions only mend gaps and shuffles in the numbering.
    const first = number(sorted[0]?.instance ?? {}, TAG.instanceNumber) ?? 0;
    const last = number(sorted.at(-1)?.instance ?? {}, TAG.instanceNumber) ?? 0;
    return first > last ? sorted.reverse() : sorted;
  }
  return [...slices].sort(byNumber);
}

/** Projection radiography: each image is looked at by itself, beside its fellows. */
const ONE_BY_ONE: ReadonlySet<string> = new Set(['MG', 'CR', 'DX', 'IO', 'PX', 'RG']);

/** Content Date and Time of a document. */
export function writtenAt(instance: DicomInstance): string {
  return text(instance, '00080023') + text(instance, '00080033');
}

/**
 * Display sets of one series. Each multi-frame object and each radiograph is one by itself; other single images share one.
 * Of documents the one that was written last comes first.
 */
export function displaySetsOf(instances: readonly DicomInstance[]): DisplaySet[] {
  const groups = new Map<string, DisplaySet>();
  for (const instance of instances) {
    const seriesUid = text(instance, TAG.seriesInstanceUid);
    const sopInstanceUid = text(instance, TAG.sopInstanceUid);
    const kind = kindOf(instance);
    const frames = kind === 'image' ? frameCount(instance) : 1;
    const alone = frames > 1 || kind !== 'image' || ONE_BY_ONE.has(text(instance, TAG.modality));
    const id = alone ? `${seriesUid}/${sopInstanceUid}` : seriesUid;
    let group = groups.get(id);
    if (!group) {
      group = {
        id,
        studyInstanceUid: text(instance, TAG.studyInstanceUid),
        seriesInstanceUid: seriesUid,
        modality: text(instance, TAG.modality),
        description: text(instance, TAG.seriesDescription),
        seriesNumber: number(instance, TAG.seriesNumber),
        kind,
        slices: [],
        multiframe: frames > 1,
      };
      groups.set(id, group);
    }
    for (let frame = 1; frame <= frames; frame += 1) group.slices.push({ instance, sopInstanceUid, frame });
  }
  const order = (set: DisplaySet): number => number(set.slices[0]?.instance ?? {}, TAG.instanceNumber) ?? 0;
  const written = (set: DisplaySet): string => (set.kind === 'report' ? writtenAt(set.slices[0]?.instance ?? {}) : '');
  return [...groups.values()]
    .map((group) => (group.multiframe ? group : { ...group, slices: sortSlices(group.slices) }))
    .sort((one, other) => written(other).localeCompare(written(one)) || order(one) - order(other));
}
