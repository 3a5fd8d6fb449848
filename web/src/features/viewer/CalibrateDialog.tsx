import { useState } from 'react';
import { t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { withDecimalSign } from '../../ui/format';
import { CARD_MM, keepScreenPixelsPerMm, screenPixelsPerMm } from '../../ui/screen';
import './calibrate.css';

/** CSS pixels; screens of 96 pixels an inch show a card 323 wide. */
const USUAL_WIDTH = 323.5;
const NARROWEST = 150;
const WIDEST = 900;

interface Props {
  onClose: () => void;
  onKept: () => void;
}

/** A drawing of a bank card that is made as large as a real one. */
export function CalibrateDialog({ onClose, onKept }: Props) {
  const known = screenPixelsPerMm();
  const [width, setWidth] = useState(known ? known * CARD_MM.width : USUAL_WIDTH);
  const perMm = width / CARD_MM.width;
  return (
    <Dialog title={t('calibrate.title')} onClose={onClose} className="calibrate" steady>
      <div className="calibrate-body">
        <p>{t('calibrate.lead')}</p>
        <div className="calibrate-stage">
          <div
            className="calibrate-card"
            data-testid="card"
            style={{ width: `${width}px`, height: `${perMm * CARD_MM.height}px` }}
          />
        </div>
        <label className="calibrate-slider">
          <span>{t('calibrate.size')}</span>
          <input
            type="range"
            min={NARROWEST}
            max={WIDEST}
            step={0.5}
            value={width}
            onChange={(event) => setWidth(Number(event.target.value))}
          />
          <output>
            {t('calibrate.perMm', { count: withDecimalSign((perMm * (window.devicePixelRatio || 1)).toFixed(2)) })}
          </output>
        </label>
        <p className="muted">{t('calibrate.kept')}</p>
        <div className="row">
          <button
            type="button"
            className="button button-main"
            onClick={() => {
              keepScreenPixelsPerMm(perMm);
              onKept();
            }}
          >
            {t('calibrate.save')}
          </button>
          <button type="button" className="button" onClick={onClose}>
            {t('calibrate.cancel')}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
