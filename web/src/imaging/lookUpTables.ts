/** Look-up tables as headers carry them: modality, VOI and palette, plain and segmented (PS3.3 C.7.9.2, C.11.1.1). Pure. */
import type { DicomElement } from '../api/types';
import { type DicomInstance, number, numbers, TAG } from './dicom';

/** Inputs below `first` take the first entry, those above the last one the last. */
export interface LookUpTable {
  first: number;
  entries: Uint16Array;
  /** Of an entry, 8 to 16. */
  bits: number;
}

export interface Palette {
  red: LookUpTable;
  green: LookUpTable;
  blue: LookUpTable;
}

const DESCRIPTOR = '00283002';
const DATA = '00283006';
const MOST_ENTRIES = 65536;
const DISCRETE = 0;
const LINEAR = 1;
const INDIRECT = 2;

/** A binary value that stands in the metadata; undefined where it does not. */
export function inlineBytes(element: DicomElement | undefined): Uint8Array | undefined {
  if (typeof element?.InlineBinary !== 'string') return undefined;
  return Uint8Array.from(atob(element.InlineBinary), (character) => character.charCodeAt(0));
}

/** 16-bit words of a value, whether it is binary (OW, little endian) or a list of numbers (US). */
function wordsOf(element: DicomElement | undefined, count: number): Uint16Array {
  const bytes = inlineBytes(element);
  if (!bytes) return Uint16Array.from((element?.Value ?? []).slice(0, count), Number);
  // One byte an entry: written so by some where entries have 8 bits.
  if (bytes.length < 2 * count && bytes.length >= count) return Uint16Array.from(bytes.subarray(0, count));
  const length = Math.min(count, bytes.length >> 1);
  return Uint16Array.from({ length }, (_, at) => (bytes[2 * at] ?? 0) | ((bytes[2 * at + 1] ?? 0) << 8));
}

/** Some headers say 16 bits where entries have 8 or 12, or the other way round; an entry too large for its bits disproves them. */
function trueBits(stated: number, entries: Uint16Array): number {
  const largest = entries.reduce((most, entry) => Math.max(most, entry), 0);
  return Math.max(stated >= 8 && stated <= 16 ? stated : 16, 32 - Math.clz32(largest));
}

/** Number of entries (0 stands for 65536), first input, bits of an entry. signed: how the first input is to be read. */
function descriptorOf(element: DicomElement | undefined, signed: boolean): [number, number, number] | undefined {
  const [count, first, bits] = (element?.Value ?? []).map(Number);
  if (![count, first, bits].every(Number.isInteger)) return undefined;
  const unsignedCount = (count as number) & 0xffff;
  const start = signed && (first as number) > 0x7fff ? (first as number) - MOST_ENTRIES : (first as number);
  return [unsignedCount || MOST_ENTRIES, start, bits as number];
}

function plainTable(
  descriptor: DicomElement | undefined,
  data: DicomElement | undefined,
  signed: boolean,
): LookUpTable | undefined {
  const shape = descriptorOf(descriptor, signed);
  if (!shape) return undefined;
  const [count, first, bits] = shape;
  const entries = wordsOf(data, count);
  return entries.length > 0 ? { first, entries, bits: trueBits(bits, entries) } : undefined;
}

/** The usable tables of a Modality LUT Sequence or VOI LUT Sequence. */
export function tableOf(item: DicomInstance, signed: boolean): LookUpTable | undefined {
  return plainTable(item[DESCRIPTOR], item[DATA], signed);
}

/** The tables of PALETTE COLOR, or supplemental ones (PS3.3 C.7.9); undefined where one is missing. */
export function paletteOf(instance: DicomInstance): Palette | undefined {
  const signed = number(instance, TAG.pixelRepresentation) === 1;
  const [red, green, blue] = [1, 2, 3].map((colour) => {
    const descriptor = instance[`0028110${colour}`];
    const segmented = instance[`0028122${colour}`];
    return (
      plainTable(descriptor, instance[`0028120${colour}`], signed) ??
      (segmented && segmentedTable(descriptor, segmented, signed))
    );
  });
  return red && green && blue ? { red, green, blue } : undefined;
}

