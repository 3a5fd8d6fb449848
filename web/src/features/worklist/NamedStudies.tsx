import type { StudyRow } from '../../api/types';
import { t, tCount } from '../../i18n';
import { dicomDate, personName } from '../../ui/format';

const MOST_NAMED = 6;

/** Whose studies a deed is about to be done on. */
export function NamedStudies({ studies }: { studies: readonly StudyRow[] }) {
  const more = studies.length - MOST_NAMED;
  return (
    <ul className="named-studies" data-testid="named-studies">
      {studies.slice(0, MOST_NAMED).map((row) => (
        <li key={row.study_instance_uid}>
          <strong>{personName(row.patient_name) || t('worklist.noName')}</strong>{' '}
          <span className="muted">
            {[row.patient_id, dicomDate(row.study_date), row.description].filter(Boolean).join(' · ')}
          </span>
        </li>
      ))}
      {more > 0 && <li className="muted">{tCount('bulk.more', more)}</li>}
    </ul>
  );
}
