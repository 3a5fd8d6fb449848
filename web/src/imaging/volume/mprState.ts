/** What is known of a reformat, for those who draw around its pictures. */
import { type EdgeLetters, NO_LETTERS, type Vector } from '../orientation';
import type { Range } from '../voi';
import type { Progress } from './loading';
import { type Orientation, PLANES, type PlaneName, STRAIGHT } from './planes';

export const SLAB_MODES = ['maximum', 'minimum', 'average'] as const;
export type SlabMode = (typeof SLAB_MODES)[number];

export interface Slab {
  /** 0: a single plane. */
  thicknessMm: number;
  mode: SlabMode;
}

export const MPR_TOOLS = ['cursor', 'window', 'zoom', 'pan', 'scroll', 'length'] as const;
export type MprTool = (typeof MPR_TOOLS)[number];

/** CSS pixels of the plane's own picture. */
export interface PlaneView {
  letters: EdgeLetters;
  /** mm for one CSS pixel; 0 before something is drawn. */
  mmPerPixel: number;
  /** Where the crosshair is. */
  centre: readonly [number, number];
  width: number;
  height: number;
}

export interface MprState {
  progress: Progress;
  centre: Vector;
  orientation: Orientation;
  slab: Slab;
  window: Range;
  inverted: boolean;
  tool: MprTool;
  active: PlaneName;
  views: Readonly<Record<PlaneName, PlaneView>>;
}

const UNSEEN: PlaneView = { letters: NO_LETTERS, mmPerPixel: 0, centre: [0, 0], width: 0, height: 0 };

export function firstState(centre: Vector, window: Range, inverted: boolean, total: number): MprState {
  return {
    progress: { loaded: 0, failed: 0, total },
    centre,
    orientation: STRAIGHT,
    slab: { thicknessMm: 0, mode: 'maximum' },
    window,
    inverted,
    tool: 'cursor',
    active: 'axial',
    views: Object.fromEntries(PLANES.map((name) => [name, UNSEEN])) as MprState['views'],
  };
}
