import { type FormEvent, useState } from 'react';
import { admin } from '../../../api/admin';
import type { Account, NewPassword, Session } from '../../../api/types';
import { t } from '../../../i18n';
import { moment } from '../../../ui/format';
import { Confirm } from '../Confirm';
import { Field, Switch } from '../fields';
import { Problem } from '../Problem';
import { Table } from '../Table';
import { useActions } from '../useActions';
import { useLive } from '../useLive';
import { RoleSelect } from './RoleSelect';
import { Secret } from './Secret';
import { Tokens } from './Tokens';

/** As the server judges names. */
const NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/i;

/** Who may sign in, and which machines have tokens. */
export function PeopleRoom({ session }: { session: Session }) {
  const users = useLive(admin.users);
  const actions = useActions();
  const [told, setTold] = useState<NewPassword>();
  const [resetting, setResetting] = useState<Account>();
  const [name, setName] = useState('');
  const [role, setRole] = useState('viewer');
  const [badName, setBadName] = useState(false);
  const change = (user: Account, action: () => Promise<unknown>): Promise<boolean> =>
    actions.run(user.name, async () => {
      await action();
      await users.refresh();
    });
  const add = (): void => {
    const bad = !NAME.test(name.trim());
    setBadName(bad);
    if (bad) return;
    void actions.run('add', async () => {
      setTold(await admin.addUser(name, role));
      setName('');
      await users.refresh();
    });
  };
  return (
    <>
      <form
        className="admin-tools align-end"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          add();
        }}
      >
        <Field label={t('admin.people.newName')}>
          {(attributes) => (
            <input
              {...attributes}
              required
              maxLength={64}
              autoComplete="off"
              spellCheck={false}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label={t('admin.people.role')}>
          {(attributes) => <RoleSelect {...attributes} value={role} onChange={setRole} />}
        </Field>
        <button type="submit" className="button button-main" disabled={actions.busy.has('add')}>
          {t('admin.people.add')}
        </button>
      </form>
      <Problem text={badName ? t('admin.people.badName') : actions.failures.add?.text} onRetry={add} />
      <Problem text={users.problem} onRetry={() => void users.refresh()} />
      <Table
        heads={[t('session.name'), t('admin.people.role'), t('admin.people.maySignIn'), t('admin.people.since')]}
        actions
      >
        {users.value?.users.map((user) => (
          <UserRow
            key={user.name}
            user={user}
            own={user.name === session.user.name}
            busy={actions.busy.has(user.name)}
            problem={actions.failures[user.name]}
            onRole={(next) => void change(user, () => admin.changeUser(user.name, { role: next }))}
            onDisabled={(disabled) => void change(user, () => admin.changeUser(user.name, { disabled }))}
            onReset={() => setResetting(user)}
          />
        ))}
      </Table>
      <p className="muted admin-lead">{t('admin.people.rolesHint')}</p>
      <Tokens />
      {resetting && (
        <Confirm
          title={t('admin.people.resetTitle', { name: resetting.name })}
          verb={t('admin.people.reset')}
          onClose={() => setResetting(undefined)}
          onConfirm={() => void change(resetting, async () => setTold(await admin.resetPassword(resetting.name)))}
        >
          <p>{t('admin.people.resetText')}</p>
        </Confirm>
      )}
      {told && (
        <Secret
          title={t('admin.people.passwordOf', { name: told.name })}
          hint={t('admin.people.passwordHint')}
          secret={told.password}
          onClose={() => setTold(undefined)}
        />
      )}
    </>
  );
}

interface RowProps {
  user: Account;
  own: boolean;
  busy: boolean;
  problem: { text: string; again: () => void } | undefined;
  onRole: (role: string) => void;
  onDisabled: (disabled: boolean) => void;
  onReset: () => void;
}

/** One's own role and access are another administrator's to change: a slip would lock one out. */
function UserRow({ user, own, busy, problem, onRole, onDisabled, onReset }: RowProps) {
  return (
    <>
      <tr data-testid={`user-${user.name}`}>
        <th scope="row">
          {user.name} {own && <span className="chip">{t('admin.people.you')}</span>}
          {user.must_change_password && <div className="muted">{t('admin.people.mustChange')}</div>}
        </th>
        <td>
          <RoleSelect
            aria-label={t('admin.people.roleOf', { name: user.name })}
            value={user.role}
            disabled={busy || own}
            onChange={onRole}
          />
        </td>
        <td>
          <Switch
            bare
            label={t('admin.people.maySignInOf', { name: user.name })}
            checked={!user.disabled}
            disabled={busy || own}
            onChange={(may) => onDisabled(!may)}
          />
        </td>
        <td>{moment(user.created_at)}</td>
        <td>
          <div className="row row-end">
            <button type="button" className="button" disabled={busy || own} onClick={onReset}>
              {t('admin.people.reset')}
            </button>
          </div>
        </td>
      </tr>
      <tr className="more-row" hidden={!problem}>
        <td colSpan={5}>
          <Problem text={problem?.text} onRetry={() => problem?.again()} />
        </td>
      </tr>
    </>
  );
}
