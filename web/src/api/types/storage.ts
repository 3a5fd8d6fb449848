/** What is stored, and what of it is hidden. */

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
