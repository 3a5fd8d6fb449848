import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { ApiError } from '../../api/client';
import { t } from '../../i18n';
import type { Tile, TileFailure, TileState } from '../../imaging';
import type { Arrangement } from '../../imaging/arrangement';
import { TAG, text } from '../../imaging/dicom';
import { roundLength } from '../../imaging/spacing';
import { EMPTY_TILE } from '../../imaging/tileState';
import { isMeasuring } from '../../imaging/toolNames';
import { Icon } from '../../ui/Icon';
import { hasPictures } from '../../ui/modalities';
import { screenPixelsPerMm } from '../../ui/screen';
import { seriesName } from '../../ui/seriesName';
import { useAnnotations, useKeyIds, useMeasuredIds } from './annotations/context';
import { DocumentView } from './annotations/DocumentView';
import { keyIndexes } from './annotations/keyFrames';
import { StateLayer } from './annotations/StateLayer';
import { Crossings } from './Crossings';
import { badges, cornerText, lengthLabel, shortNumber } from './corner';
import { OtherObject } from './OtherObject';
import { ScrollBar } from './ScrollBar';
import type { Assignment, ViewerSession, ViewerState } from './session';

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

function failureText(failure: TileFailure): string {
  if (failure.kind === 'http') return t('viewer.tileFailed.http', { status: failure.status ?? 0 });
  return t(failure.kind === 'network' ? 'viewer.tileFailed.network' : 'viewer.tileFailed.decode');
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

/** The thumbnail, enlarged, until the picture itself is there. */
function Preview({ address }: { address: string }) {
  const [shown, setShown] = useState(false);
  return (
    <img
      className={`tile-preview${shown ? ' tile-preview-on' : ''}`}
      src={address}
      alt=""
      onLoad={() => setShown(true)}
    />
  );
}

function Failed({ state, onRetry }: { state: TileState; onRetry: () => void }) {
  const [asServer, setAsServer] = useState(false);
  const slice = state.displaySet?.slices[state.index];
  const set = state.displaySet;
  if (!slice || !set || !state.failure) return null;
  if (asServer) {
    const address = `/dicom-web/studies/${set.studyInstanceUid}/series/${text(slice.instance, TAG.seriesInstanceUid)}/instances/${slice.sopInstanceUid}/frames/${slice.frame}/rendered`;
    return <img className="tile-preview tile-preview-on" src={address} alt="" onError={() => setAsServer(false)} />;
  }
  return (
    <div className="tile-message" role="alert">
      <Icon name="warning" size={22} />
      <p>{t('viewer.tileFailed')}</p>
      <p className="muted">{failureText(state.failure)}</p>
      <div className="row">
        <button type="button" className="button" onClick={onRetry}>
          {t('app.retry')}
        </button>
        <button type="button" className="button" onClick={() => setAsServer(true)}>
          {t('viewer.serverPicture')}
        </button>
      </div>
    </div>
  );
}

interface OverlayProps {
  session: ViewerSession;
  viewer: ViewerState;
  state: TileState;
  tile: Tile | undefined;
  unsaved: boolean;
  /** At which edge of its tile the picture lies. */
  justification: Arrangement['justification'] | undefined;
}

function Lines({ lines }: { lines: readonly string[] }) {
  return lines.filter(Boolean).map((line, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
    <div key={at}>{line}</div>
  ));
}

function Overlay({ session, viewer, state, tile, unsaved, justification }: OverlayProps) {
  const instance = state.instance;
  const ids = useKeyIds();
  const measured = useMeasuredIds();
  if (!instance || !state.displaySet) return null;
  const corner = cornerText(instance, state, screenPixelsPerMm());
  const shown = viewer.studies[state.displaySet.studyInstanceUid]?.study;
  const marks = badges(instance, state, session.main.study, shown);
  const full = viewer.overlay === 'full';
  const some = viewer.overlay !== 'identity';
  const image = state.displaySet.kind === 'image';
  const keys = keyIndexes(image ? state.displaySet : undefined, ids);
  // A breast lies at one edge of its tile: words go to the other.
  const side = justification === 'LEFT' ? ' corners-right' : justification === 'RIGHT' ? ' corners-left' : '';
  return (
    <>
      <div className={`corners corners-top${side}`}>
        <div className="corner corner-tl" data-testid="corner-tl">
          {/* Identity is never hidden: priors may share the grid. */}
          <Lines lines={full ? corner.topLeft : corner.topLeft.slice(0, 2)} />
          <div className="badges">
            {marks.map((mark) => (
              <span key={mark.text} className={`badge badge-${mark.tone}`}>
                {mark.text}
              </span>
            ))}
            {keys.includes(state.index) && (
              <span className="badge badge-key" data-testid="key-badge">
                {t('key.badge')}
              </span>
            )}
          </div>
        </div>
        <div className="corner corner-tr" data-testid="corner-tr">
          <Lines lines={full ? corner.topRight : corner.topRight.slice(1, 2)} />
        </div>
      </div>
      {some && (
        <div className={`corners corners-bottom${side}`}>
          <div className="corner corner-bl" data-testid="corner-bl">
            <Lines lines={full ? corner.bottomLeft : corner.bottomLeft.slice(0, 2)} />
          </div>
          {image && (
            <div className="corner corner-br" data-testid="corner-br">
              {unsaved && <div className="badge badge-warn">{t('viewer.notSavedShort')}</div>}
              {state.playing > 0 && <div>{t('viewer.playing', { rate: shortNumber(state.playing) })}</div>}
              {state.loadedCount < state.count && state.count > 1 && (
                <div className="muted">{t('viewer.cached', { done: state.loadedCount, total: state.count })}</div>
              )}
              <Lines lines={full ? corner.bottomRight : corner.bottomRight.slice(0, 1)} />
            </div>
          )}
        </div>
      )}
      {image && (
        <>
          <span className="letter letter-l" data-testid="letter-l">
            {state.letters.left}
          </span>
          <span className="letter letter-r" data-testid="letter-r">
            {state.letters.right}
          </span>
          <span className="letter letter-t" data-testid="letter-t">
            {state.letters.top}
          </span>
          <span className="letter letter-b" data-testid="letter-b">
            {state.letters.bottom}
          </span>
        </>
      )}
      {image && some && state.status === 'ready' && (
        <ScaleBar state={state} tileWidth={tile?.element.clientWidth ?? 0} />
      )}
      {image && state.count > 1 && (
        <ScrollBar
          index={state.index}
          count={state.count}
          loaded={state.loaded}
          keys={keys}
          measured={keyIndexes(state.displaySet, measured)}
          onScroll={(index) => tile?.scrollTo(index)}
        />
      )}
    </>
  );
}

/** CSS pixels; a small tile has less room between its corners. */
const SCALE_BAR_ROOM = 120;
const SCALE_BAR_SHARE = 0.22;

function ScaleBar({ state, tileWidth }: { state: TileState; tileWidth: number }) {
  const perPixel = state.mmPerPixel?.x ?? 1 / state.zoom;
  const length = roundLength(Math.min(SCALE_BAR_ROOM, tileWidth * SCALE_BAR_SHARE) * perPixel);
  if (!(length > 0)) return null;
  const label = state.mmPerPixel ? lengthLabel(length) : `${shortNumber(length)} px`;
  return (
    <div className="scale" data-testid="scale">
      <div className="scale-label">
        {label} <span className="muted">{t(`viewer.scale.${state.scaleSource}`)}</span>
      </div>
      <div className="scale-line" style={{ width: `${length / perPixel}px` }} />
    </div>
  );
}
