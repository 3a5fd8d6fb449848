/** Which slices of a series make a volume. */

export type Vector3 = readonly [number, number, number];

export interface VolumeSlice {
  sop_instance_uid: string;
  frame: number;
  /** The centre of the first pixel, in the patient, mm. */
  position: Vector3;
}

export interface VolumeTrait {
  keyword: string;
  value: string;
}

/** `slices` are missing after the slice of the index `after`. */
export interface VolumeGap {
  after: number;
  slices: number;
}

export type VolumeFinding = 'too-few' | 'tilted' | 'shifted' | 'gaps' | 'uneven';

/** Slices in order along the normal, and what the server has to say of them. Lengths in mm. */
export interface Volume {
  frame_of_reference_uid: string;
  told_apart_by: VolumeTrait[];
  row_direction: Vector3;
  column_direction: Vector3;
  rows: number;
  columns: number;
  row_spacing_mm: number;
  column_spacing_mm: number;
  step_mm: number;
  least_step_mm: number;
  most_step_mm: number;
  tilt_degrees: number;
  off_line_mm: number;
  gaps: VolumeGap[];
  findings: VolumeFinding[];
  slices: VolumeSlice[];
}

export type LeftOutReason = 'localizer' | 'no-plane' | 'colour' | 'same-place' | 'too-many-kinds';

export interface VolumeLeftOut {
  sop_instance_uid: string;
  frame: number;
  reason: LeftOutReason;
}

/** The first thousand frames in no volume are named, all are counted. */
export interface SeriesVolumes {
  volumes: Volume[];
  left_out: VolumeLeftOut[];
  left_out_count: Partial<Record<LeftOutReason, number>>;
}
