import { type FormEvent, useState } from 'react';
import { admin } from '../../../api/admin';
import type { ApiToken, NewToken } from '../../../api/types';
import { t } from '../../../i18n';
import { moment } from '../../../ui/format';
import { Confirm } from '../Confirm';
import { Field } from '../fields';
import { Problem } from '../Problem';
import { Table } from '../Table';
import { useActions } from '../useActions';
import { useLive } from '../useLive';
import { useNow } from '../useNow';
import { RoleSelect } from './RoleSelect';
import { Secret } from './Secret';
import { byWorth, tokenState } from './tokenState';

const TERMS = [30, 90, 365, 0] as const;

/** Machines' credentials: made, shown once, revoked. */
export function Tokens() {
  const now = useNow();
  const tokens = useLive(admin.tokens);
  const actions = useActions();
  const [made, setMade] = useState<NewToken>();
  const [revoking, setRevoking] = useState<ApiToken>();
  const [name, setName] = useState('');
  const [role, setRole] = useState('viewer');
  const [days, setDays] = useState<number>(TERMS[2]);
  const add = (): void => {
    void actions.run('add', async () => {
      setMade(await admin.addToken({ name, role, valid_days: days }));
      setName('');
      await tokens.refresh();
    });
  };
  return (
    <section>
      <h2>{t('admin.tokens.title')}</h2>
      <p className="muted admin-lead">{t('admin.tokens.lead')}</p>
      <form
        className="admin-tools align-end"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          add();
        }}
      >
        <Field label={t('admin.tokens.name')}>
          {(attributes) => (
            <input
              {...attributes}
              required
              maxLength={64}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label={t('admin.tokens.role')}>
          {(attributes) => <RoleSelect {...attributes} value={role} onChange={setRole} />}
        </Field>
        <Field label={t('admin.tokens.term')}>
          {(attributes) => (
            <select
              {...attributes}
              className="select"
              value={days}
              onChange={(event) => setDays(Number(event.target.value))}
            >
              {TERMS.map((term) => (
                <option key={term} value={term}>
                  {term ? t('admin.tokens.days', { count: term }) : t('admin.tokens.untilRevoked')}
                </option>
              ))}
            </select>
          )}
        </Field>
        <button type="submit" className="button button-main" disabled={actions.busy.has('add')}>
          {t('admin.tokens.add')}
        </button>
      </form>
      <Problem text={actions.failures.add?.text} onRetry={add} />
      <Problem text={tokens.problem} onRetry={() => void tokens.refresh()} />
      {tokens.value?.tokens.length === 0 && <p className="muted">{t('admin.tokens.none')}</p>}
      {tokens.value && tokens.value.tokens.length > 0 && (
        <Table
          heads={[
            t('session.name'),
            t('admin.people.role'),
            t('admin.tokens.made'),
            t('admin.tokens.used'),
            t('admin.tokens.until'),
          ]}
          actions
        >
          {byWorth(tokens.value.tokens, now).map((token) => (
            <TokenRow
              key={token.name}
              token={token}
              now={now}
              busy={actions.busy.has(`token ${token.name}`)}
              problem={actions.failures[`token ${token.name}`]}
              onRevoke={() => setRevoking(token)}
            />
          ))}
        </Table>
      )}
      {revoking && (
        <Confirm
          title={t('admin.tokens.revokeTitle', { name: revoking.name })}
          verb={t('admin.tokens.revoke')}
          onClose={() => setRevoking(undefined)}
          onConfirm={() =>
            void actions.run(`token ${revoking.name}`, async () => {
              await admin.revokeToken(revoking.name);
              await tokens.refresh();
            })
          }
        >
          <p>{t('admin.tokens.revokeText')}</p>
        </Confirm>
      )}
      {made && (
        <Secret
          title={t('admin.tokens.secretOf', { name: made.token.name })}
          hint={t('admin.tokens.secretHint')}
          secret={made.secret}
          onClose={() => setMade(undefined)}
        />
      )}
    </section>
  );
}

interface RowProps {
  token: ApiToken;
  now: number;
  busy: boolean;
  problem: { text: string; again: () => void } | undefined;
  onRevoke: () => void;
}

function TokenRow({ token, now, busy, problem, onRevoke }: RowProps) {
  const state = tokenState(token, now);
  return (
    <tr data-testid={`token-${token.name}`} className={state === 'live' ? undefined : 'muted'}>
      <th scope="row">{token.name}</th>
      <td>{t(`admin.people.role.${token.role as 'viewer'}`)}</td>
      <td>
        {moment(token.created_at)} <span className="muted">{token.created_by}</span>
      </td>
      <td>{token.last_used_at ? moment(token.last_used_at) : t('admin.tokens.never')}</td>
      <td>
        {state === 'revoked' && t('admin.tokens.revoked', { when: moment(token.revoked_at) })}
        {state === 'expired' && t('admin.tokens.expired', { when: moment(token.expires_at) })}
        {state === 'live' && (token.expires_at ? moment(token.expires_at) : t('admin.tokens.untilRevoked'))}
      </td>
      <td>
        <div className="row row-end">
          {state === 'live' && (
            <button type="button" className="button" disabled={busy} onClick={onRevoke}>
              {t('admin.tokens.revoke')}
            </button>
          )}
        </div>
        <Problem text={problem?.text} onRetry={() => problem?.again()} />
      </td>
    </tr>
  );
}
