import { useEffect, useState } from 'react';
import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import type { Hanger } from './hanging/hanger';

const STAYS_MS = 12_000;

interface Props {
  hanger: Hanger;
  /** What goes where has been decided. */
  hung: boolean;
}

/** The study was opened in the layout that was chosen last time, which may hide its priors: said for a while, with the way back. */
export function KeptLayoutNote({ hanger, hung }: Props) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!hung || !hanger.keptLayout) return;
    setShown(true);
    const timer = setTimeout(() => setShown(false), STAYS_MS);
    return () => clearTimeout(timer);
  }, [hung, hanger]);
  if (!shown) return null;
  return (
    <p className="viewer-note viewer-note-kept" role="status" data-testid="kept-layout">
      {t('hanging.keptLayout')}{' '}
      <button
        type="button"
        className="button"
        onClick={() => {
          setShown(false);
          void hanger.forgetLayout();
        }}
      >
        {t('hanging.byProtocol')}
      </button>
      <button type="button" className="icon-button" aria-label={t('app.close')} onClick={() => setShown(false)}>
        <Icon name="close" />
      </button>
    </p>
  );
}
