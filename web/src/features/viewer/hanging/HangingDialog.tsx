import { useState } from 'react';
import { t } from '../../../i18n';
import { Dialog } from '../../../ui/Dialog';
import type { Hanger } from './hanger';
import { MOST_PROTOCOLS } from './kept';
import { ProtocolForm } from './ProtocolForm';
import { type HangingProtocol, ProtocolError, readProtocol } from './protocol';
import { SHIPPED, shippedName } from './shipped';
import { TileForm } from './TileForm';
import './hanging.css';

interface Props {
  hanger: Hanger;
  /** Made of what is on the screen, not kept yet. */
  fresh?: HangingProtocol;
  onClose: () => void;
}

export function protocolName(protocol: HangingProtocol): string {
  const key = shippedName(protocol.id);
  return key ? t(key) : protocol.name;
}

/** A reader's protocols, and those that come with the app to look at and copy. */
export function HangingDialog({ hanger, fresh, onClose }: Props) {
  const [own, setOwn] = useState<readonly HangingProtocol[]>(() => hanger.own());
  const [draft, setDraft] = useState<HangingProtocol>(() => fresh ?? own[0] ?? (SHIPPED[0] as HangingProtocol));
  const [problem, setProblem] = useState('');
  const [saved, setSaved] = useState('');
  const shipped = shippedName(draft.id) !== undefined;
  const full = own.length >= MOST_PROTOCOLS && !own.some((one) => one.id === draft.id);

  const keep = (protocols: readonly HangingProtocol[]): void => {
    hanger.keepOwn(protocols);
    setOwn(protocols);
  };
  const edit = (protocol: HangingProtocol): void => {
    setDraft(protocol);
    setSaved('');
    setProblem('');
  };
  const save = (): void => {
    try {
      const read = readProtocol(draft);
      const at = own.findIndex((one) => one.id === read.id);
      keep(at < 0 ? [...own, read] : own.map((one) => (one.id === read.id ? read : one)));
      setProblem('');
      setSaved(read.name);
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause;
      setSaved('');
      setProblem(draft.name.trim() ? t('hanging.problem', { reason: cause.message }) : t('hanging.problemName'));
    }
  };
  const copy = (): void => edit({ ...draft, id: crypto.randomUUID(), name: protocolName(draft).slice(0, 64) });
  const remove = (): void => {
    const left = own.filter((one) => one.id !== draft.id);
    keep(left);
    edit(left[0] ?? (SHIPPED[0] as HangingProtocol));
  };
  return (
    <Dialog title={t('hanging.title')} onClose={onClose} className="hanging-dialog" steady>
      <div className="hanging-body">
        <nav className="hanging-list" aria-label={t('hanging.title')}>
          <h3>{t('hanging.own')}</h3>
          {own.length === 0 && <p className="muted">{t('hanging.noneOwn')}</p>}
          <Entries protocols={own} draft={draft} onChoose={edit} />
          <h3>{t('hanging.comes')}</h3>
          <Entries protocols={SHIPPED} draft={draft} onChoose={edit} />
        </nav>
        <div className="hanging-sheet">
          <ProtocolForm
            key={draft.id}
            protocol={shipped ? { ...draft, name: protocolName(draft) } : draft}
            readOnly={shipped}
            onChange={edit}
          />
          <TileForm protocol={draft} readOnly={shipped} onChange={edit} />
        </div>
      </div>
      <footer className="row hanging-foot">
        {shipped ? (
          <button type="button" className="button button-main" onClick={copy}>
            {t('hanging.copy')}
          </button>
        ) : (
          <>
            <button type="button" className="button button-main" disabled={full} onClick={save}>
              {t('hanging.save')}
            </button>
            <button type="button" className="button" onClick={() => void hanger.try(draft)}>
              {t('hanging.try')}
            </button>
            {own.some((one) => one.id === draft.id) && (
              <button type="button" className="button" onClick={remove}>
                {t('hanging.remove')}
              </button>
            )}
          </>
        )}
        <span role="status">{saved && t('hanging.saved', { name: saved })}</span>
        {full && <span className="muted">{t('hanging.full', { count: MOST_PROTOCOLS })}</span>}
        {problem && (
          <span role="alert" className="hanging-problem">
            {problem}
          </span>
        )}
      </footer>
    </Dialog>
  );
}

interface EntriesProps {
  protocols: readonly HangingProtocol[];
  draft: HangingProtocol;
  onChoose: (protocol: HangingProtocol) => void;
}

function Entries({ protocols, draft, onChoose }: EntriesProps) {
  return protocols.map((protocol) => (
    <button
      type="button"
      key={protocol.id}
      className="hanging-entry"
      aria-pressed={protocol.id === draft.id}
      onClick={() => onChoose(protocol)}
    >
      {protocolName(protocol)}
    </button>
  ));
}
