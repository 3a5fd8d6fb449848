import { useState } from 'react';
import type { SeriesRow, StudyDetail, StudyRow } from '../../api/types';
import { t } from '../../i18n';
import { type DisplaySet, writtenAt } from '../../imaging/displaySets';
import { count, dicomDate, dicomTime } from '../../ui/format';
import { hasPictures, picturesFirst } from '../../ui/modalities';
import { seriesName } from '../../ui/seriesName';
import { momentText } from './annotations/documentText';
import { KeySeries, useHasKeys } from './annotations/KeySeries';
import { gapText } from './corner';
import { isProjection, lateralityOf, viewOf } from './hanging/facts';
import type { Hanger, RankedPrior } from './hanging/hanger';
import { tileCount } from './layout';
import { gapBetween, isEarlier } from './moment';
import { type Assignment, seriesInOrder, type ViewerSession, type ViewerState } from './session';
import { SERIES_DRAG_TYPE } from './TileView';

interface Props {
  session: ViewerSession;
  viewer: ViewerState;
}

/** Left of the pictures: this study's series, and the priors. */
export function Rail({ session, hanger, viewer }: Props & { hanger: Hanger }) {
  const main = session.main;
  const isPrior = ({ facts }: RankedPrior): boolean => isEarlier(facts.moment, hanger.study.moment);
  const earlier = hanger.priors.filter(isPrior);
  const others = hanger.priors.filter((prior) => !isPrior(prior));
  const entry = ({ study }: RankedPrior) => (
    <Prior key={study.study_instance_uid} session={session} viewer={viewer} prior={study} main={main.study} />
  );
  return (
    <nav className="rail" aria-label={t('viewer.rail')}>
      <h2>{t('viewer.thisStudy')}</h2>
      <SeriesList session={session} viewer={viewer} detail={main} />
      <h2>{t('viewer.priors')}</h2>
      {earlier.length === 0 && <p className="muted rail-note">{t('viewer.noPriors')}</p>}
      {earlier.map(entry)}
      {others.length > 0 && <h2>{t('viewer.others')}</h2>}
      {others.map(entry)}
    </nav>
  );
}

function Prior({ session, viewer, prior, main }: Props & { prior: StudyRow; main: StudyRow }) {
  const [open, setOpen] = useState(false);
  const [failed, setFailed] = useState(false);
  const detail = viewer.studies[prior.study_instance_uid];
  const gap = gapBetween(prior, main);
  const size = gap && ('days' in gap ? gap.days : gap.minutes);
  const sameDay = prior.study_date === main.study_date;
  return (
    <div className="prior">
      <button
        type="button"
        className="prior-head"
        aria-expanded={open}
        onClick={() => {
          setOpen(!open);
          setFailed(false);
          if (!detail) session.openStudy(prior.study_instance_uid).catch(() => setFailed(true));
        }}
      >
        <span className="prior-date">
          {[dicomDate(prior.study_date) || t('viewer.undated'), sameDay && dicomTime(prior.study_time)]
            .filter(Boolean)
            .join(' ')}
        </span>
        <span className="chip">{picturesFirst(prior.modalities).join(' ')}</span>
        {gap && size !== 0 && <span className="muted">{`${Number(size) > 0 ? '−' : '+'}${gapText(gap)}`}</span>}
        <span className="prior-description">{prior.description || t('worklist.noDescription')}</span>
      </button>
      {open && failed && <p className="muted rail-note">{t('viewer.failedStudy')}</p>}
      {open && detail && <SeriesList session={session} viewer={viewer} detail={detail} />}
    </div>
  );
}

function SeriesList({ session, viewer, detail }: Props & { detail: StudyDetail }) {
  const hasKeys = useHasKeys(session, detail.study.study_instance_uid);
  const listed = seriesInOrder(detail).filter(({ modality }) => !hasKeys || modality !== 'KO');
  if (detail.series.length === 0) return <p className="muted rail-note">{t('viewer.noSeries')}</p>;
  return (
    <ul className="series-list">
      {hasKeys && <KeySeries session={session} viewer={viewer} studyUid={detail.study.study_instance_uid} />}
      {listed.map((series) => (
        <SeriesEntry
          key={series.series_instance_uid}
          session={session}
          viewer={viewer}
          series={series}
          studyUid={detail.study.study_instance_uid}
        />
      ))}
    </ul>
  );
}

function SeriesEntry({ session, viewer, series, studyUid }: Props & { series: SeriesRow; studyUid: string }) {
  const visible = viewer.tiles.slice(0, tileCount(viewer.layout));
  const shownSets = visible.filter((tile) => tile?.seriesUid === series.series_instance_uid);
  const current = viewer.tiles[viewer.active];
  const sets = viewer.sets[series.series_instance_uid] ?? [];
  const assignment = (set: number): Assignment => ({ studyUid, seriesUid: series.series_instance_uid, set });
  const images = series.frame_count || series.instance_count;
  const name = seriesName(series.modality, series.description);
  return (
    <li>
      <button
        type="button"
        className={`series${shownSets.length > 0 ? ' series-shown' : ''}${current?.seriesUid === series.series_instance_uid ? ' series-active' : ''}`}
        draggable
        data-testid="series"
        onDragStart={(event) => event.dataTransfer.setData(SERIES_DRAG_TYPE, JSON.stringify(assignment(0)))}
        onClick={() => session.show(assignment(0))}
      >
        <Thumbnail address={series.thumbnail} modality={series.modality} />
        <span className="series-words">
          <span className="series-name">{name || series.body_part || series.modality}</span>
          <span className="muted">
            {[series.number === null ? '' : `#${series.number}`, series.modality, count(images)]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </span>
      </button>
      {sets.length > 1 && (
        <div className="sets">
          {sets.map((set, at) => (
            <button
              type="button"
              key={set.id}
              className={`set${current?.seriesUid === series.series_instance_uid && current.set === at ? ' set-active' : ''}`}
              aria-label={`${name || series.modality} ${setLabel(set, at)}`}
              draggable
              onDragStart={(event) => event.dataTransfer.setData(SERIES_DRAG_TYPE, JSON.stringify(assignment(at)))}
              onClick={() => session.show(assignment(at))}
            >
              {setLabel(set, at)}
            </button>
          ))}
        </div>
      )}
    </li>
  );
}

/** A radiograph goes by its side and view, a document by when it was written, anything else by its number. */
function setLabel(set: DisplaySet, at: number): string {
  const instance = set.slices[0]?.instance;
  const view = instance && isProjection(set.modality) ? [lateralityOf(instance), viewOf(instance)] : [];
  if (instance && set.kind === 'report') return momentText(writtenAt(instance)) || String(at + 1);
  return view.filter(Boolean).join(' ') || String(at + 1);
}

function Thumbnail({ address, modality }: { address: string; modality: string }) {
  const [failed, setFailed] = useState(false);
  return (
    <span className="thumb">
      {failed || !address || !hasPictures(modality) ? (
        <span className="thumb-word">{modality}</span>
      ) : (
        <img src={address} alt="" loading="lazy" decoding="async" draggable={false} onError={() => setFailed(true)} />
      )}
    </span>
  );
}
