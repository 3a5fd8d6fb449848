/** What is done with several studies, and how it is told. */
import type { StudyRow } from '../../api/types';
import type { StudyMark } from '../../api/worklist';
import { t, tCount } from '../../i18n';
import { personName } from '../../ui/format';
import { priorityKey, statusKey } from '../../ui/reading';
import { reasonOf } from '../../ui/reason';

/** IHE Imaging Object Change Management; PS3.16 CID 7011. */
export const REJECTION_CODES = ['113001', '113037', '113038', '113039'] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

export interface Outcome {
  done: readonly string[];
  /** In words, of the first that failed. */
  failed: number;
  reason: string;
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

/** Who was marked as what. */
export function toldMarked(rows: readonly StudyRow[], uids: readonly string[], said: StudyMark): string {
  const what = [said.status && t(statusKey(said.status)), said.priority && t(priorityKey(said.priority))];
  const [only] = uids.length === 1 ? rows.filter((row) => row.study_instance_uid === uids[0]) : [];
  const who = only ? personName(only.patient_name) || only.patient_id : tCount('worklist.count', uids.length);
  return t('bulk.marked', { who, what: what.filter(Boolean).join(', ') });
}

/** How to give the studies back what a mark takes from them: earlier marks, and whose they are. Those that lose nothing are left out. */
export function markedBefore(
  rows: readonly StudyRow[],
  uids: readonly string[],
  said: StudyMark,
): ReadonlyArray<readonly [StudyMark, readonly string[]]> {
  const meant = new Set(uids);
  const groups = new Map<string, [StudyMark, string[]]>();
  for (const row of rows) {
    if (!meant.has(row.study_instance_uid)) continue;
    const earlier: StudyMark = {
      ...(said.status && said.status !== row.status ? { status: row.status } : {}),
      ...(said.priority && said.priority !== row.priority ? { priority: row.priority } : {}),
    };
    const key = JSON.stringify(earlier);
    if (key === '{}') continue;
    const group = groups.get(key) ?? [earlier, []];
    group[1].push(row.study_instance_uid);
    groups.set(key, group);
  }
  return [...groups.values()];
}
