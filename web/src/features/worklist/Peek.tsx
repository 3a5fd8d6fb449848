import { useEffect, useState } from 'react';
import { api } from '../../api/client';
import {
  READING_PRIORITIES,
  READING_STATUSES,
  type ReadingPriority,
  type ReadingStatus,
  type StudyDetail,
  type StudyRow,
} from '../../api/types';
import type { StudyMark } from '../../api/worklist';
import { keyLabel } from '../../commands/registry';
import { t, tCount } from '../../i18n';
import { dicomDate, dicomTime, personName } from '../../ui/format';
import { hasPictures, picturesFirst } from '../../ui/modalities';
import { ageAt } from '../../ui/patientAge';
import { priorityKey, statusKey } from '../../ui/reading';
import { seriesName } from '../../ui/seriesName';

const SETTLE_MS = 150;

interface Props {
  row: StudyRow | undefined;
  onOpen: (studyUid: string) => void;
  /** Without it, status and priority are only shown. */
  onMark: ((studyUid: string, mark: StudyMark) => void) | undefined;
}

/** The chosen study at a glance: its series, and the patient's other studies on a time line. */
export function Peek({ row, onOpen, onMark }: Props) {
  const uid = row?.study_instance_uid;
  const [detail, setDetail] = useState<StudyDetail>();
  const grown = row?.instance_count;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `grown` only asks for another look
  useEffect(() => {
    if (!uid) return;
    const abort = new AbortController();
    // Held keys run through the list faster than the server should be asked.
    const timer = setTimeout(() => {
      api.study(uid, abort.signal).then(setDetail, () => setDetail(undefined));
    }, SETTLE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [uid, grown]);

  if (!row) return <aside className="peek muted">{t('peek.none')}</aside>;
  const current = detail?.study.study_instance_uid === uid ? detail : undefined;
  return (
    <aside className="peek" aria-label={t('peek.title')}>
      <h2>{personName(row.patient_name) || t('worklist.noName')}</h2>
      <p className="muted">
        {[row.patient_id, dicomDate(row.birth_date), ageAt(row.birth_date, row.study_date), row.sex]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <p>
        {[dicomDate(row.study_date), dicomTime(row.study_time)].filter(Boolean).join(' ')}{' '}
        {picturesFirst(row.modalities).map((name) => (
          <span className="chip" key={name}>
            {name}
          </span>
        ))}
      </p>
      <p>{row.description || <span className="muted">{t('worklist.noDescription')}</span>}</p>
      {row.accession_number && <p className="muted">{t('viewer.acc', { number: row.accession_number })}</p>}
      {row.referring_physician && (
        <p className="muted">{t('peek.referring', { name: personName(row.referring_physician) })}</p>
      )}
      <Marks row={row} onMark={onMark} />
      <button type="button" className="button button-main" onClick={() => onOpen(row.study_instance_uid)}>
        {t('worklist.open')} <kbd>{keyLabel('Enter')}</kbd>
      </button>
      <h3>{t('peek.series')}</h3>
      <ul className="peek-series">
        {current?.series.map((series) => {
          const images = series.frame_count || series.instance_count;
          const name = seriesName(series.modality, series.description);
          return (
            <li key={series.series_instance_uid}>
              <span className="thumb">
                <span className="thumb-word">{series.modality}</span>
                {hasPictures(series.modality) && (
                  <img
                    src={series.thumbnail}
                    alt=""
                    loading="lazy"
                    decoding="async"
                    onError={(event) => event.currentTarget.remove()}
                  />
                )}
              </span>
              <span className="peek-series-name" title={name}>
                {name || series.body_part || series.modality}
              </span>
              <span className="muted">{tCount('peek.images', images)}</span>
            </li>
          );
        })}
      </ul>
      <h3>{t('peek.priors')}</h3>
      {current && current.priors.length === 0 && <p className="muted">{t('peek.noPriors')}</p>}
      {current && current.priors.length > 0 && <TimeLine current={row} others={current.priors} onOpen={onOpen} />}
    </aside>
  );
}

function Marks({ row, onMark }: Pick<Props, 'onMark'> & { row: StudyRow }) {
  if (!onMark) {
    return (
      <p>
        {t(statusKey(row.status))} · {t(priorityKey(row.priority))}
      </p>
    );
  }
  const uid = row.study_instance_uid;
  return (
    <div className="row peek-marks">
      <select
        className="select"
        aria-label={t('reading.status')}
        value={row.status}
        onChange={(event) => onMark(uid, { status: event.target.value as ReadingStatus })}
      >
        {READING_STATUSES.map((one) => (
          <option key={one} value={one}>
            {t(statusKey(one))}
          </option>
        ))}
      </select>
      <select
        className="select"
        aria-label={t('reading.priority')}
        value={row.priority}
        onChange={(event) => onMark(uid, { priority: event.target.value as ReadingPriority })}
      >
        {READING_PRIORITIES.map((one) => (
          <option key={one} value={one}>
            {t(priorityKey(one))}
          </option>
        ))}
      </select>
    </div>
  );
}

function TimeLine({
  current,
  others,
  onOpen,
}: {
  current: StudyRow;
  others: StudyRow[];
  onOpen: (studyUid: string) => void;
}) {
  const all = [...others, current].sort((one, other) =>
    `${other.study_date}${other.study_time}`.localeCompare(`${one.study_date}${one.study_time}`),
  );
  return (
    <ol className="timeline">
      {all.map((study) => {
        const here = study.study_instance_uid === current.study_instance_uid;
        return (
          <li key={study.study_instance_uid} className={here ? 'timeline-here' : ''}>
            <button type="button" disabled={here} onClick={() => onOpen(study.study_instance_uid)}>
              <span>{dicomDate(study.study_date) || '–'}</span>{' '}
              <span className="chip">{picturesFirst(study.modalities).join(' ')}</span>
              <span className="muted timeline-name">{here ? t('peek.current') : study.description}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
