import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import type { Notice } from './useDeeds';

/** What was done last, with a way back; it stays until it is dismissed or something else is done. */
export function NoticeBar({ notice, onDismiss }: { notice: Notice | undefined; onDismiss: () => void }) {
  return (
    <div className="notice-place" role={notice?.failed ? 'alert' : 'status'}>
      {notice && (
        <div className="notice" data-testid="notice">
          {notice.failed && <Icon name="warning" />}
          <span>{notice.text}</span>
          {notice.undo && (
            <button type="button" className="button" onClick={notice.undo}>
              {t('bulk.undo')}
            </button>
          )}
          <button type="button" className="icon-button" aria-label={t('app.close')} onClick={onDismiss}>
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}
