import { READING_PRIORITIES, READING_STATUSES } from '../../api/types';
import { MOST_EXPORTED, type StudyMark } from '../../api/worklist';
import { t, tCount } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { Menu } from '../../ui/Menu';
import { priorityKey, STATUS_SIGNS, statusKey } from '../../ui/reading';

interface Props {
  picked: number;
  mayEdit: boolean;
  busy: boolean;
  onMark: (mark: StudyMark) => void;
  onExport: () => void;
  onSend: () => void;
  onReject: () => void;
  onClear: () => void;
}

/** What can be done with the picked studies. */
export function BulkBar({ picked, mayEdit, busy, onMark, onExport, onSend, onReject, onClear }: Props) {
  return (
    <div className="bulk-bar" role="toolbar" aria-label={t('bulk.title')} aria-busy={busy} data-testid="bulk-bar">
      <strong>{tCount('bulk.picked', picked)}</strong>
      {mayEdit && (
        <>
          <Menu testId="menu-status" label={`${t('reading.status')} ▾`} disabled={busy}>
            {(close) =>
              READING_STATUSES.map((status) => (
                <button
                  type="button"
                  key={status}
                  className="menu-item"
                  onClick={() => {
                    onMark({ status });
                    close();
                  }}
                >
                  {STATUS_SIGNS[status]} {t(statusKey(status))}
                </button>
              ))
            }
          </Menu>
          <Menu testId="menu-priority" label={`${t('reading.priority')} ▾`} disabled={busy}>
            {(close) =>
              [...READING_PRIORITIES].reverse().map((priority) => (
                <button
                  type="button"
                  key={priority}
                  className="menu-item"
                  onClick={() => {
                    onMark({ priority });
                    close();
                  }}
                >
                  {t(priorityKey(priority))}
                </button>
              ))
            }
          </Menu>
        </>
      )}
      <button
        type="button"
        className="button"
        disabled={picked > MOST_EXPORTED}
        title={picked > MOST_EXPORTED ? t('bulk.export.most', { count: MOST_EXPORTED }) : undefined}
        onClick={onExport}
      >
        {t('bulk.export')}
      </button>
      {mayEdit && (
        <>
          <button type="button" className="button" disabled={busy} onClick={onSend}>
            {t('bulk.send')}
          </button>
          <button type="button" className="button" disabled={busy} onClick={onReject}>
            {t('bulk.reject')}
          </button>
        </>
      )}
      <button type="button" className="icon-button" aria-label={t('bulk.clear')} onClick={onClear}>
        <Icon name="close" />
      </button>
    </div>
  );
}
