import { useState } from 'react';
import { admin } from '../../../api/admin';
import { api } from '../../../api/client';
import type { Peer } from '../../../api/types';
import { t } from '../../../i18n';
import { Icon } from '../../../ui/Icon';
import { Confirm, focusTitle } from '../Confirm';
import { Switch } from '../fields';
import { Problem } from '../Problem';
import { Table } from '../Table';
import { useActions } from '../useActions';
import { useLive } from '../useLive';
import { echoWords } from '../words';
import { PERMISSIONS, peerAsked, withPermission } from './draft';
import { PeerDialog } from './PeerDialog';

type Open = { kind: 'edit'; peer: Peer | undefined } | { kind: 'remove'; peer: Peer } | undefined;

/** The application entities of this site: where they are, whether they answer, and what they may do here. */
export function PeersRoom() {
  const peers = useLive(admin.peers);
  const actions = useActions();
  const [echoes, setEchoes] = useState<Readonly<Record<string, { good: boolean; text: string }>>>({});
  /** What was just switched, shown until the server has said what holds. */
  const [switched, setSwitched] = useState<Readonly<Record<string, string[]>>>({});
  const [open, setOpen] = useState<Open>();

  const echo = (peer: Peer): Promise<boolean> => {
    setEchoes(({ [peer.ae_title]: _, ...others }) => others);
    return actions.run(peer.ae_title, async () => {
      const words = echoWords(await api.echoPeer(peer.ae_title));
      setEchoes((before) => ({ ...before, [peer.ae_title]: words }));
    });
  };
  const change = (peer: Peer, action: () => Promise<unknown>): Promise<boolean> =>
    actions.run(peer.ae_title, async () => {
      await action();
      await peers.refresh();
    });
  const permit = async (peer: Peer, may: string[]): Promise<void> => {
    setSwitched((before) => ({ ...before, [peer.ae_title]: may }));
    await change(peer, () => admin.putPeer(peer.ae_title, peerAsked(peer, { may })));
    setSwitched(({ [peer.ae_title]: _, ...others }) => others);
  };

  return (
    <>
      <div className="admin-tools">
        <button type="button" className="button button-main" onClick={() => setOpen({ kind: 'edit', peer: undefined })}>
          {t('admin.peers.add')}
        </button>
      </div>
      <Problem text={peers.problem} onRetry={() => void peers.refresh()} />
      {peers.value?.peers.length === 0 && (
        <div className="admin-empty">
          <Icon name="node" size={28} />
          <h2>{t('admin.peers.none')}</h2>
          <p>{t('admin.peers.noneHint')}</p>
        </div>
      )}
      {peers.value && peers.value.peers.length > 0 && (
        <Table
          heads={[
            t('callers.aeTitle'),
            t('admin.peers.address'),
            ...PERMISSIONS.map((permission) => ({
              text: t(`admin.peers.may.${permission}`),
              className: 'narrow',
              hint: t(`admin.peers.mayLong.${permission}`),
            })),
          ]}
          actions
        >
          {peers.value.peers.map((peer) => (
            <PeerRow
              key={peer.ae_title}
              peer={peer}
              busy={actions.busy.has(peer.ae_title)}
              echo={echoes[peer.ae_title]}
              problem={actions.failures[peer.ae_title]?.text}
              onRetry={() => actions.failures[peer.ae_title]?.again()}
              onEcho={() => void echo(peer)}
              may={switched[peer.ae_title] ?? peer.may}
              onMay={(may) => void permit(peer, may)}
              onEdit={() => setOpen({ kind: 'edit', peer })}
              onRemove={() => setOpen({ kind: 'remove', peer })}
            />
          ))}
        </Table>
      )}
      {open?.kind === 'edit' && (
        <PeerDialog peer={open.peer} onClose={() => setOpen(undefined)} onSaved={() => void peers.refresh()} />
      )}
      {open?.kind === 'remove' && (
        <Confirm
          title={t('admin.peers.removeTitle', { aeTitle: open.peer.ae_title })}
          verb={t('callers.forget')}
          onClose={() => setOpen(undefined)}
          onConfirm={() =>
            void change(open.peer, () => admin.removePeer(open.peer.ae_title)).then((done) => done && focusTitle())
          }
        >
          <p>{t('admin.peers.removeText')}</p>
        </Confirm>
      )}
    </>
  );
}

interface RowProps {
  peer: Peer;
  busy: boolean;
  echo: { good: boolean; text: string } | undefined;
  problem: string | undefined;
  may: readonly string[];
  onRetry: () => void;
  onEcho: () => void;
  onMay: (may: string[]) => void;
  onEdit: () => void;
  onRemove: () => void;
}

function PeerRow({ peer, busy, echo, problem, may, onRetry, onEcho, onMay, onEdit, onRemove }: RowProps) {
  const reachable = peer.host !== '' && peer.port > 0;
  return (
    <>
      <tr data-testid={`peer-${peer.ae_title}`} className={problem || echo ? 'has-more' : undefined}>
        <th scope="row">{peer.ae_title}</th>
        <td>
          {reachable
            ? `${peer.host}:${peer.port}`
            : peer.host || <span className="muted">{t('admin.peers.unknownHost')}</span>}{' '}
          {peer.tls && <span className="chip">TLS</span>}
        </td>
        {PERMISSIONS.map((permission) => (
          <td key={permission} className="narrow">
            <Switch
              bare
              label={`${peer.ae_title}: ${t(`admin.peers.mayLong.${permission}`)}`}
              checked={may.includes(permission)}
              disabled={busy}
              onChange={(given) => onMay(withPermission(may, permission, given))}
            />
          </td>
        ))}
        <td>
          <div className="row row-end">
            <button
              type="button"
              className="button"
              disabled={!reachable || busy}
              title={reachable ? undefined : t('admin.peers.cannotEcho')}
              onClick={onEcho}
            >
              {t('admin.peers.echo')}
            </button>
            <button type="button" className="button" onClick={onEdit}>
              {t('admin.edit')}
            </button>
            <button type="button" className="button" onClick={onRemove}>
              {t('callers.forget')}
            </button>
          </div>
        </td>
      </tr>
      <tr className="more-row" hidden={!problem && !echo}>
        <td colSpan={PERMISSIONS.length + 3}>
          <output>
            {echo && (
              <span className={echo.good ? 'said-good' : 'said-odd'}>
                <Icon name={echo.good ? 'check' : 'warning'} /> {echo.text}
              </span>
            )}
          </output>
          <Problem
            text={problem && t('admin.peers.failed', { aeTitle: peer.ae_title, reason: problem })}
            onRetry={onRetry}
          />
        </td>
      </tr>
    </>
  );
}
