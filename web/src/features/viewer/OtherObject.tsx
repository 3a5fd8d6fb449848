import { useState } from 'react';
import { t } from '../../i18n';
import { fileWithin } from '../../imaging/attachment';
import type { DisplaySet } from '../../imaging/displaySets';

function words({ kind, modality }: DisplaySet): string {
  if (kind === 'document' || kind === 'video') return t(`viewer.kind.${kind}`);
  return modality === 'PR' ? t('viewer.kind.state') : t('viewer.kind.other', { modality });
}

/** What is not drawn: said in words, and handed out as a file where it is one. */
export function OtherObject({ set }: { set: DisplaySet }) {
  const [state, setState] = useState<'idle' | 'loading' | 'failed'>('idle');
  const instance = set.slices[0]?.instance;
  const isFile = set.kind === 'document' || set.kind === 'video';
  const keep = (): void => {
    if (!instance) return;
    setState('loading');
    fileWithin(instance).then(
      ({ name, content }) => {
        const link = document.createElement('a');
        link.href = URL.createObjectURL(content);
        link.download = name;
        link.click();
        URL.revokeObjectURL(link.href);
        setState('idle');
      },
      () => setState('failed'),
    );
  };
  return (
    <div className="tile-message">
      <p>{words(set)}</p>
      {isFile && instance && (
        <button type="button" className="button" disabled={state === 'loading'} onClick={keep}>
          {t('viewer.saveFile')}
        </button>
      )}
      {state === 'failed' && <p role="alert">{t('viewer.saveFileFailed')}</p>}
    </div>
  );
}
