/** A window over nearly all values of a picture, where the object states none. Pure. */
import type { Range } from './voi';

/** This share of the darkest and of the brightest may be clipped: single hot pixels would blacken the rest. */
const FEWEST_SHOWN = 0.001;
const BINS = 65536;

/**
 * values: after the modality LUT. isEmpty: whether the pixel of an index is padding. deep: more than 8 bits a sample; shallow
 * pictures are shown whole.
 */
export function automaticRange(
  values: ArrayLike<number>,
  isEmpty: (index: number) => boolean,
  deep: boolean,
  clipped = FEWEST_SHOWN,
): Range {
  let [min, max, count] = [Infinity, -Infinity, 0];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (!Number.isFinite(value) || isEmpty(at)) continue;
    count += 1;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return { lower: -0.5, upper: 0.5 };
  if (max === min) return { lower: min - 0.5, upper: min + 0.5 };
  if (!deep) return { lower: min, upper: max };
  // Whole numbers are counted each for itself.
  const step = Math.max((max - min) / (BINS - 1), isWhole(values) ? 1 : 0);
  const bins = new Uint32Array(BINS);
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (Number.isFinite(value) && !isEmpty(at)) (bins[Math.round((value - min) / step)] as number) += 1;
  }
  const lower = min + step * firstBeyond(bins, clipped * count);
  const upper = min + step * firstBeyond(bins, (1 - clipped) * count);
  return upper > lower ? { lower, upper } : { lower: lower - 0.5, upper: lower + 0.5 };
}

function isWhole(values: ArrayLike<number>): boolean {
  return !(values instanceof Float32Array || values instanceof Float64Array);
}

/** The first bin up to which so many are counted. */
function firstBeyond(bins: Uint32Array, wanted: number): number {
  let sum = 0;
  for (let at = 0; at < bins.length; at += 1) {
    sum += bins[at] as number;
    // Rounding must not turn "all but one in a thousand" into one more.
    if (sum >= wanted - 1e-6) return at;
  }
  return bins.length - 1;
}
