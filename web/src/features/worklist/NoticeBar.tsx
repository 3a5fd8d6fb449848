import { useEffect, useState } from 'react';
import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import type { Notice } from './useDeeds';

/** Long enough to read it and to decide. */
const STAYS_MS = 15_000;

interface Props {
  notice: Notice | undefined;
  onDismiss: () => void;
}

/** What was done last, with a way back; it goes after a while, but for a failure, and not while somebody is on it. */
export function NoticeBar({ notice, onDismiss }: Props) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!notice || notice.failed || held) return;
    const timer = setTimeout(onDismiss, STAYS_MS);
    return () => clearTimeout(timer);
  }, [notice, held, onDismiss]);
  return (
    <div className="notice-place" role={notice?.failed ? 'alert' : 'status'}>
      {notice && (
        // biome-ignore lint/a11y/noStaticElementInteractions: it is only held where it is
        <div
          className="notice"
          data-testid="notice"
          onPointerEnter={() => setHeld(true)}
          onPointerLeave={() => setHeld(false)}
          onFocus={() => setHeld(true)}
          onBlur={() => setHeld(false)}
        >
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
