/** What is known of a tile, for those who draw around its picture. */
import type { DicomInstance } from './dicom';
import type { DisplaySet } from './displaySets';
import { type EdgeLetters, NO_LETTERS } from './orientation';
import type { SpacingSource } from './spacing';

export interface TileFailure {
  kind: 'http' | 'network' | 'decode';
  status?: number;
}

export interface TileState {
  status: 'empty' | 'loading' | 'ready' | 'failed';
  failure?: TileFailure;
  /** A picture of this display set is on the canvas; it may still be that of another slice (`status` says). */
  drawn: boolean;
  displaySet?: DisplaySet;
  instance?: DicomInstance;
  /** 0-based. */
  index: number;
  count: number;
  window?: { center: number; width: number };
  /** The names of what the object itself offers to see (windows and tables), in its order; empty where it gives none. */
  offered: readonly string[];
  /** LUT Explanation of the table that makes the greys; undefined where a window does. */
  tableName?: string;
  /** CSS pixels per image pixel. */
  zoom: number;
  letters: EdgeLetters;
  scaleSource: SpacingSource;
  /** mm per CSS pixel along the screen's horizontal and vertical; absent without a spacing. */
  mmPerPixel?: { x: number; y: number };
  inverted: boolean;
  /** What the image has over its pixels and the reader does not want to see. */
  hidden: ReadonlyArray<'overlays' | 'shutter'>;
  /** One byte a slice: 1 where it is in memory. */
  loaded: Uint8Array;
  loadedCount: number;
  /** Frames per second while cine runs, else 0. */
  playing: number;
}

export const EMPTY_TILE: TileState = {
  status: 'empty',
  drawn: false,
  index: 0,
  count: 0,
  zoom: 1,
  letters: NO_LETTERS,
  offered: [],
  scaleSource: 'none',
  inverted: false,
  hidden: [],
  loaded: new Uint8Array(0),
  loadedCount: 0,
  playing: 0,
};

/** What went wrong, as far as an error of the loader says it. */
export function failureOf(error: unknown): TileFailure {
  const seen = (error as { error?: unknown })?.error ?? error;
  const status =
    (seen as { status?: unknown })?.status ?? (seen as { request?: { status?: unknown } })?.request?.status;
  if (typeof status === 'number') {
    if (status === 0) return { kind: 'network' };
    if (status >= 400) return { kind: 'http', status };
  }
  return { kind: 'decode' };
}
