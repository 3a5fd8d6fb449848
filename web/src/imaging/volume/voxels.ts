/** What the values of a volume need to be kept in, and what stands where there is no slice. Pure. */
import { functionalGroup, number, TAG, text } from '../dicom';
import type { Slice } from '../displaySets';

const [SLOPE, INTERCEPT, BITS_STORED, REPRESENTATION] = ['00281053', '00281052', '00280101', '00280103'];
/** Of CT, HU: what is no slice looks like air. */
const AIR = -1024;

export interface VoxelKind {
  /** Whole numbers of 16 bits, or floating point. */
  whole: boolean;
  bytes: 2 | 4;
  /** Where nothing was measured. */
  empty: number;
}

/** Of the values after rescaling. */
export function voxelKind(slices: readonly Slice[]): VoxelKind {
  let [whole, least] = [true, 0];
  for (const { instance, frame } of slices) {
    const group = functionalGroup(instance, frame - 1, TAG.pixelValueTransformationSequence);
    const [slope, intercept] = [number(group, SLOPE) ?? 1, number(group, INTERCEPT) ?? 0];
    const bits = number(instance, BITS_STORED) ?? 16;
    const low = number(instance, REPRESENTATION) === 1 ? -(2 ** (bits - 1)) : 0;
    const ends = [low, low + 2 ** bits - 1].map((value) => value * slope + intercept);
    const fits = Math.min(...ends) >= -32768 && Math.max(...ends) <= 32767;
    whole &&= fits && Number.isInteger(slope) && Number.isInteger(intercept) && !instance[TAG.modalityLutSequence];
    least = Math.min(least, ...ends);
  }
  const ct = text(slices[0]?.instance ?? {}, TAG.modality) === 'CT';
  return { whole, bytes: whole ? 2 : 4, empty: ct ? Math.max(AIR, least) : 0 };
}
