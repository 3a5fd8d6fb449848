import { useCallback, useState } from 'react';
import { admin } from '../../../api/admin';
import type { JobState, Queue } from '../../../api/types';
import { t, tCount } from '../../../i18n';
import { count } from '../../../ui/format';
import { Icon } from '../../../ui/Icon';
import { Confirm } from '../Confirm';
import { Problem } from '../Problem';
import { Table } from '../Table';
import { type Actions, useActions } from '../useActions';
import { type Asking, useLive } from '../useLive';
import { useNow } from '../useNow';
import { queueWords, untilWords } from '../words';
import { JobTable } from './JobTable';
import './queue.css';

const EVERY_MS = 2000;
const PAGE = 50;
const MOST = 1000;
const STATES: readonly JobState[] = ['waiting', 'running', 'failed', 'done', 'cancelled'];

/** What goes to peers or comes from them: how each queue does, and its jobs. */
export function QueueRoom({ onOpenStudy }: { onOpenStudy: (studyUid: string) => void }) {
  const [queue, setQueue] = useState('');
  const [state, setState] = useState('');
  const [limit, setLimit] = useState(PAGE);
  const load = useCallback(
    (asking: Asking) => {
      const query = new URLSearchParams({ limit: String(limit) });
      if (queue) query.set('queue', queue);
      if (state) query.set('state', state);
      return admin.queues(query.toString(), asking);
    },
    [queue, state, limit],
  );
  const live = useLive(load, EVERY_MS);
  const actions = useActions();
  const act = (key: string, action: () => Promise<unknown>): Promise<boolean> =>
    actions.run(key, async () => {
      try {
        await action();
      } finally {
        await live.refresh();
      }
    });
  const queues = live.value?.queues ?? [];

  return (
    <>
      <Problem text={live.problem} onRetry={() => void live.refresh()} />
      {live.value && queues.length === 0 && (
        <div className="admin-empty">
          <Icon name="check" size={28} />
          <h2>{t('admin.queue.none')}</h2>
          <p>{t('admin.queue.noneHint')}</p>
        </div>
      )}
      {queues.length > 0 && (
        <>
          <QueueTable queues={queues} actions={actions} act={act} />
          <h2>{t('admin.queue.jobs')}</h2>
          <div className="admin-tools">
            <label className="row">
              {t('admin.queue.queue')}
              <select
                className="select"
                value={queue}
                onChange={(event) => {
                  setQueue(event.target.value);
                  setLimit(PAGE);
                }}
              >
                <option value="">{t('admin.all')}</option>
                {queues.map((one) => (
                  <option key={one.name} value={one.name}>
                    {queueWords(one)}
                  </option>
                ))}
              </select>
            </label>
            <label className="row">
              {t('admin.queue.state')}
              <select
                className="select"
                value={state}
                onChange={(event) => {
                  setState(event.target.value);
                  setLimit(PAGE);
                }}
              >
                <option value="">{t('admin.all')}</option>
                {STATES.map((one) => (
                  <option key={one} value={one}>
                    {t(`admin.queue.state.${one}`)}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <JobTable jobs={live.value?.jobs ?? []} actions={actions} act={act} onOpenStudy={onOpenStudy} />
          {live.value?.next !== 0 && limit < MOST && (
            <button type="button" className="button" onClick={() => setLimit(Math.min(MOST, limit * 2))}>
              {t('admin.queue.more')}
            </button>
          )}
        </>
      )}
    </>
  );
}

interface TableProps {
  queues: readonly Queue[];
  actions: Actions;
  act: (key: string, action: () => Promise<unknown>) => Promise<boolean>;
}

function QueueTable({ queues, actions, act }: TableProps) {
  const now = useNow();
  const [cancelling, setCancelling] = useState<Queue>();
  return (
    <>
      <Table
        heads={[
          t('admin.queue.queue'),
          ...STATES.map((state) => ({ text: t(`admin.queue.state.${state}`), className: 'number' })),
          { text: t('admin.queue.nextTry'), className: 'until' },
        ]}
        actions
      >
        {queues.map((queue) => (
          <QueueRow
            key={queue.name}
            queue={queue}
            now={now}
            busy={actions.busy.has(queue.name)}
            problem={actions.failures[queue.name]}
            onRetry={() => void act(queue.name, () => admin.retryQueue(queue.name))}
            onCancel={() => setCancelling(queue)}
          />
        ))}
      </Table>
      {cancelling && (
        <Confirm
          title={t('admin.queue.cancelTitle', { queue: queueWords(cancelling) })}
          verb={t('admin.queue.cancelAll')}
          back={t('admin.keep')}
          onClose={() => setCancelling(undefined)}
          onConfirm={() => void act(cancelling.name, () => admin.cancelQueue(cancelling.name))}
        >
          <p>{tCount('admin.queue.cancelText', cancelling.waiting + cancelling.running + cancelling.failed)}</p>
        </Confirm>
      )}
    </>
  );
}

interface RowProps {
  queue: Queue;
  now: number;
  busy: boolean;
  problem: { text: string; again: () => void } | undefined;
  onRetry: () => void;
  onCancel: () => void;
}

function QueueRow({ queue, now, busy, problem, onRetry, onCancel }: RowProps) {
  const unfinished = queue.waiting + queue.running + queue.failed;
  return (
    <>
      <tr data-testid={`queue-${queue.name}`}>
        <th scope="row">{queueWords(queue)}</th>
        {STATES.map((state) => (
          <td key={state} className={queue[state] === 0 ? 'number muted' : 'number'} data-state={state}>
            {count(queue[state])}
          </td>
        ))}
        <td className="until">{untilWords(queue.next_try, now) || '–'}</td>
        <td>
          <div className="row row-end">
            <button
              type="button"
              className="button"
              disabled={busy || queue.waiting + queue.failed === 0}
              onClick={onRetry}
            >
              {t('admin.queue.retryAll')}
            </button>
            <button type="button" className="button" disabled={busy || unfinished === 0} onClick={onCancel}>
              {t('admin.queue.cancelAll')}
            </button>
          </div>
        </td>
      </tr>
      <tr className="more-row" hidden={!queue.last_error && !problem}>
        <td colSpan={STATES.length + 3}>
          {queue.last_error && (
            <span className="said-odd">
              <Icon name="warning" /> {t('admin.queue.lastError', { reason: queue.last_error })}
            </span>
          )}
          <Problem text={problem?.text} onRetry={() => problem?.again()} />
        </td>
      </tr>
    </>
  );
}
