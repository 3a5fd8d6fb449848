import { useRef, useState } from 'react';
import { t } from '../../../i18n';
import { Dialog } from '../../../ui/Dialog';

interface Props {
  title: string;
  hint: string;
  secret: string;
  onClose: () => void;
}

/** Something that is shown this once, to be handed on. A click beside it does not lose it. */
export function Secret({ title, hint, secret, onClose }: Props) {
  const [copied, setCopied] = useState(false);
  const [seen, setSeen] = useState(false);
  const tick = useRef<HTMLInputElement>(null);
  return (
    <Dialog title={title} onClose={() => (seen ? onClose() : tick.current?.focus())} className="admin-dialog" steady>
      <div className="form">
        <p>{hint}</p>
        <code data-testid="secret">{secret}</code>
        <div className="row">
          <button
            type="button"
            className="button"
            onClick={() => void navigator.clipboard?.writeText(secret).then(() => setCopied(true))}
          >
            {copied ? t('callers.copied') : t('callers.copy')}
          </button>
          <output className="visually-hidden">{copied && t('callers.copied')}</output>
        </div>
        <label className="tick-label">
          <input ref={tick} type="checkbox" checked={seen} onChange={(event) => setSeen(event.target.checked)} />
          {t('admin.people.handedOn')}
        </label>
        <div className="row form-buttons">
          <button type="button" className="button button-main" disabled={!seen} onClick={onClose}>
            {t('app.close')}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
