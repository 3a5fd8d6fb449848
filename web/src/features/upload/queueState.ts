/** How far an upload is. */
import type { Source } from './source';

export interface Reject {
  name: string;
  reason: string;
  code: string;
}

/** Of what is listed by name; what counts, counts all. */
export const REJECTS_KEPT = 500;

export interface UploadState {
  files: number;
  done: number;
  bytesTotal: number;
  bytesSent: number;
  stored: number;
  duplicates: number;
  /** The first `REJECTS_KEPT`. */
  duplicateNames: readonly string[];
  /** The first `REJECTS_KEPT`; `rejected` counts all. */
  rejects: readonly Reject[];
  rejected: number;
  /** Stored, but beside the object that counts. */
  kept: number;
  /** What did not reach the archive and may be sent again. */
  failed: readonly Source[];
  running: boolean;
  stopped: boolean;
  /** The archive does not answer; the queue goes on by itself. */
  offline: boolean;
}

export const IDLE: UploadState = {
  files: 0,
  done: 0,
  bytesTotal: 0,
  bytesSent: 0,
  stored: 0,
  duplicates: 0,
  duplicateNames: [],
  rejects: [],
  rejected: 0,
  kept: 0,
  failed: [],
  running: false,
  stopped: false,
  offline: false,
};
