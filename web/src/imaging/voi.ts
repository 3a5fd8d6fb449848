/** What a reader may see of the values: windows, VOI look-up tables, and their names (PS3.3 C.11.2). Pure. */
import { type DicomInstance, functionalGroup, numbers, sequence, TAG, text, texts } from './dicom';
import { type LookUpTable, lookUp, tableOf, voiInputIsSigned } from './lookUpTables';

/** How values between the ends of a range become brightness: VOI LUT Function, or a table's own curve. */
export type Curve = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID' | LookUpTable;

/** Interval of input values that the curve is spread over. */
export interface Range {
  lower: number;
  upper: number;
}

export interface Voi {
  /** Window Center & Width Explanation or LUT Explanation; empty where there is none. */
  explanation: string;
  curve: Curve;
  range: Range;
}

const EXPLANATION = '00281055';
const FUNCTION = '00281056';
const LUT_EXPLANATION = '00283003';
/** Narrower than this nothing is told apart any more. */
const NARROWEST = 1e-6;

/**
 * Centre and width to the interval over which a line rises from black to white: LINEAR (PS3.3 C.11.2.1.2.1) gives its first
 * and last shade half a step more, LINEAR_EXACT (C.11.2.1.3.2) does not, SIGMOID (C.11.2.1.3.1) is measured by the same.
 */
export function rangeOf(center: number, width: number, exact = false): Range {
  if (exact) return { lower: center - width / 2, upper: center + width / 2 };
  // A width of 1 is a threshold.
  const half = Math.max(NARROWEST, (width - 1) / 2);
  return { lower: center - 0.5 - half, upper: center - 0.5 + half };
}

/** What the object itself offers for a frame (0-based): tables first, since they say more than a window does. */
export function offeredVois(instance: DicomInstance, frame: number): Voi[] {
  const group = functionalGroup(instance, frame, TAG.frameVoiSequence);
  return [...offeredTables(instance, group, frame), ...offeredWindows(group)];
}

function offeredTables(instance: DicomInstance, group: DicomInstance, frame: number): Voi[] {
  const transformation = functionalGroup(instance, frame, TAG.pixelValueTransformationSequence);
  const signed = voiInputIsSigned(instance, transformation);
  return sequence(group, TAG.voiLutSequence).flatMap((item) => {
    const table = tableOf(item, signed);
    if (!table) return [];
    const upper = table.first + Math.max(1, table.entries.length - 1);
    return [{ explanation: text(item, LUT_EXPLANATION), curve: table, range: { lower: table.first, upper } }];
  });
}

function offeredWindows(group: DicomInstance): Voi[] {
  const [centers, widths] = [numbers(group, TAG.windowCenter), numbers(group, TAG.windowWidth)];
  const explanations = texts(group, EXPLANATION);
  const stated = text(group, FUNCTION).toUpperCase();
  return centers.flatMap((center, at) => {
    const width = widths[at];
    if (width === undefined || width <= 0) return [];
    // Below 1 LINEAR is not defined: such a width is meant as it stands.
    const linear = width < 1 ? 'LINEAR_EXACT' : 'LINEAR';
    const curve = stated === 'SIGMOID' || stated === 'LINEAR_EXACT' ? stated : linear;
    return [{ explanation: explanations[at] ?? '', curve, range: rangeOf(center, width, curve !== 'LINEAR') }];
  });
}

/** Centre and width as the curve's function states them. */
export function windowOf(curve: Curve, { lower, upper }: Range): { center: number; width: number } {
  if (curve !== 'LINEAR') return { center: (lower + upper) / 2, width: upper - lower };
  return { center: (lower + upper + 1) / 2, width: upper - lower + 1 };
}

function isLine(curve: Curve): curve is 'LINEAR' | 'LINEAR_EXACT' {
  return curve === 'LINEAR' || curve === 'LINEAR_EXACT';
}

/** Brightness of a value, from 0 (black) to 1 (white). */
export function brightness(curve: Curve, { lower, upper }: Range, value: number): number {
  const share = (value - lower) / (upper - lower);
  if (isLine(curve)) return Math.min(1, Math.max(0, share));
  if (curve === 'SIGMOID') return 1 / (1 + Math.exp(-4 * (share - 0.5)));
  const input = curve.first + share * Math.max(1, curve.entries.length - 1);
  return lookUp(curve, input) / ((1 << curve.bits) - 1);
}

/** A curve as points (value, brightness), for a renderer that draws lines between them. */
export function pointsOf(curve: Curve, range: Range): Array<readonly [number, number]> {
  const { lower, upper } = curve === 'SIGMOID' ? beyond(range) : range;
  const count = isLine(curve) ? 2 : curve === 'SIGMOID' ? 256 : Math.min(1024, Math.max(2, curve.entries.length));
  return Array.from({ length: count }, (_, at) => {
    const value = at === count - 1 ? upper : lower + ((upper - lower) * at) / (count - 1);
    return [value, brightness(curve, range, value)] as const;
  });
}

/** A sigmoid goes on beyond its width; two widths to each side all but the last half shade is reached. */
function beyond({ lower, upper }: Range): Range {
  const width = upper - lower;
  return { lower: lower - 1.5 * width, upper: upper + 1.5 * width };
}
