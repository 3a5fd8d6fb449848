import { t } from '../../../i18n';
import type { Mpr } from '../../../imaging';
import { type MprState, SLAB_MODES } from '../../../imaging/volume/mprState';
import { isStraight, PLANES } from '../../../imaging/volume/planes';
import { Icon } from '../../../ui/Icon';
import { shortNumber } from '../corner';
import { SLAB_STEPS_MM } from './commands';
import type { MprRoom, RoomState } from './room';
import { type Remark, volumeName } from './words';

interface Props {
  room: MprRoom;
  roomState: RoomState;
  mpr: Mpr | undefined;
  state: MprState | undefined;
  remarks: readonly Remark[];
  onClose: () => void;
}

/** Beside the planes: what the volume is, what has to be said of it, slab and volume to choose. */
export function Sheet({ room, roomState, mpr, state, remarks, onClose }: Props) {
  const { offer, found, chosen } = roomState;
  return (
    <section className="mpr-sheet" aria-label={t('mpr.title')}>
      <div className="mpr-sheet-head">
        <h2>{t('mpr.title')}</h2>
        <button type="button" className="button" onClick={onClose}>
          {t('cmd.mprClose')}
        </button>
      </div>
      <p className="muted">{room.request.set.description}</p>
      {found && found.volumes.length > 1 && (
        <label className="mpr-field">
          <span>{t('mpr.volume')}</span>
          <select className="select" value={chosen} onChange={(event) => room.choose(Number(event.target.value))}>
            {found.volumes.map((volume, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a volume is its place in the answer
              <option key={index} value={index}>
                {volumeName(volume, index)}
              </option>
            ))}
          </select>
        </label>
      )}
      {offer && (
        <p>
          {t('mpr.geometry', {
            count: offer.volume.slices.length,
            step: shortNumber(offer.volume.step_mm, 3),
            pixel: [offer.volume.column_spacing_mm, offer.volume.row_spacing_mm]
              .map((mm) => shortNumber(mm, 3))
              .join(' × '),
          })}
        </p>
      )}
      {offer && remarks.length === 0 && <p className="muted">{t('mpr.plain')}</p>}
      <div role="status">
        <ul className="mpr-remarks" data-testid="mpr-remarks">
          {remarks.map(({ badge, sentence }) => (
            <li key={badge}>
              <Icon name="warning" size={14} />
              <span>{sentence}</span>
            </li>
          ))}
        </ul>
      </div>
      {mpr && state && (
        <>
          {state.progress.failed > 0 && (
            <button type="button" className="button" onClick={() => mpr.retry()}>
              {t('app.retry')}
            </button>
          )}
          {state.progress.loaded + state.progress.failed < state.progress.total && (
            <progress max={state.progress.total} value={state.progress.loaded} aria-label={t('app.loading')} />
          )}
          <SlabFields mpr={mpr} state={state} />
          <div className="row">
            <button
              type="button"
              className="button"
              disabled={PLANES.every((plane) => isStraight(state.orientation, plane))}
              onClick={() => mpr.straighten()}
            >
              {t('mpr.reset')}
            </button>
          </div>
          <p className="muted mpr-note">{t('mpr.lengths')}</p>
        </>
      )}
    </section>
  );
}

function SlabFields({ mpr, state }: { mpr: Mpr; state: MprState }) {
  return (
    <div className="mpr-slab">
      <label className="mpr-field">
        <span>{t('mpr.slab')}</span>
        <select
          className="select"
          aria-label={t('mpr.slab.thickness')}
          value={state.slab.thicknessMm}
          onChange={(event) => {
            mpr.setSlab({ thicknessMm: Number(event.target.value) });
            event.target.blur();
          }}
        >
          {SLAB_STEPS_MM.map((mm) => (
            <option key={mm} value={mm}>
              {mm === 0 ? t('mpr.slab.none') : t('mpr.slab.mm', { mm })}
            </option>
          ))}
        </select>
      </label>
      <div className="mpr-modes" role="group" aria-label={t('mpr.slab')}>
        {SLAB_MODES.map((mode) => (
          <button
            type="button"
            key={mode}
            className="button"
            aria-pressed={state.slab.thicknessMm > 0 && state.slab.mode === mode}
            onClick={() => mpr.setSlab({ mode, thicknessMm: state.slab.thicknessMm || 10 })}
          >
            {t(`mpr.slab.${mode}`)}
          </button>
        ))}
      </div>
    </div>
  );
}
