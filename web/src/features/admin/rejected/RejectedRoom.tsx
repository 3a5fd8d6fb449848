import { useCallback, useState } from 'react';
import { admin } from '../../../api/admin';
import type { Rejection } from '../../../api/types';
import { t } from '../../../i18n';
import { moment } from '../../../ui/format';
import { Icon } from '../../../ui/Icon';
import { Confirm, focusTitle } from '../Confirm';
import { Field } from '../fields';
import { Problem } from '../Problem';
import { Table } from '../Table';
import { useActions } from '../useActions';
import { type Asking, useLive } from '../useLive';
import { codeKey, levelOf, subjectKey, uidOf } from './subject';

const MOST = 1000;

/** What was rejected and is hidden: by whom, why, and how it comes back. */
export function RejectedRoom() {
  const load = useCallback((asking: Asking) => admin.rejected(MOST, asking), []);
  const live = useLive(load);
  const actions = useActions();
  const [restoring, setRestoring] = useState<Rejection>();
  const [reason, setReason] = useState('');
  const restore = (subject: Rejection): void => {
    void actions
      .run(subjectKey(subject), async () => {
        await admin.restore(subject, reason.trim());
        await live.refresh();
      })
      .then((done) => done && focusTitle());
  };
  const rejected = live.value?.rejected ?? [];
  return (
    <>
      <Problem text={live.problem} onRetry={() => void live.refresh()} />
      {live.value && rejected.length === 0 && (
        <div className="admin-empty">
          <Icon name="check" size={28} />
          <h2>{t('admin.rejected.none')}</h2>
          <p>{t('admin.rejected.noneHint')}</p>
          <code>curl -X POST …/dicom-web/studies/UID/reject/113001</code>
        </div>
      )}
      {rejected.length > 0 && (
        <>
          <Table
            heads={[t('admin.rejected.what'), t('admin.rejected.why'), t('admin.rejected.who'), t('admin.queue.when')]}
            actions
          >
            {rejected.map((one) => (
              <Row
                key={subjectKey(one)}
                rejection={one}
                busy={actions.busy.has(subjectKey(one))}
                problem={actions.failures[subjectKey(one)]}
                onRestore={() => {
                  setReason('');
                  setRestoring(one);
                }}
              />
            ))}
          </Table>
          {rejected.length === MOST && <p className="muted">{t('admin.rejected.most', { count: MOST })}</p>}
        </>
      )}
      {restoring && (
        <Confirm
          title={t('admin.rejected.restoreTitle')}
          verb={t('admin.rejected.restore')}
          onClose={() => setRestoring(undefined)}
          onConfirm={() => restore(restoring)}
        >
          <p>
            {t(`admin.rejected.level.${levelOf(restoring)}`)} <span className="uid">{uidOf(restoring)}</span>
          </p>
          <p>{t('admin.rejected.restoreText')}</p>
          <Field label={t('admin.rejected.reason')} hint={t('admin.rejected.reasonHint')}>
            {(attributes) => (
              <input
                {...attributes}
                maxLength={500}
                autoComplete="off"
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            )}
          </Field>
        </Confirm>
      )}
    </>
  );
}

interface RowProps {
  rejection: Rejection;
  busy: boolean;
  problem: { text: string; again: () => void } | undefined;
  onRestore: () => void;
}

function Row({ rejection, busy, problem, onRestore }: RowProps) {
  const level = levelOf(rejection);
  const code = codeKey(rejection.code);
  return (
    <>
      <tr data-testid="rejected">
        <th scope="row">
          {t(`admin.rejected.level.${level}`)}
          <div className="uid plain">{uidOf(rejection)}</div>
          {level !== 'study' && (
            <div className="muted uid">{t('admin.rejected.of', { uid: rejection.study_instance_uid })}</div>
          )}
        </th>
        <td>
          {code ? t(code) : rejection.code}
          {rejection.reason && <div className="muted">{rejection.reason}</div>}
        </td>
        <td>{rejection.by}</td>
        <td>{moment(rejection.at)}</td>
        <td>
          <div className="row row-end">
            <button type="button" className="button" disabled={busy} onClick={onRestore}>
              {t('admin.rejected.restore')}
            </button>
          </div>
        </td>
      </tr>
      <tr className="more-row" hidden={!problem}>
        <td colSpan={5}>
          <Problem text={problem?.text} onRetry={() => problem?.again()} />
        </td>
      </tr>
    </>
  );
}
