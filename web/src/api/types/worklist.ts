/** The worklist, the studies in it and the state of their reading. */

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
