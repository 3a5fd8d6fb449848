import { useState } from 'react';
import { admin } from '../../../api/admin';
import type { Job } from '../../../api/types';
import { t } from '../../../i18n';
import { moment } from '../../../ui/format';
import { Problem } from '../Problem';
import { Table } from '../Table';
import type { Actions } from '../useActions';
import { useNow } from '../useNow';
import { queueWords, untilWords } from '../words';
import { allToggled, type Chosen, canCancel, canRetry, chosenOf, toggled } from './selection';

interface Props {
  jobs: readonly Job[];
  actions: Actions;
  act: (key: string, action: () => Promise<unknown>) => Promise<boolean>;
  onOpenStudy: (studyUid: string) => void;
}

const MANY = 'many';
/** In place of a rule's name: what somebody sent from the worklist. */
const BY_HAND = 'by hand';

/** Jobs, the latest first; one or many of them are tried again or cancelled. */
export function JobTable({ jobs, actions, act, onOpenStudy }: Props) {
  const now = useNow();
  const [chosen, setChosen] = useState<Chosen>(new Set());
  const toRetry = chosenOf(chosen, jobs, canRetry);
  const toCancel = chosenOf(chosen, jobs, canCancel);
  const many = (of: readonly Job[], one: (id: number) => Promise<Job>): void => {
    void act(MANY, async () => {
      for (const job of of) await one(job.id);
    }).then((done) => done && setChosen(new Set()));
  };
  if (jobs.length === 0) return <p className="muted">{t('admin.queue.noJobs')}</p>;
  return (
    <>
      <div className="admin-tools">
        <button
          type="button"
          className="button"
          disabled={toRetry.length === 0 || actions.busy.has(MANY)}
          onClick={() => many(toRetry, admin.retryJob)}
        >
          {t('admin.queue.retryChosen', { count: toRetry.length })}
        </button>
        <button
          type="button"
          className="button"
          disabled={toCancel.length === 0 || actions.busy.has(MANY)}
          onClick={() => many(toCancel, admin.cancelJob)}
        >
          {t('admin.queue.cancelChosen', { count: toCancel.length })}
        </button>
        <Problem text={actions.failures[MANY]?.text} onRetry={() => actions.failures[MANY]?.again()} />
      </div>
      <Table
        heads={[
          {
            text: (
              <input
                type="checkbox"
                aria-label={t('admin.queue.chooseAll')}
                checked={jobs.every((job) => chosen.has(job.id))}
                onChange={() => setChosen(allToggled(chosen, jobs))}
              />
            ),
            className: 'tick',
          },
          t('admin.queue.job'),
          t('admin.queue.what'),
          t('admin.queue.state'),
          { text: t('admin.queue.attempts'), className: 'number' },
          { text: t('admin.queue.when'), className: 'until' },
        ]}
        actions
      >
        {jobs.map((job) => (
          <JobRow
            key={job.id}
            job={job}
            now={now}
            chosen={chosen.has(job.id)}
            busy={actions.busy.has(`job ${job.id}`)}
            problem={actions.failures[`job ${job.id}`]}
            onChoose={() => setChosen(toggled(chosen, job.id))}
            onRetry={() => void act(`job ${job.id}`, () => admin.retryJob(job.id))}
            onCancel={() => void act(`job ${job.id}`, () => admin.cancelJob(job.id))}
            onOpenStudy={onOpenStudy}
          />
        ))}
      </Table>
    </>
  );
}

interface RowProps {
  job: Job;
  now: number;
  chosen: boolean;
  busy: boolean;
  problem: { text: string; again: () => void } | undefined;
  onChoose: () => void;
  onRetry: () => void;
  onCancel: () => void;
  onOpenStudy: (studyUid: string) => void;
}

function JobRow({ job, now, chosen, busy, problem, onChoose, onRetry, onCancel, onOpenStudy }: RowProps) {
  const [kind = '', peer = ''] = job.queue.split(/\/(.*)/, 2);
  const waits = job.state === 'waiting' ? untilWords(job.next_try, now) : '';
  return (
    <>
      <tr data-testid="job" data-state={job.state}>
        <td className="tick">
          <input
            type="checkbox"
            aria-label={t('admin.queue.choose', { id: job.id })}
            checked={chosen}
            onChange={onChoose}
          />
        </td>
        <th scope="row">
          {queueWords({ kind, peer, name: job.queue })}
          {job.rule && (
            <div className="muted">
              {job.rule === BY_HAND ? t('admin.queue.byHand') : t('admin.queue.byRule', { rule: job.rule })}
            </div>
          )}
        </th>
        <td>
          {job.study_instance_uid ? (
            <button type="button" className="link uid" onClick={() => onOpenStudy(job.study_instance_uid)}>
              {job.study_instance_uid}
            </button>
          ) : (
            <span className="muted">{t('admin.queue.notYet')}</span>
          )}
          {job.sop_instance_uid && <div className="muted uid">{job.sop_instance_uid}</div>}
        </td>
        <td>
          <span className={`state state-${job.state}`}>{t(`admin.queue.state.${job.state}`)}</span>
        </td>
        <td className="number">{job.attempts}</td>
        <td className="until">{waits || moment(job.finished_at || job.enqueued_at)}</td>
        <td>
          <div className="row row-end">
            <button type="button" className="button" disabled={busy || !canRetry(job)} onClick={onRetry}>
              {t('admin.queue.retry')}
            </button>
            <button type="button" className="button" disabled={busy || !canCancel(job)} onClick={onCancel}>
              {t('admin.queue.cancel')}
            </button>
          </div>
        </td>
      </tr>
      <tr className="more-row" hidden={!job.last_error && !problem}>
        <td />
        <td colSpan={6}>
          {job.last_error && (
            <span className="muted">
              {job.state === 'cancelled' ? job.last_error : t('admin.queue.lastError', { reason: job.last_error })}
            </span>
          )}
          <Problem text={problem?.text} onRetry={() => problem?.again()} />
        </td>
      </tr>
    </>
  );
}
