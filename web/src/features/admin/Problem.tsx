import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';

/** What went wrong, in words, beside the thing, with a way to try it again. */
export function Problem({ text, onRetry }: { text: string | undefined; onRetry: () => void }) {
  if (!text) return null;
  return (
    <div className="problem" role="alert">
      <Icon name="warning" />
      <span>{text}</span>
      <button type="button" className="button" onClick={onRetry}>
        {t('app.retry')}
      </button>
    </div>
  );
}
