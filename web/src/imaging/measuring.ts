/** What a measurement's points and pixels say. Pure; the server computes the same of the points and refuses what contradicts it. */
import type { MeasuredValue, Measurement, MeasurementKind } from '../api/types';
import { type DicomInstance, functionalGroup, number, TAG, text } from './dicom';
import { type LengthScale, lengthScale, type Point } from './spacing';

/** UCUM. */
export const UNIT = {
  millimetres: 'mm',
  squareMillimetres: 'mm2',
  degrees: 'deg',
  pixels: '{pixels}',
  hounsfield: "[hnsf'U]",
  becquerel: 'Bq/ml',
  none: '1',
} as const;

/** Pixel values of one frame after rescaling. */
export interface Pixels {
  columns: number;
  rows: number;
  at: (index: number) => number;
}

/** The unit of pixel values; empty where they are not measured: colour, and what would need a modality LUT. */
export function pixelUnit(instance: DicomInstance, frame: number): string {
  if ((number(instance, TAG.samplesPerPixel) ?? 1) !== 1 || instance[TAG.modalityLutSequence]) return '';
  const modality = text(instance, TAG.modality);
  if (modality === 'CT') {
    const group = functionalGroup(instance, frame, TAG.pixelValueTransformationSequence);
    return ['', 'HU'].includes(text(group, TAG.rescaleType)) ? UNIT.hounsfield : UNIT.none;
  }
  return modality === 'PT' && text(instance, TAG.units) === 'BQML' ? UNIT.becquerel : UNIT.none;
}

/** frame: 0-based. pixels: undefined while they are not here. */
export function measure(
  kind: MeasurementKind,
  points: readonly Point[],
  instance: DicomInstance,
  frame: number,
  pixels: Pixels | undefined,
): Pick<Measurement, 'values' | 'spacing'> {
  const scale = lengthScale(instance, frame, points);
  const unit = pixelUnit(instance, frame);
  const ofPixels = pixels && unit ? pixelValues(kind, points, pixels, unit) : [];
  return { values: [...geometry(kind, points, scale), ...ofPixels], spacing: scale.source };
}

export function geometry(kind: MeasurementKind, points: readonly Point[], scale: LengthScale): MeasuredValue[] {
  const placed = points.map(([column, row]): Point => [column * scale.columnMm, row * scale.rowMm]);
  const inMm = scale.source !== 'none';
  const [first, second, third, fourth] = placed as [Point, Point, Point, Point];
  const area = (value: number): MeasuredValue[] => [
    { name: 'area', value: Math.abs(value), unit: inMm ? UNIT.squareMillimetres : UNIT.pixels },
  ];
  switch (kind) {
    case 'length':
      return [
        {
          name: 'length',
          value: Math.hypot(second[0] - first[0], second[1] - first[1]),
          unit: inMm ? UNIT.millimetres : UNIT.pixels,
        },
      ];
    case 'angle':
      return [{ name: 'angle', value: angle(first, second, third), unit: UNIT.degrees }];
    case 'rectangle':
      return area(cross(first, second, first, fourth));
    case 'ellipse':
      return area((cross(first, second, third, fourth) * Math.PI) / 4);
    default:
      return [];
  }
}

function cross(start: Point, end: Point, otherStart: Point, otherEnd: Point): number {
  return (end[0] - start[0]) * (otherEnd[1] - otherStart[1]) - (end[1] - start[1]) * (otherEnd[0] - otherStart[0]);
}

function angle(first: Point, corner: Point, last: Point): number {
  const turn = cross(corner, first, corner, last);
  const along = (first[0] - corner[0]) * (last[0] - corner[0]) + (first[1] - corner[1]) * (last[1] - corner[1]);
  return (Math.abs(Math.atan2(turn, along)) * 180) / Math.PI;
}

function pixelValues(kind: MeasurementKind, points: readonly Point[], pixels: Pixels, unit: string): MeasuredValue[] {
  if (kind === 'probe') {
    const [column = 0, row = 0] = (points[0] ?? []).map(Math.floor);
    if (column < 0 || row < 0 || column >= pixels.columns || row >= pixels.rows) return [];
    return [{ name: 'value', value: pixels.at(row * pixels.columns + column), unit }];
  }
  const inside = outline(kind, points);
  const found = inside && statistics(points, inside, pixels);
  return found ? (['mean', 'sd', 'min', 'max'] as const).map((name) => ({ name, value: found[name], unit })) : [];
}

type Inside = (column: number, row: number) => boolean;

function outline(kind: MeasurementKind, points: readonly Point[]): Inside | undefined {
  const [first, second, third, fourth] = points as [Point, Point, Point, Point];
  if (kind === 'rectangle') return () => true; // nothing else is within its bounds
  if (kind !== 'ellipse') return undefined;
  const centre: Point = [(first[0] + second[0]) / 2, (first[1] + second[1]) / 2];
  const one: Point = [second[0] - centre[0], second[1] - centre[1]];
  const other: Point = [(fourth[0] - third[0]) / 2, (fourth[1] - third[1]) / 2];
  const whole = one[0] * other[1] - one[1] * other[0];
  return (column, row) => {
    const [x, y] = [column - centre[0], row - centre[1]];
    return ((x * other[1] - y * other[0]) / whole) ** 2 + ((one[0] * y - one[1] * x) / whole) ** 2 <= 1;
  };
}

/** Of the pixels whose centres lie inside; the standard deviation is that of the population. */
function statistics(points: readonly Point[], inside: Inside, pixels: Pixels) {
  const range = (axis: 0 | 1, count: number): [number, number] => {
    const along = points.map((point) => point[axis]);
    return [
      Math.max(0, Math.ceil(Math.min(...along) - 0.5)),
      Math.min(count - 1, Math.floor(Math.max(...along) - 0.5)),
    ];
  };
  const [left, right] = range(0, pixels.columns);
  const [top, bottom] = range(1, pixels.rows);
  let [count, mean, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      if (!inside(column + 0.5, row + 0.5)) continue;
      const value = pixels.at(row * pixels.columns + column);
      count += 1;
      const step = value - mean;
      mean += step / count;
      squares += step * (value - mean);
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  return count > 0 && Number.isFinite(mean) ? { mean, sd: Math.sqrt(squares / count), min, max } : undefined;
}

/** Image coordinates are kept as 32-bit floats (Graphic Data, VR FL): points nearer than this are the same. */
const SAME_POINT = 0.002;

export function samePoints(one: readonly Point[], other: readonly Point[]): boolean {
  return (
    one.length === other.length &&
    one.every(([column, row], at) => {
      const [otherColumn = 0, otherRow = 0] = other[at] ?? [];
      return Math.abs(column - otherColumn) < SAME_POINT && Math.abs(row - otherRow) < SAME_POINT;
    })
  );
}
