/** What is measured on the images of a study. */

/** `name` is ours (length, long-axis, short-axis, angle, cobb-angle, area, mean, sd, min, max, value) or another maker's words; `unit` is UCUM. */
export interface MeasuredValue {
  name: string;
  value: number;
  unit: string;
}

export type MeasurementKind =
  | 'length'
  | 'bidirectional'
  | 'angle'
  | 'cobb'
  | 'rectangle'
  | 'ellipse'
  | 'freehand'
  | 'probe'
  | 'arrow'
  | 'text'
  | 'other';

/** Points are column, row; 0,0 is the upper left corner of the upper left pixel. `frame` counts from 1. */
export interface Measurement {
  tracking_uid: string;
  label: string;
  kind: MeasurementKind;
  series_instance_uid: string;
  sop_instance_uid: string;
  frame: number;
  points: Array<readonly [number, number]>;
  values: MeasuredValue[];
  spacing: string;
  observer: string;
}

export interface UnreadReport {
  sop_instance_uid: string;
  reason: string;
}

/** All measurements of a study in their newest state. */
export interface Measurements {
  measurements: Measurement[];
  unread: UnreadReport[];
}

/** What has changed since the last save, as it is sent. */
export interface MeasurementChanges {
  measurements: Array<Omit<Measurement, 'series_instance_uid' | 'observer'>>;
  removed: Array<Pick<Measurement, 'tracking_uid' | 'label' | 'sop_instance_uid' | 'frame'>>;
}
