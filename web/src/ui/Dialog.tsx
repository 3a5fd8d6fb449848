import { type ReactNode, useEffect, useId, useRef } from 'react';
import { t } from '../i18n';
import { Icon } from './Icon';

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  className?: string;
  /** Without the visible title bar. */
  bare?: boolean;
  /** A click beside it does not close it: it would lose what was typed, or a secret. */
  steady?: boolean;
}

/** A modal dialog on the browser's own element: focus is kept inside and given back, Esc closes. */
export function Dialog({ title, onClose, children, className = '', bare = false, steady = false }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const shown = dialog.current;
    if (shown && !shown.open) shown.showModal();
    return () => shown?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the dialog closes it; for the keyboard there is Esc
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-labelledby={bare ? undefined : titleId}
      aria-label={bare ? title : undefined}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (!steady && event.target === dialog.current) onClose();
      }}
    >
      {!bare && (
        <header className="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" className="icon-button" aria-label={t('app.close')} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
      )}
      {children}
    </dialog>
  );
}
