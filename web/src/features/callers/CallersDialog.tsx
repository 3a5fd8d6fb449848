import { useCallback, useEffect, useState } from 'react';
import { api } from '../../api/client';
import type { Callers, Peer, ServerStatus } from '../../api/types';
import { t, tCount } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { bytes, count, moment } from '../../ui/format';
import { reasonOf } from '../../ui/reason';
import './callers.css';

interface Props {
  status: ServerStatus | undefined;
  onClose: () => void;
  onChanged: () => void;
}

/** Who this node is, who may call it, and who was refused. */
export function CallersDialog({ status, onClose, onChanged }: Props) {
  const [callers, setCallers] = useState<Callers>();
  const [error, setError] = useState('');
  const [echoes, setEchoes] = useState<Record<string, string>>({});

  const load = useCallback(async (): Promise<void> => {
    try {
      setCallers(await api.callers());
    } catch (cause) {
      setError(t('callers.failed', { reason: reasonOf(cause) }));
    }
  }, []);
  useEffect(() => {
    void load();
  }, [load]);

  const act = async (action: Promise<void>): Promise<void> => {
    setError('');
    try {
      await action;
      await load();
      onChanged();
    } catch (cause) {
      setError(t('callers.failed', { reason: reasonOf(cause) }));
    }
  };

  const echo = async (aeTitle: string): Promise<void> => {
    const tell = (words: string): void => setEchoes((before) => ({ ...before, [aeTitle]: words }));
    tell(t('callers.echoing'));
    try {
      const answer = await api.echoPeer(aeTitle);
      const time = count(Math.round(answer.milliseconds));
      tell(answer.status === '0000' ? t('callers.echoed', { time }) : t('callers.failed', { reason: answer.status }));
    } catch (cause) {
      tell(t('callers.failed', { reason: reasonOf(cause) }));
    }
  };

  return (
    <Dialog title={t('callers.title')} onClose={onClose} className="callers">
      <div className="callers-body">
        {status && <Node status={status} />}
        <section>
          <h3>{t('callers.refused')}</h3>
          {callers?.refused.length === 0 && <p className="muted">{t('callers.noneRefused')}</p>}
          {callers && callers.refused.length > 0 && <p className="muted">{t('callers.refusedHint')}</p>}
          <ul className="caller-list">
            {callers?.refused.map((caller) => (
              <li key={`${caller.ae_title} ${caller.host}`}>
                <span>
                  <strong>{caller.ae_title}</strong> <span className="muted">{caller.host}</span>
                  <br />
                  <span className="muted">
                    {tCount('callers.times', caller.count, { when: moment(caller.last_seen) })}
                  </span>
                </span>
                <span className="row">
                  <button
                    type="button"
                    className="button button-main"
                    onClick={() => void act(api.acceptCaller(caller.ae_title))}
                  >
                    {t('callers.accept')}
                  </button>
                  <button type="button" className="button" onClick={() => void act(api.forgetCaller(caller.ae_title))}>
                    {t('callers.dismiss')}
                  </button>
                </span>
              </li>
            ))}
          </ul>
        </section>
        <section>
          <h3>{t('callers.known')}</h3>
          {callers?.known.length === 0 && <p className="muted">{t('callers.noneKnown')}</p>}
          <ul className="caller-list">
            {callers?.known.map((peer) => (
              <li key={peer.ae_title}>
                <span>
                  <strong>{peer.ae_title}</strong> <span className="muted">{address(peer)}</span>
                  <br />
                  <span className="muted">{t('callers.may', { what: peer.may.join(', ') || '–' })}</span>
                  {echoes[peer.ae_title] && (
                    <>
                      <br />
                      <output>{echoes[peer.ae_title]}</output>
                    </>
                  )}
                </span>
                <span className="row">
                  {peer.port > 0 && (
                    <button type="button" className="button" onClick={() => void echo(peer.ae_title)}>
                      {t('callers.echo')}
                    </button>
                  )}
                  <button type="button" className="button" onClick={() => void act(api.forgetCaller(peer.ae_title))}>
                    {t('callers.forget')}
                  </button>
                </span>
              </li>
            ))}
          </ul>
        </section>
        <p className="form-error" role="alert">
          {error}
        </p>
      </div>
    </Dialog>
  );
}

function Node({ status }: { status: ServerStatus }) {
  const facts: Array<[string, string]> = [
    [t('callers.aeTitle'), status.ae_title],
    [t('callers.host'), status.host],
    [t('callers.dicomPort'), String(status.dicom_port)],
    [t('callers.web'), `${window.location.origin}/dicom-web`],
    [t('callers.version'), status.version],
    [
      t('callers.holds'),
      [
        tCount('worklist.count', status.studies),
        tCount('callers.series', status.series),
        tCount('callers.objects', status.instances),
        bytes(status.bytes_stored),
      ].join(', '),
    ],
  ];
  return (
    <section>
      <h3>{t('callers.node')}</h3>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function address(peer: Peer): string {
  if (!peer.port) return peer.host;
  return `${peer.host}:${peer.port}${peer.tls ? ' TLS' : ''}`;
}
