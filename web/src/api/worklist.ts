/** What the worklist asks of the server beside its rows: the feed of changes, and deeds on several studies. */
import { type Options, request } from './client';
import type { ChangeFeed, Peer, ReadingPriority, ReadingStatus } from './types';

const part = encodeURIComponent;
/** What one request of each kind may name. */
export const MOST_STUDIES = 500;
export const MOST_EXPORTED = 200;
const WAIT_S = 25;

export interface StudyMark {
  status?: ReadingStatus;
  priority?: ReadingPriority;
}

export const worklistApi = {
  /** What happened since then; answered as soon as something does, or after a while with nothing. */
  changes: (since: number, signal: AbortSignal): Promise<ChangeFeed> =>
    request(`/dicom-web/changes?since=${since}&limit=100&wait=${WAIT_S}`, { signal, background: true }),
  mark: (studies: readonly string[], mark: StudyMark): Promise<{ studies: number }> =>
    request('/api/studies/mark', { method: 'POST', body: { studies, ...mark } }),
  send: (studies: readonly string[], destination: string): Promise<{ studies: number }> =>
    request('/api/studies/send', { method: 'POST', body: { studies, destination } }),
  peers: (options?: Pick<Options, 'signal'>): Promise<{ peers: Peer[] }> => request('/api/peers', options),
  reject: (studyUid: string, code: string, reason: string): Promise<void> =>
    request(`/dicom-web/studies/${part(studyUid)}/reject/${part(code)}${reason ? `?reason=${part(reason)}` : ''}`, {
      method: 'POST',
    }),
  restore: (studyUid: string, reason: string): Promise<void> =>
    request(`/dicom-web/studies/${part(studyUid)}/restore?reason=${part(reason)}`, { method: 'POST' }),
};

/** Where a file-set of some studies is fetched, as a ZIP archive. */
export function archiveUrl(studies: readonly string[]): string {
  return `/dicom-web/archive?studies=${studies.map(part).join(',')}`;
}
