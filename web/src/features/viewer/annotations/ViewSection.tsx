import { useState, useSyncExternalStore } from 'react';
import { t } from '../../../i18n';
import { dicomDate } from '../../../ui/format';
import { Icon } from '../../../ui/Icon';
import type { MeasurementState } from '../measurements/state';
import type { ViewerSession } from '../session';
import { viewOf } from './applyState';
import { inOrder, type ListedView, type ViewStore } from './views';

interface Props {
  session: ViewerSession;
  views: ViewStore;
  measured: MeasurementState;
  canSave: boolean;
}

/** In the panel: views of pictures as readers saved them, ours and other makers'. */
export function ViewSection({ session, views, measured, canSave }: Props) {
  const { views: all, chosen, saving, problem } = useSyncExternalStore(views.subscribe, views.getState);
  const viewer = useSyncExternalStore(session.subscribe, session.getState);
  const [name, setName] = useState('');
  const shown = viewer.tiles[viewer.active];
  const listed = inOrder(all, shown?.seriesUid ?? '');
  const save = async (): Promise<void> => {
    const tile = session.activeTile();
    const items = measured.items.map((mark) => mark.measurement);
    const view = tile && viewOf(tile, name.trim() || t('view.unnamed', { number: all.length + 1 }), items);
    const studyUid = tile?.getState().displaySet?.studyInstanceUid;
    if (view && studyUid && (await views.save(studyUid, view))) setName('');
  };
  return (
    <section className="panel-section" data-testid="views">
      <h2>{t('view.title')}</h2>
      <form
        className="panel-tools"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <input
          className="input"
          aria-label={t('view.name')}
          placeholder={t('hanging.name')}
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <button
          type="submit"
          className="button"
          disabled={!canSave || saving}
          title={canSave ? t('view.saveHint') : t('measure.denied')}
        >
          {saving ? t('measure.saving') : t('view.save')}
        </button>
      </form>
      {problem && (
        <p className="panel-note panel-warning" role="alert">
          {t('view.problem', { reason: problem })}
        </p>
      )}
      {all.length === 0 && <p className="muted panel-note">{t('view.none')}</p>}
      <ul className="marks">
        {listed.map((view) => (
          <Entry
            key={view.state.sop_instance_uid}
            view={view}
            active={chosen.get(viewer.active) === view}
            onChoose={() => void show(session, views, view)}
          />
        ))}
      </ul>
    </section>
  );
}

/** On the picture that is there, where the view shows it; else the first that it shows. */
async function show(session: ViewerSession, views: ViewStore, view: ListedView): Promise<void> {
  const tile = session.activeTile()?.getState();
  const slice = tile?.displaySet?.slices[tile.index];
  const image = view.state.shown.find((one) => one.sop_instance_uid === slice?.sopInstanceUid) ?? view.state.shown[0];
  if (!image) return;
  const frame =
    image.frames.length === 0 && image.sop_instance_uid === slice?.sopInstanceUid
      ? slice.frame
      : (image.frames[0] ?? 1);
  try {
    await session.jumpTo(view.studyUid, image.series_instance_uid, image.sop_instance_uid, frame);
    // Once more: it is laid out anew even where it is the one that is shown.
    views.choose(session.getState().active, { ...view });
  } catch (error) {
    views.fail(error);
  }
}

function Entry({ view: { state }, active, onChoose }: { view: ListedView; active: boolean; onChoose: () => void }) {
  const nowhere = state.shown.length === 0;
  return (
    <li className={`mark${active ? ' mark-active' : ''}`} data-testid="view">
      <div className="mark-head">
        <Icon name="view" />
        <button
          type="button"
          className="mark-label"
          title={nowhere ? t('view.elsewhere') : t('view.apply')}
          disabled={nowhere}
          onClick={onChoose}
        >
          {state.description || state.label}
        </button>
      </div>
      <p className="muted">
        {[state.creator, dicomDate(state.created_at.slice(0, 8)), nowhere ? t('view.elsewhere') : '']
          .filter(Boolean)
          .join(' · ')}
      </p>
    </li>
  );
}
