/** Calls to the server: same origin, session cookie, CSRF token on unsafe methods, errors as `ApiError`. */
import type {
  Callers,
  DicomInstance,
  Echo,
  MeasurementChanges,
  Measurements,
  SeriesVolumes,
  ServerStatus,
  Session,
  StudyDetail,
  Worklist,
} from './types';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

let csrfToken = '';
let onSignedOut: () => void = () => {};

/** Called whenever the server says that the session is over. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

export function currentCsrfToken(): string {
  return csrfToken;
}

export interface Options {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
  accept?: string;
  /** Nobody asked for it just now: it does not keep the session of somebody alive who has left. */
  background?: boolean;
}

export async function request<T>(path: string, options: Options = {}): Promise<T> {
  const method = options.method ?? 'GET';
  const headers: Record<string, string> = { Accept: options.accept ?? 'application/json' };
  if (method !== 'GET') headers['X-CSRF-Token'] = csrfToken;
  if (options.background) headers['X-Background'] = '1';
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: 'same-origin',
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError(0, 'unreachable', String(cause));
  }
  if (!response.ok) {
    let code = `http_${response.status}`;
    let message = response.statusText;
    try {
      const answer = (await response.json()) as { error?: { code?: string; message?: string } };
      code = answer.error?.code ?? code;
      message = answer.error?.message ?? message;
    } catch {
      // Not our error envelope, for instance a proxy's page: the status says enough.
    }
    if (response.status === 401 && path !== '/api/session') onSignedOut();
    throw new ApiError(response.status, code, message);
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

function keepToken(session: Session): Session {
  csrfToken = session.csrf_token;
  return session;
}

export const api = {
  session: async (): Promise<Session> => keepToken(await request<Session>('/api/session')),
  signIn: async (username: string, password: string): Promise<Session> =>
    keepToken(await request<Session>('/api/session', { method: 'POST', body: { username, password } })),
  signOut: (): Promise<void> => request('/api/session', { method: 'DELETE' }),
  changePassword: (current: string, next: string): Promise<void> =>
    request('/api/session/password', { method: 'POST', body: { current, new: next } }),
  worklist: (query: string, signal?: AbortSignal, background = false): Promise<Worklist> =>
    request(`/api/worklist?${query}`, { signal, background }),
  study: (studyUid: string, signal?: AbortSignal): Promise<StudyDetail> =>
    request(`/api/studies/${encodeURIComponent(studyUid)}`, { signal }),
  status: (signal?: AbortSignal): Promise<ServerStatus> => request('/api/status', { signal, background: true }),
  callers: (signal?: AbortSignal): Promise<Callers> => request('/api/callers', { signal, background: true }),
  acceptCaller: (aeTitle: string): Promise<void> =>
    request(`/api/callers/${encodeURIComponent(aeTitle)}/accept`, { method: 'POST' }),
  forgetCaller: (aeTitle: string): Promise<void> =>
    request(`/api/callers/${encodeURIComponent(aeTitle)}`, { method: 'DELETE' }),
  echoPeer: (aeTitle: string): Promise<Echo> =>
    request(`/api/peers/${encodeURIComponent(aeTitle)}/echo`, { method: 'POST' }),
  measurements: (studyUid: string): Promise<Measurements> =>
    request(`/api/studies/${encodeURIComponent(studyUid)}/measurements`),
  saveMeasurements: (studyUid: string, changes: MeasurementChanges): Promise<Measurements> =>
    request(`/api/studies/${encodeURIComponent(studyUid)}/measurements`, { method: 'POST', body: changes }),
  volumes: (studyUid: string, seriesUid: string): Promise<SeriesVolumes> =>
    request(`/api/studies/${encodeURIComponent(studyUid)}/series/${encodeURIComponent(seriesUid)}/volumes`),
  seriesMetadata: (studyUid: string, seriesUid: string, signal?: AbortSignal): Promise<DicomInstance[]> =>
    request(`${seriesPath(studyUid, seriesUid)}/metadata`, { accept: 'application/dicom+json', signal }),
};

export function seriesPath(studyUid: string, seriesUid: string): string {
  return `/dicom-web/studies/${studyUid}/series/${seriesUid}`;
}
