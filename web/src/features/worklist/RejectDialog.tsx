import { useState } from 'react';
import type { StudyRow } from '../../api/types';
import { t, tCount } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { REJECTION_CODES, type RejectionCode } from './deeds';
import { NamedStudies } from './NamedStudies';

interface Props {
  studies: readonly StudyRow[];
  onReject: (code: RejectionCode, reason: string) => void;
  onClose: () => void;
}

/** Why some studies are taken out of sight. */
export function RejectDialog({ studies, onReject, onClose }: Props) {
  const [code, setCode] = useState<RejectionCode>(REJECTION_CODES[0]);
  const [reason, setReason] = useState('');
  return (
    <Dialog title={tCount('bulk.reject.title', studies.length)} onClose={onClose} className="bulk-dialog">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          onReject(code, reason.trim());
          onClose();
        }}
      >
        <NamedStudies studies={studies} />
        <p>{t('bulk.reject.text')}</p>
        <fieldset className="choices">
          <legend>{t('bulk.reject.why')}</legend>
          {REJECTION_CODES.map((one) => (
            <label key={one}>
              <input type="radio" name="code" value={one} checked={one === code} onChange={() => setCode(one)} />
              {t(`bulk.reject.code.${one}`)}
            </label>
          ))}
        </fieldset>
        <label>
          {t('bulk.reject.reason')}
          <input
            value={reason}
            maxLength={500}
            autoComplete="off"
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <div className="row form-buttons">
          <button type="button" className="button" onClick={onClose}>
            {t('bulk.cancel')}
          </button>
          <button type="submit" className="button button-main">
            {t('bulk.reject.do')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
