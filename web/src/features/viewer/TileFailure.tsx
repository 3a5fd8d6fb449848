import { useState } from 'react';
import { t } from '../../i18n';
import type { TileFailure, TileState } from '../../imaging';
import { TAG, text } from '../../imaging/dicom';
import { Icon } from '../../ui/Icon';

function failureText(failure: TileFailure): string {
  if (failure.kind === 'http') return t('viewer.tileFailed.http', { status: failure.status ?? 0 });
  return t(failure.kind === 'network' ? 'viewer.tileFailed.network' : 'viewer.tileFailed.decode');
}

/** Why a slice is not shown; it can be asked for again, or as the server draws it. */
export function Failed({ state, onRetry }: { state: TileState; onRetry: () => void }) {
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
