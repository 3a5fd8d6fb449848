/** Presentation states, and views to be saved as such. */
import type { UnreadReport } from './measurements';

export interface ShownImage {
  series_instance_uid: string;
  sop_instance_uid: string;
  frames: number[];
}

/** A presentation state that can be applied. */
export interface PresentationState {
  sop_instance_uid: string;
  label: string;
  description: string;
  creator: string;
  created_at: string;
  shown: ShownImage[];
}

export interface PresentationStates {
  states: PresentationState[];
  unread: UnreadReport[];
}

/** A line or a closed shape of a view that is to be saved. */
export interface Figure {
  kind: 'POINT' | 'POLYLINE' | 'ELLIPSE';
  points: Array<readonly [number, number]>;
}

/** A text whose upper left corner is at a point. */
export interface FigureLabel {
  text: string;
  at: readonly [number, number];
}

/** `function` is LINEAR, LINEAR_EXACT or SIGMOID; values are those after rescaling. */
export interface StateWindow {
  center: number;
  width: number;
  function: string;
}

/** How one frame is seen. `area`: first column, first row, last column and last row, from 1. */
export interface ViewToSave {
  name: string;
  sop_instance_uid: string;
  frame: number;
  window: StateWindow | null;
  inverted: boolean;
  quarter_turns: number;
  flipped: boolean;
  area: readonly [number, number, number, number];
  figures: Figure[];
  labels: FigureLabel[];
}

/** Points are those of the image, or shares of the area shown where `relative`. */
export interface StateGraphic {
  kind: string;
  points: Array<readonly [number, number]>;
  relative: boolean;
  filled: boolean;
  shade: number;
}

export interface StateText {
  text: string;
  box: Array<readonly [number, number]> | null;
  box_relative: boolean;
  justification: string;
  anchor: readonly [number, number] | null;
  anchor_relative: boolean;
  anchor_visible: boolean;
  shade: number;
}

/** All outside of any of the shapes is hidden. `rectangle`: left, right, upper and lower edge, from 1. */
export interface StateShutter {
  rectangle: number[] | null;
  circle: number[] | null;
  polygon: Array<readonly [number, number]>;
  shade: number;
}

/** How a presentation state shows a frame. `beyond`: what else it says, and only the server's rendering shows. */
export interface StateOver {
  window: StateWindow | null;
  inverted: boolean;
  area: readonly [number, number, number, number] | null;
  quarter_turns: number;
  flipped: boolean;
  graphics: StateGraphic[];
  texts: StateText[];
  shutter: StateShutter | null;
  beyond: string[];
}
