/** What lies over a picture: words in the corners, letters at the edges, the scale, the place in the stack. */
import { t } from '../../i18n';
import type { Tile, TileState } from '../../imaging';
import type { Arrangement } from '../../imaging/arrangement';
import { roundLength } from '../../imaging/spacing';
import { screenPixelsPerMm } from '../../ui/screen';
import { useKeyIds, useMeasuredIds } from './annotations/context';
import { keyIndexes } from './annotations/keyFrames';
import { badges, cornerText, lengthLabel, shortNumber } from './corner';
import { ScrollBar } from './ScrollBar';
import type { ViewerSession, ViewerState } from './session';

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

export function Overlay({ session, viewer, state, tile, unsaved, justification }: OverlayProps) {
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
