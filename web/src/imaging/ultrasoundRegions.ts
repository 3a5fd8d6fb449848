/** Regions of an ultrasound picture, each with units of its own (PS3.3 C.8.5.5). Pure. */
import { type DicomInstance, number, sequence, TAG } from './dicom';

/** Column and row; 0,0 is the upper left corner of the upper left pixel (PS3.3 C.18.6.1.2). */
export type Point = readonly [number, number];

/** UCUM. */
export type AxisUnit = 'mm' | 's' | 'Hz' | 'cm/s' | 'dB' | '%' | 'deg';

export interface Axis {
  unit: AxisUnit;
  /** Of the unit, from one pixel to the next; never negative. */
  perPixel: number;
}

export interface RegionAxes {
  /** Absent where the region states no unit, or none that a length along the axis can have. */
  x?: Axis;
  y?: Axis;
  /** Tissue or flow in two dimensions, where distances in any direction mean something. */
  spatial: boolean;
}

/** Physical Units X Direction (C.8.5.5.1.15): what a step is to be multiplied by, and the unit then. */
const UNITS: Readonly<Record<number, readonly [AxisUnit, number]>> = {
  1: ['%', 1],
  2: ['dB', 1],
  3: ['mm', 10],
  4: ['s', 1],
  5: ['Hz', 1],
  7: ['cm/s', 1],
  12: ['deg', 1],
};
/** Region Spatial Format (C.8.5.5.1.1). */
const TWO_DIMENSIONAL = 1;

function axis(unit: number | undefined, delta: number | undefined): Axis | undefined {
  const known = UNITS[unit ?? 0];
  const step = Math.abs(delta ?? 0);
  return known && step > 0 ? { unit: known[0], perPixel: step * known[1] } : undefined;
}

export function axesOf(region: DicomInstance): RegionAxes {
  return {
    x: axis(number(region, '00186024'), number(region, '0018602C')),
    y: axis(number(region, '00186026'), number(region, '0018602E')),
    spatial: number(region, '00186012') === TWO_DIMENSIONAL,
  };
}

/** Whether all points lie in a region; its last column and row belong to it. */
export function holds(region: DicomInstance, points: readonly Point[]): boolean {
  const edges = ['00186018', '0018601A', '0018601C', '0018601E'].map((tag) => number(region, tag));
  const [left, top, right, bottom] = edges;
  if (left === undefined || top === undefined || right === undefined || bottom === undefined) return false;
  return points.every(([column, row]) => left <= column && column <= right + 1 && top <= row && row <= bottom + 1);
}

/** The axes of the region in which all points lie; undefined outside of every region. */
export function axesAround(instance: DicomInstance, points: readonly Point[]): RegionAxes | undefined {
  const region = sequence(instance, TAG.ultrasoundRegions).find((candidate) => holds(candidate, points));
  return region && axesOf(region);
}
