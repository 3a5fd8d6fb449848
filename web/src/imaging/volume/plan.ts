/**
 * How the slices of a volume become a block of voxels: which slice, or which two, make each layer, and where in the layer they lie.
 * The block is always rectangular; what is tilted, displaced or uneven is resampled into it. Pure.
 */
import type { Volume } from '../../api/types';
import type { Vector } from '../orientation';
import { cross, dot, minus, plus } from '../vectors';

/** Slices by index; `share` of the second, the rest of the first. */
export interface Layer {
  from: number;
  to: number;
  share: number;
}

export interface VolumePlan {
  /** Voxels along rows, down columns, along the normal. */
  dimensions: readonly [number, number, number];
  spacing: readonly [number, number, number];
  /** Centre of the first voxel. */
  origin: Vector;
  row: Vector;
  column: Vector;
  normal: Vector;
  /** Undefined where a slice is missing. */
  layers: ReadonlyArray<Layer | undefined>;
  /** Of each slice, where its first pixel lies in the layer, in pixels of the slice. */
  offsets: ReadonlyArray<readonly [number, number]>;
  /** So many pixels along rows and columns make one voxel. */
  reduced: number;
}

export interface Limits {
  /** Of all voxels. */
  bytes: number;
  bytesPerVoxel: number;
  /** Along one axis, as the graphics card allows. */
  voxels: number;
}

export type Refusal = 'too-few' | 'too-large';

const MOST_REDUCED = 4;
/** A wider step between two slices is a gap, in which nothing is made up. */
const GAP_STEPS = 1.5;

export function planVolume(volume: Volume, limits: Limits): VolumePlan | Refusal {
  const { row_direction: row, column_direction: column, findings } = volume;
  const first = volume.slices[0];
  if (!first || findings.includes('too-few') || !(volume.step_mm > 0)) return 'too-few';
  const normal = cross(row, column);
  const heights = volume.slices.map(({ position }) => dot(minus(position, first.position), normal));
  const sheared = findings.includes('tilted') || findings.includes('shifted');
  const aside = volume.slices.map(({ position }): readonly [number, number] => {
    if (!sheared) return [0, 0];
    const way = minus(position, first.position);
    return [dot(way, row) / volume.column_spacing_mm, dot(way, column) / volume.row_spacing_mm];
  });
  const least = [0, 1].map((axis) => Math.min(...aside.map((one) => one[axis] as number))) as [number, number];
  const most = [0, 1].map((axis) => Math.max(...aside.map((one) => one[axis] as number))) as [number, number];
  const width = volume.columns + Math.ceil(most[0] - least[0] - 1e-6);
  const height = volume.rows + Math.ceil(most[1] - least[1] - 1e-6);
  const { layers, step } = findings.includes('uneven') ? unevenLayers(volume, heights) : evenLayers(volume, heights);
  for (let reduced = 1; reduced <= MOST_REDUCED; reduced += 1) {
    const dimensions = [Math.floor(width / reduced), Math.floor(height / reduced), layers.length] as const;
    const bytes = dimensions[0] * dimensions[1] * dimensions[2] * limits.bytesPerVoxel;
    if (bytes > limits.bytes || Math.max(...dimensions) > limits.voxels) continue;
    const centre = (reduced - 1) / 2;
    return {
      dimensions,
      spacing: [volume.column_spacing_mm * reduced, volume.row_spacing_mm * reduced, step],
      origin: plus(
        plus(first.position, row, (least[0] + centre) * volume.column_spacing_mm),
        column,
        (least[1] + centre) * volume.row_spacing_mm,
      ),
      row,
      column,
      normal,
      layers,
      offsets: aside.map(([x, y]) => [x - least[0], y - least[1]]),
      reduced,
    };
  }
  return 'too-large';
}

interface Layers {
  layers: Array<Layer | undefined>;
  step: number;
}

/** A slice a layer; missing ones leave theirs empty. */
function evenLayers({ step_mm: usual }: Volume, heights: readonly number[]): Layers {
  const numbers = heights.map(() => 0);
  for (let at = 1; at < heights.length; at += 1) {
    const step = (heights[at] as number) - (heights[at - 1] as number);
    numbers[at] = (numbers[at - 1] as number) + Math.max(1, Math.round(step / usual));
  }
  const last = numbers.at(-1) as number;
  const layers: Array<Layer | undefined> = new Array(last + 1).fill(undefined);
  for (const [index, number] of numbers.entries()) layers[number] = { from: index, to: index, share: 0 };
  return { layers, step: (heights.at(-1) as number) / last };
}

/** Layers at the usual step, between the two slices around each. */
function unevenLayers({ step_mm: usual }: Volume, heights: readonly number[]): Layers {
  const layers: Array<Layer | undefined> = [];
  let at = 0;
  for (let number = 0; number * usual <= (heights.at(-1) as number) + 1e-6; number += 1) {
    const height = number * usual;
    while (at < heights.length - 2 && (heights[at + 1] as number) < height) at += 1;
    const [below, above] = [heights[at] as number, heights[at + 1] as number];
    const share = Math.min(1, Math.max(0, (height - below) / (above - below)));
    if (above - below <= GAP_STEPS * usual) layers.push({ from: at, to: at + 1, share });
    else if (height - below <= usual / 2) layers.push({ from: at, to: at, share: 0 });
    else if (above - height <= usual / 2) layers.push({ from: at + 1, to: at + 1, share: 0 });
    else layers.push(undefined);
  }
  return { layers, step: usual };
}

/** The middle of the block. */
export function centreOf({ origin, row, column, normal, dimensions, spacing }: VolumePlan): Vector {
  const half = (axis: 0 | 1 | 2): number => ((dimensions[axis] - 1) * spacing[axis]) / 2;
  return plus(plus(plus(origin, row, half(0)), column, half(1)), normal, half(2));
}

/** The nearest point of the block. */
export function within(plan: VolumePlan, point: Vector): Vector {
  const way = minus(point, plan.origin);
  return [plan.row, plan.column, plan.normal].reduce<Vector>((found, axis, at) => {
    const most = ((plan.dimensions[at] as number) - 1) * (plan.spacing[at] as number);
    return plus(found, axis, Math.min(most, Math.max(0, dot(way, axis))));
  }, plan.origin);
}

/** How far apart the voxels are in a direction, mm. */
export function stepAlong(plan: VolumePlan, direction: Vector): number {
  return [plan.row, plan.column, plan.normal].reduce(
    (sum, axis, at) => sum + Math.abs(dot(axis, direction)) * (plan.spacing[at] as number),
    0,
  );
}
