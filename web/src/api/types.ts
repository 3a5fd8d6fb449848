/** What `/api` answers, as the server's OpenAPI names it. Dates are DICOM dates (YYYYMMDD), times DICOM times. */

export interface Session {
  user: { name: string; role: string };
  csrf_token: string;
  open_access: boolean;
  /** The password is the one printed at the first start. */
  must_change_password?: boolean;
}

export const READING_STATUSES = ['unread', 'in-progress', 'read'] as const;
export type ReadingStatus = (typeof READING_STATUSES)[number];
/** From the least urgent. */
export const READING_PRIORITIES = ['routine', 'high', 'stat'] as const;
export type ReadingPriority = (typeof READING_PRIORITIES)[number];

export interface StudyRow {
  study_instance_uid: string;
  patient_id: string;
  patient_name: string;
  birth_date: string;
  sex: string;
  study_date: string;
  study_time: string;
  accession_number: string;
  description: string;
  referring_physician: string;
  modalities: string[];
  series_count: number;
  instance_count: number;
  received_at: string;
  status: ReadingStatus;
  priority: ReadingPriority;
  thumbnail: string;
}

/** change: what happened up to it is in the page. */
export interface Worklist {
  rows: StudyRow[];
  next: string | null;
  total: { count: number; capped: boolean };
  change: number;
}

/** What happened, in the order in which it was committed; `next` is what to ask for as `since` next. */
export interface ChangeFeed {
  changes: Array<{ sequence: number; kind: string; study_instance_uid?: string }>;
  next: number;
}

/** An object that is here; the digest is of what stands behind its file meta information, hexadecimal. */
export interface KnownObject {
  sop_instance_uid: string;
  transfer_syntax_uid: string;
  data_set_sha256: string;
}

export interface SeriesRow {
  series_instance_uid: string;
  number: number | null;
  modality: string;
  description: string;
  body_part: string;
  instance_count: number;
  frame_count: number;
  thumbnail: string;
}

export interface StudyDetail {
  study: StudyRow;
  series: SeriesRow[];
  priors: StudyRow[];
}

export interface ServerStatus {
  ae_title: string;
  host: string;
  dicom_port: number;
  http_port: number;
  version: string;
  studies: number;
  series: number;
  instances: number;
  bytes_stored: number;
  open_access: boolean;
  demo: boolean;
}

export interface RefusedCaller {
  ae_title: string;
  host: string;
  last_seen: string;
  count: number;
}

/** An application entity. `port` is 0 where we cannot call it; an empty list of `accepted_…` stands for all. */
export interface Peer {
  ae_title: string;
  host: string;
  port: number;
  tls: boolean;
  transfer_syntaxes: string[];
  may: string[];
  max_associations: number;
  certificate: string;
  accepted_sop_classes: string[];
  accepted_transfer_syntaxes: string[];
  visible: VisibleStudies;
  character_set: string;
  coercion: CoercionRule[];
}

/** What is sent to keep of a peer. */
export type PeerAsked = Omit<Peer, 'ae_title'>;

/** Which studies a peer sees: AND over kinds, OR within; what is empty, or 0, is not asked. */
export interface VisibleStudies {
  modalities: string[];
  institutions: string[];
  stations: string[];
  senders: string[];
  issuers: string[];
  referring_physicians: string[];
  last_days: number;
}

/** A change of one attribute of what a peer stores; `action` is set, set_if_empty, prefix, suffix or remove. */
export interface CoercionRule {
  attribute: string;
  action: string;
  value: string;
}

/** What came of a C-ECHO; `status` is `0000` for success. */
export interface Echo {
  status: string;
  milliseconds: number;
}

export interface Callers {
  refused: RefusedCaller[];
  known: Peer[];
}

export interface RouteCondition {
  keyword: string;
  patterns: string[];
}

/** A rule. window: like `mon-fri 18:00-07:00`, the site's local time; empty: at any time. */
export interface Route {
  name: string;
  kind: 'send' | 'prefetch';
  destinations: string[];
  conditions: RouteCondition[];
  callers: string[];
  window: string;
  priority: 'low' | 'medium' | 'high';
  priors: number;
  commit: boolean;
  created_at: string;
}

/** What is sent to add a rule. */
export type RouteAsked = Omit<Route, 'created_at'>;

export interface Routes {
  routes: Route[];
  keywords: string[];
}

export interface RouteVerdict {
  series_instance_uid: string;
  rule: string;
  destinations: string[];
  why_not: string;
  instances: number;
}

export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** What goes to one peer, is brought from it or kept by it. next_try: while all of it is paused, else empty. */
export interface Queue {
  name: string;
  kind: string;
  peer: string;
  waiting: number;
  running: number;
  done: number;
  failed: number;
  cancelled: number;
  next_try: string;
  failures: number;
  last_error: string;
}