function segmentedTable(descriptor: DicomElement | undefined, data: DicomElement, signed: boolean) {
  const shape = descriptorOf(descriptor, signed);
  if (!shape) return undefined;
  const [count, first, bits] = shape;
  const wide = bits > 8;
  const bytes = inlineBytes(data) ?? new Uint8Array(0);
  const words = wide ? wordsOf(data, 1 << 20) : Uint16Array.from(bytes);
  const entries = expandSegments(words, wide, count);
  return entries.length > 0 ? { first, entries: Uint16Array.from(entries), bits: wide ? 16 : 8 } : undefined;
}

/** What the segments give (PS3.3 C.7.9.2.1 to .3), at most `count` entries; an indirect segment may not lead to another one. */
export function expandSegments(words: Uint16Array, wide: boolean, count: number): number[] {
  const entries: number[] = [];
  const word = (at: number): number => words[at] ?? 0;
  /** Appends the segment at a place; answers where the next one begins, or -1 where this one is none. */
  const append = (at: number, mayRefer: boolean): number => {
    if (at + 1 >= words.length || entries.length >= count) return -1;
    const [kind, length] = [word(at), word(at + 1)];
    if (kind === DISCRETE) {
      entries.push(...words.subarray(at + 2, at + 2 + length));
      return at + 2 + length;
    }
    if (kind === LINEAR && at + 2 < words.length && entries.length > 0 && length > 0) {
      const [start, end] = [entries.at(-1) as number, word(at + 2)];
      for (let step = 1; step <= length; step += 1) entries.push(start + Math.round(((end - start) * step) / length));
      return at + 3;
    }
    if (kind !== INDIRECT || !mayRefer) return -1;
    const offset = wide
      ? (word(at + 2) + word(at + 3) * MOST_ENTRIES) / 2
      : word(at + 2) + word(at + 3) * 256 + (word(at + 4) + word(at + 5) * 256) * MOST_ENTRIES;
    for (let left = length, from = Math.floor(offset); left > 0 && from >= 0; left -= 1) from = append(from, false);
    return at + (wide ? 4 : 6);
  };
  for (let at = 0; at >= 0; ) at = append(at, true);
  return entries.slice(0, count);
}

/** The table's entry for an input. */
export function lookUp(table: LookUpTable, value: number): number {
  const at = Math.min(Math.max(Math.trunc(value - table.first), 0), table.entries.length - 1);
  return table.entries[at] as number;
}

/** Entries of a palette as shades of 8 bits; 8 bit colours under a descriptor of 16 count as they are written. */
function shadesOf({ entries, bits }: LookUpTable): Uint8Array {
  const largest = entries.reduce((most, entry) => Math.max(most, entry), 0);
  if (bits > 8 && largest > 0 && largest < 256) return Uint8Array.from(entries);
  return Uint8Array.from(entries, (entry) => Math.floor((entry * 255) / ((1 << bits) - 1)));
}

/** Stored values through a palette: red, green and blue of each, 8 bits. */
export function coloured(stored: ArrayLike<number>, { red, green, blue }: Palette): Uint8Array {
  const out = new Uint8Array(stored.length * 3);
  for (const [sample, table] of [red, green, blue].entries()) {
    const shades = shadesOf(table);
    const last = shades.length - 1;
    for (let at = 0; at < stored.length; at += 1) {
      const index = (stored[at] as number) - table.first;
      out[3 * at + sample] = shades[index < 0 ? 0 : index > last ? last : index] as number;
    }
  }
  return out;
}

/** Modality LUT (PS3.3 C.11.1), if the object has one that can be read. */
export function modalityTable(instance: DicomInstance): LookUpTable | undefined {
  const [item] = (instance[TAG.modalityLutSequence]?.Value ?? []) as DicomInstance[];
  return item && tableOf(item, number(instance, TAG.pixelRepresentation) === 1);
}

/** Whether the input of a VOI LUT has a sign: that of what the modality LUT gives out (PS3.3 C.11.2.1.1). */
export function voiInputIsSigned(instance: DicomInstance, transformation: DicomInstance): boolean {
  if (instance[TAG.modalityLutSequence]) return false;
  const [intercept = 0] = numbers(transformation, TAG.rescaleIntercept);
  return number(instance, TAG.pixelRepresentation) === 1 || intercept < 0;
}
