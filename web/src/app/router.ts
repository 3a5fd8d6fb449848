/** The address bar as a value. A few pages and a handful of filters need no more than this. */
import { useSyncExternalStore } from 'react';
import { isRoom, ROOMS, type Room } from '../features/admin/rooms';

const listeners = new Set<() => void>();
const notify = (): void => {
  for (const listener of listeners) listener();
};

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener('popstate', notify);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener('popstate', notify);
  };
}

/** Path and query, such as `/viewer/1.2.3` or `/?q=chest`. */
export function useAddress(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname + window.location.search);
}

export function navigate(address: string, { replace = false } = {}): void {
  if (address === window.location.pathname + window.location.search) return;
  if (replace) window.history.replaceState(null, '', address);
  else window.history.pushState(null, '', address);
  notify();
}

export type Route =
  | { page: 'worklist' }
  | { page: 'viewer'; studyUid: string }
  | { page: 'admin'; room: Room }
  | { page: 'unknown' };

const ADMIN = /^\/admin(?:\/([a-z]+))?\/?$/;
const VIEWER = /^\/viewer\/([0-9.]{1,64})\/?$/;

export function routeOf(path: string): Route {
  if (path === '/' || path === '/worklist') return { page: 'worklist' };
  const admin = ADMIN.exec(path);
  if (admin) {
    const room = admin[1] ?? ROOMS[0];
    return isRoom(room) ? { page: 'admin', room } : { page: 'unknown' };
  }
  const viewer = VIEWER.exec(path);
  return viewer ? { page: 'viewer', studyUid: viewer[1] as string } : { page: 'unknown' };
}