export interface Job {
  id: number;
  queue: string;
  rule: string;
  study_instance_uid: string;
  series_instance_uid: string;
  sop_instance_uid: string;
  state: JobState;
  attempts: number;
  next_try: string;
  last_error: string;
  enqueued_at: string;
  finished_at: string;
  transaction_uid: string;
}

/** next: to be sent as `before` for the following page; 0 on the last. */
export interface Queues {
  queues: Queue[];
  jobs: Job[];
  next: number;
}

/** A person's account. */
export interface Account {
  name: string;
  role: string;
  disabled: boolean;
  must_change_password: boolean;
  created_at: string;
}

/** A password that the server made up; it is told only here. */
export interface NewPassword {
  name: string;
  password: string;
}

/** A machine's credential, without its secret; times are empty where there is none. */
export interface ApiToken {
  name: string;
  role: string;
  created_at: string;
  created_by: string;
  last_used_at: string;
  expires_at: string;
  revoked_at: string;
}

/** valid_days: 0 for as long as it is not revoked. */
export interface TokenAsked {
  name: string;
  role: string;
  valid_days: number;
}

/** A token and its secret, told only here. */
export interface NewToken {
  token: ApiToken;
  secret: string;
}

/** A part of what is stored. name: a modality, or a month such as `2026-11` (UTC). */
export interface StorageShare {
  name: string;
  instances: number;
  bytes_stored: number;
}

/** What was counted in the background, and when. */
export interface StorageCounted {
  counted_at: string;
  modalities: StorageShare[];
  months: StorageShare[];
}

/** Totals as of now; `counted` is null until the first count has ended. */
export interface StorageUse {
  studies: number;
  series: number;
  instances: number;
  bytes_stored: number;
  disk_total_bytes: number;
  disk_free_bytes: number;
  min_free_bytes: number;
  counted: StorageCounted | null;
}

/** A setting of the server. meaning: in English, code between grave accents. */
export interface Setting {
  name: string;
  value: string;
  default: string;
  meaning: string;
  changed: boolean;
}

/** A decision by which something is hidden; without the UIDs below its level. code: of the coding scheme DCM. */
export interface Rejection {
  study_instance_uid: string;
  series_instance_uid?: string;
  sop_instance_uid?: string;
  code: string;
  by: string;
  reason: string;
  at: string;
}

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

/** One element of the DICOM JSON model (PS3.18 F.2). */
export interface DicomElement {
  vr: string;
  Value?: unknown[];
  BulkDataURI?: string;
  InlineBinary?: string;
}

/** One instance in the DICOM JSON model, keyed by tag such as `00100010`. */
export type DicomInstance = Record<string, DicomElement>;

/** An association that is open now. since: ISO 8601 UTC. state: `negotiating`, `established`, or how it has just ended. */
export interface LiveAssociation {
  host: string;
  port: number;
  calling_ae_title: string;
  called_ae_title: string;
  since: string;
  encrypted: boolean;
  state: string;
  objects: number;
  bytes_received: number;
  doing: string;
}

/** The oldest first. total: all that are open, whatever number is listed. */
export interface LiveAssociations {
  total: number;
  associations: LiveAssociation[];
}

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

/** Titles of key images: code values of the scheme DCM (PS3.16 CID 7010). */
export type KeyTitle = '113000' | '113002' | '113003' | '113004' | '113005' | '113008' | '113009';

/** `frame` counts from 1; 0 stands for all. */
export interface KeyImageReference {
  series_instance_uid: string;
  sop_instance_uid: string;
  frame: number;
}

/** A Key Object Selection that counts. `mine`: a save under this title replaces it. */
export interface KeySelection {
  sop_instance_uid: string;
  code: string;
  words: string;
  description: string;
  observer: string;
  content_time: string;
  mine: boolean;
  images: KeyImageReference[];
}

export interface KeyImages {
  selections: KeySelection[];
  unread: UnreadReport[];
}

/** All that the reader points out under one title; none takes it back. */
export interface KeyImageChanges {
  title: KeyTitle;
  images: Array<Omit<KeyImageReference, 'series_instance_uid'>>;
  description: string;
}

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

/** `series_instance_uid` is empty where it is not in this study. */
export interface DocumentReference {
  series_instance_uid: string;
  sop_instance_uid: string;
  frames: number[];
}

export interface ContentItem {
  relationship: string;
  value_type: string;
  name: string;
  value: string;
  unit: string;
  points: number;
  references: DocumentReference[];
  items: ContentItem[];
}

export interface Verification {
  name: string;
  at: string;
}

/** A structured document. `cut`: there is more of it than is told here. */
export interface StructuredDocument {
  title: string;
  description: string;
  completion: string;
  verification: string;
  verified_by: Verification[];
  content_time: string;
  manufacturer: string;
  institution: string;
  items: ContentItem[];
  cut: boolean;
}
