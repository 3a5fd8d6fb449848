import { useEffect, useState } from 'react';
import type { Peer, StudyRow } from '../../api/types';
import { worklistApi } from '../../api/worklist';
import { t, tCount } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { reasonOf } from '../../ui/reason';
import { NamedStudies } from './NamedStudies';

interface Props {
  studies: readonly StudyRow[];
  onSend: (aeTitle: string) => void;
  onClose: () => void;
}

/** To which peer some studies go: those that we know where to call and that may receive. */
export function SendDialog({ studies, onSend, onClose }: Props) {
  const [peers, setPeers] = useState<readonly Peer[]>();
  const [problem, setProblem] = useState('');
  const [chosen, setChosen] = useState('');
  useEffect(() => {
    const abort = new AbortController();
    worklistApi.peers({ signal: abort.signal }).then(
      (answer) => {
        const able = answer.peers.filter((peer) => peer.port > 0 && peer.may.includes('receive'));
        setPeers(able);
        setChosen(able[0]?.ae_title ?? '');
      },
      (cause: unknown) => {
        if (!abort.signal.aborted) setProblem(reasonOf(cause));
      },
    );
    return () => abort.abort();
  }, []);
  return (
    <Dialog title={tCount('bulk.send.title', studies.length)} onClose={onClose} className="bulk-dialog">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          onSend(chosen);
          onClose();
        }}
      >
        <NamedStudies studies={studies} />
        {problem && <p role="alert">{problem}</p>}
        {peers?.length === 0 && <p>{t('bulk.send.none')}</p>}
        {peers && peers.length > 0 && (
          <fieldset className="choices">
            <legend>{t('bulk.send.to')}</legend>
            {peers.map((peer) => (
              <label key={peer.ae_title}>
                <input
                  type="radio"
                  name="peer"
                  value={peer.ae_title}
                  checked={peer.ae_title === chosen}
                  onChange={() => setChosen(peer.ae_title)}
                />
                {peer.ae_title}{' '}
                <span className="muted">
                  {peer.host}:{peer.port}
                </span>
              </label>
            ))}
          </fieldset>
        )}
        <p className="muted">{t('bulk.send.text')}</p>
        <div className="row form-buttons">
          <button type="button" className="button" onClick={onClose}>
            {t('bulk.cancel')}
          </button>
          <button type="submit" className="button button-main" disabled={!chosen}>
            {t('bulk.send.do')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
