/** How far the reading of the study is: shown and said while it is read. */
import { useCallback, useMemo, useState } from 'react';
import type { ReadingStatus } from '../../api/types';
import { READING_STATUSES } from '../../api/types';
import { worklistApi } from '../../api/worklist';
import type { Command } from '../../commands/registry';
import { t } from '../../i18n';
import type { IconName } from '../../ui/Icon';
import { statusKey } from '../../ui/reading';
import { reasonOf } from './measurements/state';
import type { ViewerSession } from './session';

export const STATUS_ICONS: Readonly<Record<ReadingStatus, IconName>> = {
  unread: 'unread',
  'in-progress': 'inProgress',
  read: 'check',
};

export interface Reading {
  status: ReadingStatus;
  /** Resolves to false where the server did not take it. */
  mark: (status: ReadingStatus) => Promise<boolean>;
}

/** onFailed: why a mark was not taken, in words. */
export function useReading(session: ViewerSession, onFailed: (words: string) => void): Reading {
  const { study } = session.main;
  const [status, setStatus] = useState(study.status);
  const mark = useCallback(
    async (next: ReadingStatus) => {
      try {
        await worklistApi.mark([study.study_instance_uid], { status: next });
        setStatus(next);
        return true;
      } catch (error) {
        onFailed(t('viewer.markFailed', { reason: reasonOf(error) }));
        return false;
      }
    },
    [study, onFailed],
  );
  return useMemo(() => ({ status, mark }), [status, mark]);
}

/** next: opens the study after this one. */
export function readingCommands({ status, mark }: Reading, next: () => void): Command[] {
  return [
    ...READING_STATUSES.map(
      (one): Command => ({
        id: `study.${one}`,
        title: 'reading.markAs',
        titleKeys: { what: statusKey(one) },
        group: 'general',
        active: () => status === one,
        run: () => void mark(one),
      }),
    ),
    {
      id: 'study.readNext',
      title: 'cmd.readNext',
      group: 'general',
      keys: ['Ctrl+Enter'],
      run: () => void mark('read').then((taken) => taken && next()),
    },
  ];
}
