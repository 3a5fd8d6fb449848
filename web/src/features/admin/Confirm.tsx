import type { ReactNode } from 'react';
import { t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';

interface Props {
  title: string;
  verb: string;
  /** Where “Cancel” would be taken for the verb. */
  back?: string;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Asks before something is taken away. */
export function Confirm({ title, verb, back = t('admin.cancel'), onConfirm, onClose, children }: Props) {
  return (
    <Dialog title={title} onClose={onClose} className="admin-dialog">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
          onClose();
        }}
      >
        {children}
        <div className="row form-buttons">
          <button type="button" className="button" onClick={onClose}>
            {back}
          </button>
          <button type="submit" className="button button-main">
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** After something was taken away, the focus has a place to be. */
export function focusTitle(): void {
  document.getElementById('room-title')?.focus();
}
