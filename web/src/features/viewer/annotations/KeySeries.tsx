import { useSyncExternalStore } from 'react';
import { t } from '../../../i18n';
import { count } from '../../../ui/format';
import { Icon } from '../../../ui/Icon';
import type { ViewerSession, ViewerState } from '../session';
import { useAnnotations, useKeyIds } from './context';
import { keyDisplaySets, keySeries, keySeriesUid } from './keyFrames';

interface Props {
  session: ViewerSession;
  viewer: ViewerState;
  studyUid: string;
}

/** Whether a study has key images, so that the selections themselves need no place in the rail. */
export function useHasKeys(session: ViewerSession, studyUid: string): boolean {
  const { measurements } = useAnnotations();
  const state = useSyncExternalStore(measurements.subscribe, measurements.getState);
  return keySeries(session, state, studyUid).length > 0;
}

/** In the rail: the key images of a study that has some, to be looked at as one stack. */
export function KeySeries({ session, viewer, studyUid }: Props) {
  const { measurements } = useAnnotations();
  const ids = useKeyIds();
  const seriesUid = keySeriesUid(studyUid);
  const active = viewer.tiles[viewer.active]?.seriesUid === seriesUid;
  return (
    <li>
      <button
        type="button"
        className={`series${active ? ' series-shown series-active' : ''}`}
        data-testid="key-series"
        onClick={() => {
          session.offer(seriesUid, () => keyDisplaySets(session, measurements.getState(), studyUid));
          session.show({ studyUid, seriesUid, set: 0, slice: 0 });
        }}
      >
        <span className="thumb">
          <Icon name="key" size={20} />
        </span>
        <span className="series-words">
          <span className="series-name">{t('key.series')}</span>
          <span className="muted">{count(ids.size)}</span>
        </span>
      </button>
    </li>
  );
}
