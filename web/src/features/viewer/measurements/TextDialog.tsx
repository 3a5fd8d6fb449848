import { useState } from 'react';
import { t } from '../../../i18n';
import { Dialog } from '../../../ui/Dialog';
import { LABEL_MAX } from './changes';
import type { Question } from './state';
import type { MeasurementStore } from './store';

/** Asks for the text that was put on a picture. */
export function TextDialog({ store, question }: { store: MeasurementStore; question: Question }) {
  const [text, setText] = useState(question.before);
  return (
    <Dialog title={t('measure.text.title')} onClose={() => store.answer('')} steady>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          store.answer(text);
        }}
      >
        <input
          className="input"
          aria-label={t('measure.text.title')}
          // What the dialog gives the focus to when it opens: React's own autoFocus comes too early for it.
          ref={(field) => field?.setAttribute('autofocus', '')}
          maxLength={LABEL_MAX}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button button-main" disabled={text.trim() === ''}>
          {t('measure.text.put')}
        </button>
      </form>
    </Dialog>
  );
}
