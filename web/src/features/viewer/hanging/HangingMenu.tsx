import { t } from '../../../i18n';
import { protocolName } from './HangingDialog';
import type { Hanger } from './hanger';

interface Props {
  hanger: Hanger;
  /** Before what is chosen happens. */
  onDone: () => void;
  onKeep: () => void;
  onEdit: () => void;
}

/** The protocols that fit the study, and the way to one's own. */
export function HangingMenu({ hanger, onDone, onKeep, onEdit }: Props) {
  const current = hanger.currentId();
  const after = (what: () => void) => () => {
    onDone();
    what();
  };
  return (
    <div className="hanging-menu">
      <p className="hanging-heading">{t('hanging.title')}</p>
      {hanger.fitting().map((protocol) => (
        <button
          type="button"
          key={protocol.id}
          className="hanging-entry"
          aria-pressed={protocol.id === current}
          onClick={after(() => void hanger.choose(protocol))}
        >
          {protocolName(protocol)}
        </button>
      ))}
      <button type="button" className="hanging-entry hanging-more" onClick={after(onKeep)}>
        {t('hanging.keep')}
      </button>
      <button type="button" className="hanging-entry" onClick={after(onEdit)}>
        {t('hanging.edit')}
      </button>
    </div>
  );
}
