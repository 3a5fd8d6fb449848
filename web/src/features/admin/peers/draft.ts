/** A peer as it is being edited, and what it becomes. */
import type { Peer, PeerAsked } from '../../../api/types';
import type { MessageKey } from '../../../i18n';

export const PERMISSIONS = ['store', 'query', 'retrieve', 'commit', 'receive', 'reject'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface PeerDraft {
  aeTitle: string;
  host: string;
  port: string;
  tls: boolean;
  may: readonly string[];
  maxAssociations: string;
  certificate: string;
}

export const NEW_PEER: PeerDraft = {
  aeTitle: '',
  host: '',
  port: '',
  tls: false,
  // To hide the studies of others is given by name only.
  may: PERMISSIONS.filter((one) => one !== 'reject'),
  maxAssociations: '2',
  certificate: '',
};

export function draftOf(peer: Peer): PeerDraft {
  return {
    aeTitle: peer.ae_title,
    host: peer.host,
    port: peer.port ? String(peer.port) : '',
    tls: peer.tls,
    may: peer.may,
    maxAssociations: String(peer.max_associations),
    certificate: peer.certificate,
  };
}

/** What is kept of a peer, its AE title aside. What the form does not show stays as it was. */
export function peerAsked({ ae_title: _, ...peer }: Peer, changes: Partial<PeerAsked> = {}): PeerAsked {
  return { ...peer, ...changes };
}

export function draftAsked(draft: PeerDraft, before?: Peer): Partial<PeerAsked> {
  const said = {
    host: draft.host.trim(),
    port: Number(draft.port || 0),
    tls: draft.tls,
    may: [...draft.may],
    max_associations: Number(draft.maxAssociations),
    certificate: draft.certificate.trim(),
  };
  return before ? peerAsked(before, said) : said;
}

/** A permission that this page does not know stays as it is. */
export function withPermission(may: readonly string[], permission: Permission, given: boolean): string[] {
  const others = may.filter((one) => one !== permission);
  return given ? [...others, permission] : others;
}

export type DraftProblems = Partial<Record<keyof PeerDraft, MessageKey>>;

/** An AE title is 1 to 16 characters of the default repertoire without backslash and control characters (PS3.5 table 6.2-1). */
const AE_TITLE = /^[\x20-\x5b\x5d-\x7e]{1,16}$/;

export function problemsOf(draft: PeerDraft): DraftProblems {
  const problems: DraftProblems = {};
  const title = draft.aeTitle.trim();
  if (!AE_TITLE.test(title)) problems.aeTitle = 'admin.peers.badTitle';
  if (draft.host.trim() !== '' && !/^[A-Za-z0-9_.:%-]+$/.test(draft.host.trim())) problems.host = 'admin.peers.badHost';
  if (draft.port !== '' && !isNumber(draft.port, 1, 65535)) problems.port = 'admin.peers.badPort';
  else if (draft.port !== '' && draft.host.trim() === '') problems.host = 'admin.peers.hostMissing';
  if (!isNumber(draft.maxAssociations, 1, 64)) problems.maxAssociations = 'admin.peers.badAssociations';
  return problems;
}

function isNumber(text: string, least: number, most: number): boolean {
  return /^\d{1,6}$/.test(text.trim()) && Number(text) >= least && Number(text) <= most;
}
