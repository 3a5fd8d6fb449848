/** What is done with several studies, and how it is told. */
import { ApiError } from '../../api/client';
import type { MessageKey } from '../../i18n';
import { t } from '../../i18n';
import { count } from '../../ui/format';

/** IHE Imaging Object Change Management; PS3.16 CID 7011. */
export const REJECTION_CODES = ['113001', '113037', '113038', '113039'] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

export interface Outcome {
  done: readonly string[];
  /** In words, of the first that failed. */
  failed: number;
  reason: string;
}

export function reasonOf(cause: unknown): string {
  if (!(cause instanceof ApiError)) return String(cause);
  if (cause.status === 0) return t('error.unreachable');
  return cause.message || t('error.server', { status: cause.status });
}

/** One after the other; what fails does not stop the others. */
export async function oneByOne(uids: readonly string[], deed: (uid: string) => Promise<unknown>): Promise<Outcome> {
  const done: string[] = [];
  let failed = 0;
  let reason = '';
  for (const uid of uids) {
    try {
      await deed(uid);
      done.push(uid);
    } catch (cause) {
      failed += 1;
      reason ||= reasonOf(cause);
    }
  }
  return { done, failed, reason };
}

/** `key` names the message for one study; `${key}.many` that for several. */
export function told(key: 'rejected' | 'restored' | 'sent' | 'marked', studies: number): string {
  const message: MessageKey = studies === 1 ? `bulk.${key}.one` : `bulk.${key}.many`;
  return t(message, { count: count(studies) });
}
