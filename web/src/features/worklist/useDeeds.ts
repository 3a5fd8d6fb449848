import { useCallback, useMemo, useRef, useState } from 'react';
import type { StudyRow } from '../../api/types';
import { archiveUrl, MOST_EXPORTED, type StudyMark, worklistApi } from '../../api/worklist';
import { t, tCount } from '../../i18n';
import { reasonOf } from '../../ui/reason';
import { markedBefore, oneByOne, type RejectionCode, toldMarked } from './deeds';
import type { WorklistData } from './useWorklist';

/** What was done, and how it is taken back. */
export interface Notice {
  text: string;
  failed: boolean;
  undo?: () => void;
}

export interface Deeds {
  notice: Notice | undefined;
  dismiss: () => void;
  busy: boolean;
  mark: (uids: readonly string[], mark: StudyMark) => void;
  send: (uids: readonly string[], aeTitle: string) => void;
  reject: (uids: readonly string[], code: RejectionCode, reason: string) => void;
  exportZip: (uids: readonly string[]) => void;
}

/** Deeds on studies of the list. What the server has not said is not told as done. */
export function useDeeds({ rows, refresh, assume, forget }: WorklistData): Deeds {
  const listed = useRef<readonly StudyRow[]>(rows);
  listed.current = rows;
  const [notice, setNotice] = useState<Notice>();
  const [running, setRunning] = useState(0);
  const dismiss = useCallback(() => setNotice(undefined), []);
  const during = useRef(async (work: () => Promise<void>): Promise<void> => {
    setRunning((before) => before + 1);
    try {
      await work();
    } catch (cause) {
      setNotice({ text: t('bulk.failed', { reason: reasonOf(cause) }), failed: true });
    } finally {
      setRunning((before) => before - 1);
    }
  });

  const mark = useCallback(
    (uids: readonly string[], said: StudyMark) =>
      void during.current(async () => {
        const before = markedBefore(listed.current, uids, said);
        await worklistApi.mark(uids, said);
        assume(uids, said);
        setNotice({
          text: toldMarked(listed.current, uids, said),
          failed: false,
          undo: () =>
            void during.current(async () => {
              for (const [earlier, some] of before) {
                await worklistApi.mark(some, earlier);
                assume(some, earlier);
              }
              setNotice({ text: t('bulk.markUndone'), failed: false });
              refresh();
            }),
        });
        refresh();
      }),
    [assume, refresh],
  );
  const send = useCallback(
    (uids: readonly string[], aeTitle: string) =>
      void during.current(async () => {
        const { studies } = await worklistApi.send(uids, aeTitle);
        setNotice({ text: tCount('bulk.sent', studies), failed: false });
      }),
    [],
  );
  const restore = useCallback(
    (uids: readonly string[]) =>
      void during.current(async () => {
        const { done, failed, reason } = await oneByOne(uids, (uid) => worklistApi.restore(uid, t('bulk.undone')));
        const text = [tCount('bulk.restored', done.length), failed ? t('bulk.failed', { reason }) : ''];
        setNotice({ text: text.filter(Boolean).join(' '), failed: failed > 0 });
        refresh();
      }),
    [refresh],
  );
  const reject = useCallback(
    (uids: readonly string[], code: RejectionCode, why: string) =>
      void during.current(async () => {
        const { done, failed, reason } = await oneByOne(uids, (uid) => worklistApi.reject(uid, code, why));
        forget(done);
        const text = [tCount('bulk.rejected', done.length), failed ? t('bulk.failed', { reason }) : ''];
        setNotice({
          text: text.filter(Boolean).join(' '),
          failed: failed > 0,
          ...(done.length > 0 ? { undo: () => restore(done) } : {}),
        });
        refresh();
      }),
    [refresh, forget, restore],
  );
  const exportZip = useCallback((uids: readonly string[]) => {
    if (uids.length === 0 || uids.length > MOST_EXPORTED) return;
    const link = document.createElement('a');
    link.href = archiveUrl(uids);
    link.download = 'studies.zip';
    link.click();
  }, []);
  return useMemo(
    () => ({ notice, dismiss, busy: running > 0, mark, send, reject, exportZip }),
    [notice, dismiss, running, mark, send, reject, exportZip],
  );
}
