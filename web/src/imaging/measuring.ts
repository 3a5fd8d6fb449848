/** What a measurement's points and pixels say. Pure; the server computes the same of the points and refuses what contradicts it. */
import type { MeasuredValue, Measurement, MeasurementKind } from '../api/types';
import { type DicomInstance, functionalGroup, number, TAG, text } from './dicom';
import { insideOf, type Pixels, statistics } from './regions';
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

/** The unit of pixel values; empty where they are not measured: colour, and what would need a modality LUT. */
export function pixelUnit(instance: DicomInstance, frame: number): string {
  const colour =
    (number(instance, TAG.samplesPerPixel) ?? 1) !== 1 || text(instance, TAG.photometric) === 'PALETTE COLOR';
  if (colour || instance[TAG.modalityLutSequence]) return '';
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
  const length = (name: string, start: Point, end: Point): MeasuredValue => ({
    name,
    value: Math.hypot(end[0] - start[0], end[1] - start[1]),
    unit: inMm ? UNIT.millimetres : UNIT.pixels,
  });
  switch (kind) {
    case 'length':
      return [length('length', first, second)];
    case 'bidirectional':
      return [length('long-axis', first, second), length('short-axis', third, fourth)];
    case 'angle':
      return [{ name: 'angle', value: angle(first, second, third), unit: UNIT.degrees }];
    case 'cobb':
      return [{ name: 'cobb-angle', value: cobbAngle(first, second, third, fourth), unit: UNIT.degrees }];
    case 'freehand':
      return area(polygonArea(placed));
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

/** 0 to 180. Both lines are taken in the direction in which they cross the line between their centres from the same side. */
function cobbAngle(first: Point, second: Point, third: Point, fourth: Point): number {
  const spine: Point = [
    (third[0] + fourth[0] - first[0] - second[0]) / 2,
    (third[1] + fourth[1] - first[1] - second[1]) / 2,
  ];
  const along = (start: Point, end: Point): Point => {
    const [x, y] = [end[0] - start[0], end[1] - start[1]];
    return spine[0] * y - spine[1] * x >= 0 ? [x, y] : [-x, -y];
  };
  return angle(along(first, second), [0, 0], along(third, fourth));
}

/** Of a polygon that does not cross itself, by the trapezoids under its sides. */
function polygonArea(outline: readonly Point[]): number {
  let twice = 0;
  outline.forEach(([x, y], at) => {
    const [nextX, nextY] = outline[(at + 1) % outline.length] as Point;
    twice += x * nextY - nextX * y;
  });
  return twice / 2;
}

function pixelValues(kind: MeasurementKind, points: readonly Point[], pixels: Pixels, unit: string): MeasuredValue[] {
  if (kind === 'probe') {
    const [column = 0, row = 0] = (points[0] ?? []).map(Math.floor);
    if (column < 0 || row < 0 || column >= pixels.columns || row >= pixels.rows) return [];
    return [{ name: 'value', value: pixels.at(row * pixels.columns + column), unit }];
  }
  const inside = insideOf(kind, points);
  const found = inside && statistics(points, inside, pixels);
  return found ? (['mean', 'sd', 'min', 'max'] as const).map((name) => ({ name, value: found[name], unit })) : [];
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
