import type { ReactNode } from 'react';
import type { ServerStatus, Session } from '../api/types';
import type { Command } from '../commands/registry';
import { titleOf, titleWithKey } from '../commands/titles';
import { currentLanguage, LANGUAGES, type Language, t, tCount } from '../i18n';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { LANGUAGE_NAMES, takeLanguage } from './language';

interface Props {
  session: Session;
  status: ServerStatus | undefined;
  refused: number;
  commands: readonly Command[];
  children: ReactNode;
}

export function Header({ session, status, refused, commands, children }: Props) {
  const find = (id: string): Command | undefined => commands.find((command) => command.id === id);
  const run = (id: string): void => find(id)?.run();
  const hint = (id: string): string | undefined => {
    const command = find(id);
    return command && titleWithKey(command);
  };
  return (
    <header className="bar">
      <img src="/icon.svg" alt="" width="22" height="22" />
      <strong className="brand">{t('app.name')}</strong>
      {status?.demo && <span className="badge badge-info">{t('app.demo')}</span>}
      {session.open_access && <span className="badge badge-warn">{t('app.openAccess')}</span>}
      <span className="spacer" />
      {children}
      <button
        type="button"
        className="button"
        onClick={() => run('callers')}
        data-testid="node"
        title={hint('callers')}
      >
        <Icon name="node" />
        <span className="wide-only">
          {status ? `${status.ae_title} ${status.host}:${status.dicom_port}` : t('callers.node')}
        </span>
        {refused > 0 && <span className="badge badge-warn">{tCount('callers.badge', refused)}</span>}
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={t('palette.open')}
        title={hint('palette')}
        onClick={() => run('palette')}
      >
        <Icon name="commands" />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={t('help.open')}
        title={hint('help')}
        onClick={() => run('help')}
      >
        <Icon name="help" />
      </button>
      <UserMenu session={session} commands={commands} />
    </header>
  );
}

function UserMenu({ session, commands }: { session: Session; commands: readonly Command[] }) {
  const offered = commands.filter((command) => ['admin', 'keys', 'password', 'signOut'].includes(command.id));
  return (
    <Menu
      testId="user-menu"
      side="right"
      label={
        <>
          <Icon name="user" /> {session.user.name}
        </>
      }
    >
      {(close) => (
        <>
          <label className="menu-field">
            {t('app.language')}
            <select
              className="select"
              value={currentLanguage()}
              onChange={(event) => takeLanguage(event.target.value as Language)}
            >
              {LANGUAGES.map((language) => (
                <option key={language} value={language}>
                  {LANGUAGE_NAMES[language]}
                </option>
              ))}
            </select>
          </label>
          {offered.map((command) => (
            <button
              type="button"
              key={command.id}
              className="menu-item"
              onClick={() => {
                close();
                command.run();
              }}
            >
              {titleOf(command)}
            </button>
          ))}
        </>
      )}
    </Menu>
  );
}
