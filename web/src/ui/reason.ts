/** Why the server did not do what it was asked. */
import { ApiError } from '../api/client';
import { type MessageKey, t } from '../i18n';

/** By the codes of the server's error answers; `{reason}` is what it says itself. */
const SAID: Readonly<Record<string, MessageKey>> = {
  unreachable: 'error.unreachable',
  'access-denied': 'error.denied',
  'already-exists': 'error.exists',
  'out-of-space': 'upload.reason.full',
  'peer-failed': 'error.peerFailed',
  'too-many-attempts': 'session.tooMany',
};

/** In the language of the page where the code is known; what the server judged it says in its own words. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof ApiError)) return String(cause);
  const known = SAID[cause.code];
  if (known) return t(known, { reason: cause.message });
  return cause.message || t('error.server', { status: cause.status });
}
