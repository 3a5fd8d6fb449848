import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { ApiError } from '../../api/client';
import { t } from '../../i18n';
import type { Tile, TileState } from '../../imaging';
import { EMPTY_TILE } from '../../imaging/tileState';
import { isMeasuring } from '../../imaging/toolNames';
import { Icon } from '../../ui/Icon';
import { hasPictures } from '../../ui/modalities';
import { seriesName } from '../../ui/seriesName';
import { useAnnotations } from './annotations/context';
import { DocumentView } from './annotations/DocumentView';
import { StateLayer } from './annotations/StateLayer';
import { Crossings } from './Crossings';
import { OtherObject } from './OtherObject';
import { Overlay } from './Overlay';
import { Preview } from './Preview';
import type { Assignment, ViewerSession, ViewerState } from './session';
import { Failed } from './TileFailure';

export const SERIES_DRAG_TYPE = 'application/x-hounsfield-series';

function useTile(session: ViewerSession, position: number) {
  const element = useRef<HTMLDivElement>(null);
  const [tile, setTile] = useState<Tile>();
  useEffect(() => {
    const host = element.current;
    if (!host) return;
    const id = `tile-${position}`;
    const attached = session.stage.attach(id, host);
    session.setTileObject(position, attached);
    setTile(attached);
    return () => {
      session.setTileObject(position, undefined);
      session.stage.detach(id);
      setTile(undefined);
    };
  }, [session, position]);
  const subscribe = useCallback((listener: () => void) => tile?.subscribe(listener) ?? (() => {}), [tile]);
  const state = useSyncExternalStore(subscribe, () => tile?.getState() ?? EMPTY_TILE);
  return { element, tile, state };
}

interface Props {
  session: ViewerSession;
  viewer: ViewerState;
  position: number;
  /** Where in the grid: `row / column`. */
  area: string;
  assignment: Assignment | undefined;
  /** Something was measured on its series that the server does not have. */
  unsaved: boolean;
}

export function TileView({ session, viewer, position, area, assignment, unsaved }: Props) {
  const { element, tile, state } = useTile(session, position);
  const annotations = useAnnotations();
  const [seriesError, setSeriesError] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  const [over, setOver] = useState(false);
  const active = viewer.active === position;
  const series = assignment && session.series(assignment);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` only asks for another try
  useEffect(() => {
    if (!tile || !assignment) return;
    let live = true;
    setSeriesError(undefined);
    session
      .loadSeries(assignment.studyUid, assignment.seriesUid)
      .then((sets) => {
        const set = sets[Math.min(assignment.set, sets.length - 1)];
        if (live && set) return tile.show(set, assignment.slice, assignment.arrangement);
      })
      .catch((error: unknown) => {
        if (!live) return;
        const reason =
          error instanceof ApiError && error.status > 0
            ? t('error.server', { status: error.status })
            : t('error.unreachable');
        setSeriesError(`${t('viewer.seriesFailed')} ${reason}`);
      });
    return () => {
      live = false;
    };
  }, [tile, session, assignment, attempt]);

  const waiting = assignment && !seriesError && (state.status === 'empty' || state.status === 'loading');
  const fresh = assignment && state.displaySet?.seriesInstanceUid === assignment.seriesUid;
  return (
    <section
      className={tileClass(active, viewer.maximised, over)}
      style={viewer.maximised && active ? undefined : { gridArea: area }}
      aria-label={t('viewer.tile', {
        number: position + 1,
        series:
          (series && seriesName(series.modality, series.description)) ||
          state.displaySet?.description ||
          t('viewer.emptyTile'),
      })}
      data-status={seriesError ? 'failed' : state.status}
      data-testid={`tile-${position}`}
      onPointerDownCapture={() => session.activate(position)}
      onDoubleClickCapture={(event) => {
        const onControl = event.target instanceof Element && event.target.closest('button, [role="slider"]');
        if (!onControl && !isMeasuring(viewer.tool)) session.toggleMaximised();
      }}
      onContextMenu={(event) => event.preventDefault()}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(SERIES_DRAG_TYPE)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const dragged = event.dataTransfer.getData(SERIES_DRAG_TYPE);
        if (!dragged) return;
        event.preventDefault();
        session.show(JSON.parse(dragged) as Assignment, position);
      }}
    >
      <div ref={element} className={`tile-canvas ${canvasClass(state, seriesError !== undefined)}`} />
      {waiting && series && hasPictures(series.modality) && (!fresh || !state.drawn) && (
        <Preview key={series.thumbnail} address={series.thumbnail} />
      )}
      {tile && assignment && fresh && (
        <Crossings
          session={session}
          tile={tile}
          state={state}
          active={active ? undefined : session.tileAt(viewer.active)}
        />
      )}
      {tile && assignment && fresh && (
        <StateLayer views={annotations.views} position={position} tile={tile} state={state} />
      )}
      {assignment && fresh && state.displaySet?.kind === 'report' && state.displaySet.slices[0] && (
        <DocumentView
          session={session}
          studyUid={assignment.studyUid}
          sopInstanceUid={state.displaySet.slices[0].sopInstanceUid}
        />
      )}
      {assignment && fresh && state.instance && (
        <Overlay
          session={session}
          viewer={viewer}
          state={state}
          tile={tile}
          unsaved={unsaved}
          justification={assignment.arrangement?.justification}
        />
      )}
      {!assignment && !viewer.hanging && <p className="tile-hint">{t('viewer.emptyTile')}</p>}
      {waiting && <div className="tile-progress" role="progressbar" aria-label={t('app.loading')} />}
      {seriesError && (
        <div className="tile-message" role="alert">
          <Icon name="warning" size={22} />
          <p>{seriesError}</p>
          <button type="button" className="button" onClick={() => setAttempt((before) => before + 1)}>
            {t('app.retry')}
          </button>
        </div>
      )}
      {!seriesError && state.status === 'failed' && state.failure && (
        <Failed key={`${state.displaySet?.id}:${state.index}`} state={state} onRetry={() => void tile?.retry()} />
      )}
      {!seriesError && state.displaySet && state.displaySet.kind !== 'image' && state.displaySet.kind !== 'report' && (
        <OtherObject key={state.displaySet.id} set={state.displaySet} />
      )}
    </section>
  );
}

function tileClass(active: boolean, maximised: boolean, over: boolean): string {
  const room = maximised ? (active ? 'tile-maximised' : 'tile-behind') : '';
  return ['tile', active ? 'tile-active' : '', room, over ? 'tile-over' : ''].filter(Boolean).join(' ');
}

/** Never the picture of another slice or series as if it were the one named in the corners. */
function canvasClass(state: TileState, failed: boolean): string {
  if (failed || !state.drawn || state.status === 'failed') return 'tile-canvas-hidden';
  return state.status === 'loading' ? 'tile-canvas-stale' : '';
}
