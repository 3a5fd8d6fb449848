import { type FormEvent, useState } from 'react';
import { admin } from '../../../api/admin';
import type { Peer } from '../../../api/types';
import { t } from '../../../i18n';
import { Dialog } from '../../../ui/Dialog';
import { Field, Switch } from '../fields';
import { Problem } from '../Problem';
import { useActions } from '../useActions';
import {
  type DraftProblems,
  draftAsked,
  draftOf,
  NEW_PEER,
  PERMISSIONS,
  type PeerDraft,
  problemsOf,
  withPermission,
} from './draft';

interface Props {
  /** Undefined: a new one. */
  peer: Peer | undefined;
  onClose: () => void;
  onSaved: () => void;
}

export function PeerDialog({ peer, onClose, onSaved }: Props) {
  const [draft, setDraft] = useState<PeerDraft>(peer ? draftOf(peer) : NEW_PEER);
  const [problems, setProblems] = useState<DraftProblems>({});
  const actions = useActions();
  const change = (changes: Partial<PeerDraft>): void => setDraft((before) => ({ ...before, ...changes }));
  const problem = (name: keyof PeerDraft): string | undefined => {
    const key = problems[name];
    return key && t(key);
  };
  const save = async (): Promise<void> => {
    const found = problemsOf(draft);
    setProblems(found);
    if (Object.keys(found).length > 0) return;
    const put = () => admin.putPeer(draft.aeTitle.trim(), draftAsked(draft, peer));
    if (await actions.run('save', put)) {
      onSaved();
      onClose();
    }
  };
  return (
    <Dialog
      title={peer ? t('admin.peers.edit', { aeTitle: peer.ae_title }) : t('admin.peers.add')}
      onClose={onClose}
      className="admin-dialog"
      steady
    >
      <form
        className="form"
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={t('callers.aeTitle')} problem={problem('aeTitle')} hint={t('admin.peers.titleHint')}>
          {(attributes) => (
            <input
              {...attributes}
              value={draft.aeTitle}
              readOnly={peer !== undefined}
              maxLength={16}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => change({ aeTitle: event.target.value })}
            />
          )}
        </Field>
        <div className="field-pair">
          <Field label={t('callers.host')} problem={problem('host')}>
            {(attributes) => (
              <input
                {...attributes}
                value={draft.host}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => change({ host: event.target.value })}
              />
            )}
          </Field>
          <Field label={t('admin.peers.port')} problem={problem('port')}>
            {(attributes) => (
              <input
                {...attributes}
                value={draft.port}
                inputMode="numeric"
                autoComplete="off"
                onChange={(event) => change({ port: event.target.value.trim() })}
              />
            )}
          </Field>
        </div>
        <p className="muted field-hint">{t('admin.peers.addressHint')}</p>
        <Switch label={t('admin.peers.tls')} checked={draft.tls} onChange={(tls) => change({ tls })} />
        <fieldset className="field-set">
          <legend>{t('admin.peers.may')}</legend>
          {PERMISSIONS.map((permission) => (
            <Switch
              key={permission}
              label={t(`admin.peers.mayLong.${permission}`)}
              checked={draft.may.includes(permission)}
              onChange={(given) => change({ may: withPermission(draft.may, permission, given) })}
            />
          ))}
        </fieldset>
        <Field label={t('admin.peers.associations')} problem={problem('maxAssociations')}>
          {(attributes) => (
            <input
              {...attributes}
              value={draft.maxAssociations}
              inputMode="numeric"
              autoComplete="off"
              onChange={(event) => change({ maxAssociations: event.target.value.trim() })}
            />
          )}
        </Field>
        <Field label={t('admin.peers.certificate')} hint={t('admin.peers.certificateHint')}>
          {(attributes) => (
            <input
              {...attributes}
              value={draft.certificate}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => change({ certificate: event.target.value })}
            />
          )}
        </Field>
        <Problem text={actions.failures.save?.text} onRetry={() => void save()} />
        <div className="row form-buttons">
          <button type="button" className="button" onClick={onClose}>
            {t('admin.cancel')}
          </button>
          <button type="submit" className="button button-main" disabled={actions.busy.has('save')}>
            {t('admin.save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
