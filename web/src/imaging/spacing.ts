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

const STEPS = [1, 2, 5];

/** The longest round length (1, 2, 5 times a power of ten) that fits into `available`. */
export function roundLength(available: number): number {
  if (!(available > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(available));
  const step = [...STEPS].reverse().find((candidate) => candidate * power <= available) ?? 1;
  return step * power;
}
