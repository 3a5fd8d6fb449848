import type { RefObject } from 'react';
import { t } from '../../../i18n';
import type { Mpr } from '../../../imaging';
import type { DicomInstance } from '../../../imaging/dicom';
import { roundLength } from '../../../imaging/spacing';
import { EMPTY_TILE } from '../../../imaging/tileState';
import { windowOf } from '../../../imaging/voi';
import type { MprState, PlaneView, Slab } from '../../../imaging/volume/mprState';
import { isStraight, type PlaneName } from '../../../imaging/volume/planes';
import { cornerText, lengthLabel, shortNumber } from '../corner';
import { Crosshair } from './Crosshair';
import type { Remark } from './words';

interface Props {
  plane: PlaneName;
  host: RefObject<HTMLDivElement | null>;
  mpr: Mpr | undefined;
  state: MprState | undefined;
  instance: DicomInstance;
  remarks: readonly Remark[];
}

/** One plane: its picture, the crosshair, and the words in its corners. */
export function PlaneTile({ plane, host, mpr, state, instance, remarks }: Props) {
  const active = state?.active === plane;
  return (
    <section
      className={`tile mpr-tile mpr-tile-${plane}${active ? ' mpr-tile-active' : ''}`}
      aria-label={t(`mpr.${plane}`)}
      data-testid={`mpr-${plane}`}
      data-status={
        state && state.progress.loaded + state.progress.failed === state.progress.total ? 'ready' : 'loading'
      }
      onPointerDownCapture={() => mpr?.activate(plane)}
      onContextMenu={(event) => event.preventDefault()}
    >
      <div ref={host} className="tile-canvas" />
      {mpr && state && (
        <>
          <Crosshair mpr={mpr} state={state} plane={plane} />
          <Corners plane={plane} state={state} instance={instance} remarks={remarks} />
          <Edges view={state.views[plane]} />
          <Scale view={state.views[plane]} />
        </>
      )}
    </section>
  );
}

function slabText({ thicknessMm, mode }: Slab): string {
  return thicknessMm > 0 ? `${t(`mpr.slab.${mode}`)} ${t('mpr.slab.mm', { mm: thicknessMm })}` : '';
}

type CornersProps = Pick<Props, 'plane' | 'instance' | 'remarks'> & { state: MprState };

function Corners({ plane, state, instance, remarks }: CornersProps) {
  const corner = cornerText(instance, EMPTY_TILE);
  const { center, width } = windowOf('LINEAR', state.window);
  const name = t(`mpr.${plane}`);
  const { loaded, failed, total } = state.progress;
  return (
    <>
      <div className="corner corner-tl" data-testid="corner-tl">
        {corner.topLeft.slice(0, 2).map((line) => (
          <div key={line}>{line}</div>
        ))}
        <div className="badges">
          {remarks.map(({ badge }) => (
            <span key={badge} className="badge badge-warn">
              {badge}
            </span>
          ))}
        </div>
      </div>
      <div className="corner corner-tr" data-testid="corner-tr">
        <div>{corner.topRight[1]}</div>
      </div>
      <div className="corner corner-bl" data-testid="corner-bl">
        <div className="mpr-name">
          {isStraight(state.orientation, plane) ? name : t('mpr.oblique', { plane: name })}
        </div>
        <div>{slabText(state.slab)}</div>
      </div>
      <div className="corner corner-br" data-testid="corner-br">
        {loaded + failed < total && <div>{t('mpr.loading', { done: loaded, total })}</div>}
        <div>{t('viewer.window', { width: shortNumber(width), center: shortNumber(center) })}</div>
      </div>
    </>
  );
}

function Edges({ view: { letters } }: { view: PlaneView }) {
  const edges = { l: letters.left, r: letters.right, t: letters.top, b: letters.bottom };
  return Object.entries(edges).map(([edge, letter]) => (
    <span key={edge} className={`letter letter-${edge}`} data-testid={`letter-${edge}`}>
      {letter}
    </span>
  ));
}

const SCALE_SHARE = 0.22;

function Scale({ view: { mmPerPixel, width } }: { view: PlaneView }) {
  const length = roundLength(Math.min(120, width * SCALE_SHARE) * mmPerPixel);
  if (!(length > 0)) return null;
  return (
    <div className="scale" data-testid="scale">
      <div className="scale-label">{lengthLabel(length)}</div>
      <div className="scale-line" style={{ width: `${length / mmPerPixel}px` }} />
    </div>
  );
}
