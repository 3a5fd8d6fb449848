/** The bits of a sample that are not its value: old overlays stand there, and what a device left behind. Pure. */
import { type DicomInstance, number, TAG } from './dicom';

/** Where the value lies in 16 allocated bits (PS3.5 8.1.1); undefined where it fills them or the header contradicts itself. */
function layoutOf(instance: DicomInstance): { stored: number; shift: number; signed: boolean } | undefined {
  const stored = number(instance, TAG.bitsStored) ?? 16;
  const shift = (number(instance, TAG.highBit) ?? stored - 1) + 1 - stored;
  if (stored < 1 || stored >= 16 || shift < 0 || stored + shift > 16) return undefined;
  return { stored, shift, signed: number(instance, TAG.pixelRepresentation) === 1 };
}

export function hasUnusedBits(instance: DicomInstance): boolean {
  const grey = (number(instance, TAG.samplesPerPixel) ?? 1) === 1;
  return grey && number(instance, TAG.bitsAllocated) === 16 && layoutOf(instance) !== undefined;
}

/** 16-bit samples, little endian, without what is not theirs; undefined where there is nothing else in them. */
export function withoutUnusedBits(words: Uint16Array, instance: DicomInstance): Uint16Array | undefined {
  const layout = layoutOf(instance);
  if (!layout) return undefined;
  const { stored, shift, signed } = layout;
  const [mask, sign] = [(1 << stored) - 1, signed ? 1 << (stored - 1) : 0];
  const valueIn = (word: number): number => ((((word >> shift) & mask) ^ sign) - sign) & 0xffff;
  const clean = words.every((word) => valueIn(word) === word);
  return clean ? undefined : words.map(valueIn);
}

/** Where a bit is set, one byte a sample. */
export function planeOfBit(words: Uint16Array, position: number): Uint8Array {
  return Uint8Array.from(words, (word) => (word >> position) & 1);
}

/** Bytes of one frame as words, in a copy of their own. */
export function wordsOfFrame(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.slice(0, bytes.length & ~1).buffer);
}
