/**
 * Pixel layouts which the renderer shows wrongly, turned into ones it shows rightly. Each such instance is described to
 * the renderer as what it becomes. Pure functions on the bytes of one frame.
 */
import { type DicomInstance, number, TAG, text } from './dicom';
import { needsServerDecoding } from './transferSyntax';

export type Repair = 'bits' | 'ybr422' | 'deepColour' | 'double';

const NATIVE_LITTLE_ENDIAN = new Set(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99']);

/** What the frames of an instance need after they arrive as explicit little endian, if anything. */
export function repairFor(instance: DicomInstance): Repair | undefined {
  const bits = number(instance, TAG.bitsAllocated) ?? 16;
  const samples = number(instance, TAG.samplesPerPixel) ?? 1;
  const native = NATIVE_LITTLE_ENDIAN.has(text(instance, TAG.availableTransferSyntaxUid));
  if (bits === 1) return 'bits';
  if (native && bits === 8 && /^YBR_(FULL|PARTIAL)_422$/.test(text(instance, TAG.photometric))) return 'ybr422';
  if (samples === 3 && (bits === 16 || bits === 32) && (native || needsServerDecoding(instance))) return 'deepColour';
  if (samples === 1 && bits === 64) return 'double';
  return undefined;
}

/** The instance as the renderer must read it after the repair. */
export function describeRepaired(instance: DicomInstance, repair: Repair): DicomInstance {
  const us = (value: number) => ({ vr: 'US', Value: [value] });
  const eightBits = { '00280100': us(8), '00280101': us(8), '00280102': us(7), '00280103': us(0) };
  const rgb = { '00280004': { vr: 'CS', Value: ['RGB'] }, '00280006': us(0) };
  if (repair === 'double') return { ...instance, '00280100': us(32) };
  return repair === 'bits' ? { ...instance, ...eightBits } : { ...instance, ...eightBits, ...rgb };
}

/**
 * One bit a pixel, least significant first (PS3.5 8.1.1), to 0 and 255.
 * firstBit: where the frame starts, since frames follow each other without padding.
 */
export function expandBits(packed: Uint8Array, pixels: number, firstBit = 0): Uint8Array {
  const out = new Uint8Array(pixels);
  for (let index = 0; index < pixels; index += 1) {
    const bit = firstBit + index;
    out[index] = ((packed[bit >> 3] ?? 0) >> (bit & 7)) & 1 ? 255 : 0;
  }
  return out;
}

/** YBR_FULL_422 (Y1 Y2 Cb Cr, PS3.3 C.7.6.3.1.2) to RGB, 8 bits. */
export function ybr422ToRgb(source: Uint8Array, pixels: number): Uint8Array {
  const out = new Uint8ClampedArray(pixels * 3);
  for (let pair = 0; pair * 2 < pixels; pair += 1) {
    const at = pair * 4;
    const blue = (source[at + 2] ?? 128) - 128;
    const red = (source[at + 3] ?? 128) - 128;
    for (let half = 0; half < 2 && pair * 2 + half < pixels; half += 1) {
      const luma = source[at + half] ?? 0;
      const to = (pair * 2 + half) * 3;
      out[to] = luma + 1.402 * red;
      out[to + 1] = luma - 0.344136 * blue - 0.714136 * red;
      out[to + 2] = luma + 1.772 * blue;
    }
  }
  return new Uint8Array(out.buffer);
}

/** Colour samples of 2 or 4 bytes, little endian, to 8 bits. planar: all red first, then green, then blue. */
export function deepColourTo8(
  source: Uint8Array,
  pixels: number,
  bytes: 2 | 4,
  bitsStored: number,
  planar: boolean,
): Uint8Array {
  const out = new Uint8Array(pixels * 3);
  const step = 2 ** Math.max(0, bitsStored - 8);
  for (let index = 0; index < pixels * 3; index += 1) {
    const from = (planar ? (index % 3) * pixels + Math.floor(index / 3) : index) * bytes;
    let value = 0;
    for (let at = bytes - 1; at >= 0; at -= 1) value = value * 256 + (source[from + at] ?? 0);
    out[index] = Math.min(255, Math.floor(value / step));
  }
  return out;
}

/** Double Float Pixel Data, little endian, to floats of 32 bits: the renderer has no others. */
export function doublesToFloats(source: Uint8Array, pixels: number): Uint8Array {
  const doubles = new Float64Array(source.slice(0, pixels * 8).buffer);
  return new Uint8Array(Float32Array.from(doubles).buffer);
}

/** Repairs one frame. frame: 1-based; the bytes are those of one frame as the server sends it. */
export function repairFrame(bytes: Uint8Array, instance: DicomInstance, repair: Repair, frame: number): Uint8Array {
  const pixels = (number(instance, TAG.rows) ?? 0) * (number(instance, TAG.columns) ?? 0);
  if (repair === 'bits') {
    // A server may answer with the bits already expanded to bytes.
    if (bytes.length >= pixels) return bytes.slice(0, pixels).map((value) => (value ? 255 : 0));
    return expandBits(bytes, pixels, ((frame - 1) * pixels) % 8);
  }
  if (repair === 'ybr422') return bytes.length >= pixels * 3 ? bytes.slice(0, pixels * 3) : ybr422ToRgb(bytes, pixels);
  if (repair === 'double') return bytes.length < pixels * 8 ? bytes : doublesToFloats(bytes, pixels);
  const depth = number(instance, TAG.bitsAllocated) === 32 ? 4 : 2;
  if (bytes.length < pixels * 3 * depth) return bytes;
  const planar = number(instance, TAG.planarConfiguration) === 1;
  return deepColourTo8(bytes, pixels, depth, number(instance, TAG.bitsStored) ?? depth * 8, planar);
}
