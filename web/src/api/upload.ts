/** One file to STOW-RS (PS3.18 10.5), with progress; what its answer says; and what the archive has already. */
import { currentCsrfToken, request } from './client';
import type { DicomInstance, KnownObject } from './types';

/** Of these SOP Instance UIDs, what is here. */
export async function knownObjects(sopInstanceUids: readonly string[]): Promise<readonly KnownObject[]> {
  const body = { sop_instance_uids: sopInstanceUids };
  const { known } = await request<{ known: KnownObject[] }>('/api/uploads/known', {
    method: 'POST',
    body,
    background: true,
  });
  return known;
}

export type UploadOutcome =
  | { kind: 'stored' }
  | { kind: 'duplicate' }
  /** Stored beside the object that counts: the same UID with other bytes, or a study under another patient. */
  | { kind: 'kept'; patient: boolean }
  | { kind: 'rejected'; reason: string; code: string }
  | { kind: 'failed'; reason: string };

const CRLF = '\r\n';

/**
 * Sends one Part 10 file.
 * onProgress: bytes of this file sent so far.
 */
export function uploadFile(
  file: Blob,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<UploadOutcome> {
  return new Promise((resolve) => {
    const boundary = `hounsfield-${crypto.randomUUID?.() ?? Math.random().toString(36).slice(2)}`;
    const body = new Blob([
      `--${boundary}${CRLF}Content-Type: application/dicom${CRLF}${CRLF}`,
      file,
      `${CRLF}--${boundary}--${CRLF}`,
    ]);
    const xhr = new XMLHttpRequest();
    xhr.open('POST', '/dicom-web/studies');
    xhr.setRequestHeader('Content-Type', `multipart/related; type="application/dicom"; boundary=${boundary}`);
    xhr.setRequestHeader('Accept', 'application/dicom+json');
    xhr.setRequestHeader('X-CSRF-Token', currentCsrfToken());
    xhr.upload.onprogress = (event) => onProgress(Math.min(event.loaded, file.size));
    xhr.onload = () => {
      onProgress(file.size);
      resolve(readOutcome(xhr.status, xhr.responseText, xhr.getResponseHeader('Hounsfield-Outcomes') ?? ''));
    };
    xhr.onerror = () => resolve({ kind: 'failed', reason: 'unreachable' });
    xhr.onabort = () => resolve({ kind: 'failed', reason: 'cancelled' });
    signal.addEventListener('abort', () => xhr.abort(), { once: true });
    if (signal.aborted) resolve({ kind: 'failed', reason: 'cancelled' });
    else xhr.send(body);
  });
}

const REFERENCED_SOP_SEQUENCE = '00081199';
const FAILED_SOP_SEQUENCE = '00081198';
const OTHER_FAILURES_SEQUENCE = '0008119A';
const FAILURE_REASON = '00081197';
const WARNING_REASON = '00081196';
const ERROR_COMMENT = '00000902';
/** PS3.18 table I.2-1: the data set does not fit what is known. */
const KEPT_ASIDE = 0xb007;

/** Whether another time, or after another sign-in, the same file may be taken. */
function isPassing(status: number): boolean {
  return status === 0 || status === 401 || status === 429 || status >= 500;
}

function items(answer: DicomInstance, tag: string): DicomInstance[] {
  return (answer[tag]?.Value ?? []) as DicomInstance[];
}

/**
 * Reads a Store Instances Response (PS3.18 10.5.3).
 * counts: the header `Hounsfield-Outcomes`, such as `duplicate=1`.
 */
export function readOutcome(status: number, text: string, counts = ''): UploadOutcome {
  let answer: DicomInstance | undefined;
  try {
    const parsed = JSON.parse(text) as
      | DicomInstance
      | DicomInstance[]
      | { error?: { message?: string; code?: string } };
    if (!Array.isArray(parsed) && 'error' in parsed && parsed.error && !isPassing(status)) {
      const error = parsed.error as { message?: string; code?: string };
      return { kind: 'rejected', reason: error.message ?? '', code: error.code ?? String(status) };
    }
    answer = (Array.isArray(parsed) ? parsed[0] : parsed) as DicomInstance | undefined;
  } catch {
    answer = undefined;
  }
  if (answer) {
    const failed = [...items(answer, FAILED_SOP_SEQUENCE), ...items(answer, OTHER_FAILURES_SEQUENCE)][0];
    if (failed) {
      const reason = Number(failed[FAILURE_REASON]?.Value?.[0] ?? 0);
      return {
        kind: 'rejected',
        reason: String(failed[ERROR_COMMENT]?.Value?.[0] ?? ''),
        code: `0x${reason.toString(16).toUpperCase().padStart(4, '0')}`,
      };
    }
    const stored = items(answer, REFERENCED_SOP_SEQUENCE)[0];
    if (stored) {
      if (/\bduplicate=/.test(counts)) return { kind: 'duplicate' };
      if (Number(stored[WARNING_REASON]?.Value?.[0]) === KEPT_ASIDE) {
        return { kind: 'kept', patient: /\bkept-aside-patient=/.test(counts) };
      }
      return { kind: 'stored' };
    }
  }
  if (status >= 200 && status < 300) return { kind: 'stored' };
  return isPassing(status)
    ? { kind: 'failed', reason: `HTTP ${status}` }
    : { kind: 'rejected', reason: '', code: `HTTP ${status}` };
}
