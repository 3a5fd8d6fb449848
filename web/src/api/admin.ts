/** Calls that only administrators make. */
import { type Options, request } from './client';
import type {
  Account,
  ApiToken,
  Job,
  LiveAssociations,
  NewPassword,
  NewToken,
  Peer,
  PeerAsked,
  Queues,
  Rejection,
  Route,
  RouteAsked,
  Routes,
  RouteVerdict,
  Setting,
  StorageUse,
  TokenAsked,
} from './types';

/** Names come from people: they may hold anything. */
const part = encodeURIComponent;
type Asking = Pick<Options, 'signal' | 'background'>;

export const admin = {
  peers: (asking?: Asking): Promise<{ peers: Peer[] }> => request('/api/peers', asking),
  putPeer: (aeTitle: string, peer: Partial<PeerAsked>): Promise<Peer> =>
    request(`/api/peers/${part(aeTitle)}`, { method: 'PUT', body: peer }),
  removePeer: (aeTitle: string): Promise<void> => request(`/api/peers/${part(aeTitle)}`, { method: 'DELETE' }),

  associations: (asking?: Asking): Promise<LiveAssociations> => request('/api/associations', asking),

  queues: (query: string, asking?: Asking): Promise<Queues> => request(`/api/queue?${query}`, asking),
  retryJob: (id: number): Promise<Job> => request(`/api/queue/${id}/retry`, { method: 'POST' }),
  cancelJob: (id: number): Promise<Job> => request(`/api/queue/${id}/cancel`, { method: 'POST' }),
  retryQueue: (queue: string): Promise<{ count: number }> =>
    request('/api/queue/retry', { method: 'POST', body: { queue } }),
  cancelQueue: (queue: string): Promise<{ count: number }> =>
    request('/api/queue/cancel', { method: 'POST', body: { queue } }),

  routes: (asking?: Asking): Promise<Routes> => request('/api/routes', asking),
  addRoute: (route: RouteAsked): Promise<Route> => request('/api/routes', { method: 'POST', body: route }),
  removeRoute: (name: string): Promise<void> => request(`/api/routes/${part(name)}`, { method: 'DELETE' }),
  tryRoutes: (studyUid: string): Promise<{ verdicts: RouteVerdict[] }> =>
    request('/api/routes/test', { method: 'POST', body: { study_instance_uid: studyUid } }),

  users: (asking?: Asking): Promise<{ users: Account[] }> => request('/api/users', asking),
  addUser: (name: string, role: string): Promise<NewPassword> =>
    request('/api/users', { method: 'POST', body: { name, role } }),
  changeUser: (name: string, change: { role?: string; disabled?: boolean }): Promise<Account> =>
    request(`/api/users/${part(name)}`, { method: 'PATCH', body: change }),
  resetPassword: (name: string): Promise<NewPassword> =>
    request(`/api/users/${part(name)}/password`, { method: 'POST' }),
  tokens: (asking?: Asking): Promise<{ tokens: ApiToken[] }> => request('/api/tokens', asking),
  addToken: (token: TokenAsked): Promise<NewToken> => request('/api/tokens', { method: 'POST', body: token }),
  revokeToken: (name: string): Promise<void> => request(`/api/tokens/${part(name)}`, { method: 'DELETE' }),

  storage: (asking?: Asking): Promise<StorageUse> => request('/api/storage', asking),

  settings: (asking?: Asking): Promise<{ settings: Setting[] }> => request('/api/settings', asking),

  rejected: (limit: number, asking?: Asking): Promise<{ rejected: Rejection[] }> =>
    request(`/dicom-web/rejected?limit=${limit}`, asking),
  restore: (subject: Rejection, reason: string): Promise<void> => {
    const { study_instance_uid, series_instance_uid, sop_instance_uid } = subject;
    const series = series_instance_uid ? `/series/${part(series_instance_uid)}` : '';
    const instance = sop_instance_uid ? `/instances/${part(sop_instance_uid)}` : '';
    const said = reason ? `?reason=${part(reason)}` : '';
    return request(`/dicom-web/studies/${part(study_instance_uid)}${series}${instance}/restore${said}`, {
      method: 'POST',
    });
  },
};
