/** How long a pixel is, and how far that can be trusted. A length without a source is shown in px, never in mm. */
import { type DicomInstance, functionalGroup, number, numbers, sequence, TAG } from './dicom';

export type SpacingSource = 'calibrated' | 'detector' | 'none';

export interface PixelScale {
  source: SpacingSource;
  /** mm from one row to the next, and from one column to the next; absent without a source. */
  rowMm?: number;
  columnMm?: number;
}

const NONE: PixelScale = { source: 'none' };
const CENTIMETRES = 3;
/** Region Spatial Format 1: 2D tissue or flow (PS3.3 C.8.5.5.1.1). */
const TWO_DIMENSIONAL = 1;

function positive(row: number | undefined, column: number | undefined): row is number {
  return row !== undefined && column !== undefined && row > 0 && column > 0;
}

/** frame: 0-based. */
export function pixelScale(instance: DicomInstance, frame: number): PixelScale {
  const regions = sequence(instance, TAG.ultrasoundRegions);
  if (regions.length > 0) {
    // Regions may differ in scale; only one spatial region gives the whole picture one scale.
    const spatial = regions.filter((region) => number(region, '00186012') === TWO_DIMENSIONAL);
    const region = spatial[0];
    if (!region || spatial.length !== 1) return NONE;
    const units = [number(region, '00186024'), number(region, '00186026')];
    const [x, y] = [number(region, '0018602C'), number(region, '0018602E')];
    if (units.some((unit) => unit !== CENTIMETRES) || x === undefined || y === undefined) return NONE;
    const [columnMm, rowMm] = [Math.abs(x) * 10, Math.abs(y) * 10];
    return positive(rowMm, columnMm) ? { source: 'calibrated', rowMm, columnMm } : NONE;
  }
  const measures = functionalGroup(instance, frame, TAG.pixelMeasuresSequence);
  const [row, column] = numbers(measures, TAG.pixelSpacing);
  const [detectorRow, detectorColumn] = numbers(instance, TAG.imagerPixelSpacing);
  if (positive(row, column)) {
    const calibrated =
      !positive(detectorRow, detectorColumn) ||
      instance[TAG.spacingCalibrationType] !== undefined ||
      Math.abs((detectorRow as number) - row) > 1e-6;
    return { source: calibrated ? 'calibrated' : 'detector', rowMm: row, columnMm: column };
  }
  if (positive(detectorRow, detectorColumn))
    return { source: 'detector', rowMm: detectorRow, columnMm: detectorColumn };
  return NONE;
}

/** What makes millimetres of pixels, as the server names it. */
export type LengthSource = 'pixel-spacing' | 'detector-plane' | 'detector-corrected' | 'ultrasound-region' | 'none';

export interface LengthScale {
  source: LengthSource;
  /** mm from one row to the next, and from one column to the next; 1 without a source. */
  rowMm: number;
  columnMm: number;
}

const PIXELS: LengthScale = { source: 'none', rowMm: 1, columnMm: 1 };

/**
 * How long a pixel is between points of one frame (0-based). An image with ultrasound regions is as long as the region that
 * all points lie in says (PS3.3 C.8.5.5). Imager Pixel Spacing alone makes no millimetres (10.7.1).
 */
export function lengthScale(instance: DicomInstance, frame: number, points: readonly Point[]): LengthScale {
  const regions = sequence(instance, TAG.ultrasoundRegions);
  if (regions.length > 0) {
    const region = regions.find((candidate) => holds(candidate, points));
    return region ? regionScale(region) : PIXELS;
  }
  const [row, column] = numbers(functionalGroup(instance, frame, TAG.pixelMeasuresSequence), TAG.pixelSpacing);
  const [detectorRow, detectorColumn] = numbers(instance, TAG.imagerPixelSpacing);
  if (positive(row, column)) {
    const source = pixelScale(instance, frame).source === 'detector' ? 'detector-plane' : 'pixel-spacing';
    return { source, rowMm: row, columnMm: column as number };
  }
  const magnification = number(instance, TAG.magnification) ?? 0;
  if (positive(detectorRow, detectorColumn) && magnification > 0)
    return {
      source: 'detector-corrected',
      rowMm: detectorRow / magnification,
      columnMm: (detectorColumn as number) / magnification,
    };
  return PIXELS;
}

/** Column and row; 0,0 is the upper left corner of the upper left pixel (PS3.3 C.18.6.1.2). */
export type Point = readonly [number, number];

function holds(region: DicomInstance, points: readonly Point[]): boolean {
  const edges = ['00186018', '0018601A', '0018601C', '0018601E'].map((tag) => number(region, tag));
  const [left, top, right, bottom] = edges;
  if (left === undefined || top === undefined || right === undefined || bottom === undefined) return false;
  return points.every(([column, row]) => left <= column && column <= right + 1 && top <= row && row <= bottom + 1);
}

function regionScale(region: DicomInstance): LengthScale {
  const units = [number(region, '00186024'), number(region, '00186026')];
  const [x, y] = [Math.abs(number(region, '0018602C') ?? 0), Math.abs(number(region, '0018602E') ?? 0)];
  if (number(region, '00186012') !== TWO_DIMENSIONAL || units.some((unit) => unit !== CENTIMETRES)) return PIXELS;
  return x && y ? { source: 'ultrasound-region', rowMm: y * 10, columnMm: x * 10 } : PIXELS;
}

const STEPS = [1, 2, 5];

/** The longest round length (1, 2, 5 times a power of ten) that fits into `available`. */
export function roundLength(available: number): number {
  if (!(available > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(available));
  const step = [...STEPS].reverse().find((candidate) => candidate * power <= available) ?? 1;
  return step * power;
}
