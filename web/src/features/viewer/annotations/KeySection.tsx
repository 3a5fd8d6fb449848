import { useSyncExternalStore } from 'react';
import type { KeyImageReference, KeySelection } from '../../../api/types';
import { t } from '../../../i18n';
import { Icon } from '../../../ui/Icon';
import { isKeyTitle, KEY_TITLES, type KeyImage, keyId } from '../measurements/keys';
import type { MeasurementState } from '../measurements/state';
import type { MeasurementStore } from '../measurements/store';
import type { ViewerSession } from '../session';
import { toggleKeyImage } from './keyFrames';

interface Props {
  session: ViewerSession;
  store: MeasurementStore;
  state: MeasurementState;
}

type Frame = Pick<KeyImage, 'studyUid' | 'seriesUid' | 'sopInstanceUid' | 'frame'>;

/** In the panel: the reader's key images, and those that others pointed out. */
export function KeySection({ session, store, state }: Props) {
  const viewer = useSyncExternalStore(session.subscribe, session.getState);
  const jump = ({ studyUid, seriesUid, sopInstanceUid, frame }: Frame): void =>
    void session.jumpTo(studyUid, seriesUid, sopInstanceUid, frame).catch(() => {});
  const numberOf = (frame: Frame): string => {
    for (const set of viewer.sets[frame.seriesUid] ?? []) {
      const at = set.slices.findIndex((one) => keyId(one) === keyId(frame));
      if (at >= 0) return `${t('key.image')} ${at + 1}`;
    }
    const series = viewer.studies[frame.studyUid]?.series.find((row) => row.series_instance_uid === frame.seriesUid);
    return series?.description || series?.modality || t('key.image');
  };
  const own = [...state.keys.values()];
  const foreign = state.selections.filter((selection) => selection.images.length > 0);
  return (
    <section className="panel-section" data-testid="keys">
      <h2>{t('key.title')}</h2>
      <div className="panel-tools">
        <button type="button" className="button" onClick={() => toggleKeyImage(session, store)}>
          {t('key.toggle')}
        </button>
        <select
          className="select"
          aria-label={t('key.purpose')}
          value={state.title}
          onChange={(event) => isKeyTitle(event.target.value) && store.chooseTitle(event.target.value)}
        >
          {KEY_TITLES.map((title) => (
            <option key={title} value={title}>
              {t(`key.title.${title}`)}
            </option>
          ))}
        </select>
      </div>
      {own.length === 0 && foreign.length === 0 && <p className="muted panel-note">{t('key.none')}</p>}
      <ul className="marks">
        {own.map((key) => (
          <li key={keyId(key)} className="mark" data-testid="key">
            <div className="mark-head">
              <Icon name="key" />
              <button type="button" className="mark-label" title={t('measure.jump')} onClick={() => jump(key)}>
                {numberOf(key)}
              </button>
              <span className="muted">
                {[t(`key.title.${key.title}`), state.unsavedKeys.has(keyId(key)) ? t('viewer.notSavedShort') : '']
                  .filter(Boolean)
                  .join(' · ')}
              </span>
              <button
                type="button"
                className="icon-button"
                aria-label={t('key.remove', { name: numberOf(key) })}
                title={t('key.remove', { name: numberOf(key) })}
                onClick={() => store.removeKey(keyId(key))}
              >
                <Icon name="close" />
              </button>
            </div>
          </li>
        ))}
        {foreign.map((selection) => (
          <Selection key={selection.sop_instance_uid} session={session} selection={selection} onJump={jump} />
        ))}
      </ul>
    </section>
  );
}

interface SelectionProps {
  session: ViewerSession;
  selection: KeySelection;
  onJump: (frame: Frame) => void;
}

/** What somebody else pointed out. */
function Selection({ session, selection, onJump }: SelectionProps) {
  const { code, words, description, observer, images } = selection;
  const studyOf = ({ series_instance_uid: uid }: KeyImageReference): string =>
    Object.values(session.getState().studies).find(({ series }) =>
      series.some((row) => row.series_instance_uid === uid),
    )?.study.study_instance_uid ?? session.main.study.study_instance_uid;
  return (
    <li className="mark" data-testid="selection">
      <div className="mark-head">
        <Icon name="key" />
        <span className="mark-words">{isKeyTitle(code) ? t(`key.title.${code}`) : words || t('key.title')}</span>
      </div>
      <div className="key-numbers">
        {images.slice(0, 60).map((image, at) => (
          <button
            type="button"
            key={`${image.sop_instance_uid}/${image.frame}`}
            className="chip"
            title={t('measure.jump')}
            onClick={() =>
              onJump({
                studyUid: studyOf(image),
                seriesUid: image.series_instance_uid,
                sopInstanceUid: image.sop_instance_uid,
                frame: image.frame || 1,
              })
            }
          >
            {at + 1}
          </button>
        ))}
      </div>
      <p className="muted">{[observer, description].filter(Boolean).join(' · ')}</p>
    </li>
  );
}
