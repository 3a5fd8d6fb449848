import { t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { CalibrateDialog } from './CalibrateDialog';
import type { TrueSizeAnswer } from './trueSize';

export type SizeQuestion = Exclude<TrueSizeAnswer, 'shown'>;

interface Props {
  question: SizeQuestion;
  onClose: () => void;
  /** The screen has been calibrated. */
  onKept: () => void;
}

/** What stands between a picture and its true size. */
export function SizeDialog({ question, onClose, onKept }: Props) {
  if (question === 'uncalibrated') return <CalibrateDialog onClose={onClose} onKept={onKept} />;
  return (
    <Dialog title={t('viewer.trueSize')} onClose={onClose}>
      <div className="form">
        <p>{t(question === 'noSpacing' ? 'trueSize.noSpacing' : 'trueSize.outOfReach')}</p>
        <button type="button" className="button button-main" onClick={onClose}>
          {t('app.close')}
        </button>
      </div>
    </Dialog>
  );
}
