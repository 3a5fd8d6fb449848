import { useState } from 'react';
import { usePreference } from '../../api/preferences';
import { checkOwnKeys, giveKey, NO_OWN_KEYS, type OwnKeys, resetKeys, takeKey } from '../../commands/ownKeys';
import { COMMAND_GROUPS, type Command, useOfferedCommands } from '../../commands/registry';
import { titleOf } from '../../commands/titles';
import { t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { KeyRow } from './KeyRow';
import { MouseChoices } from './MouseChoices';
import './keys.css';

/** Which keys the commands of this page have, and which tools the mouse; kept for the person who is signed in. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
  const [own, setOwn] = usePreference('keys', NO_OWN_KEYS, checkOwnKeys);
  const [typed, setTyped] = useState('');
  const commands = useOfferedCommands().filter((command) => !command.hidden);
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands.filter((command) => words.every((word) => titleOf(command).toLowerCase().includes(word)));
  const change = (next: OwnKeys): void => setOwn(Object.keys(next).length > 0 ? next : undefined);
  return (
    <Dialog title={t('keys.title')} onClose={onClose} className="keys-dialog" steady>
      <p className="keys-lead muted">{t('keys.lead')}</p>
      <div className="keys-body">
        <section>
          <div className="row">
            <input
              type="search"
              className="keys-search"
              value={typed}
              placeholder={t('keys.search')}
              aria-label={t('keys.search')}
              onChange={(event) => setTyped(event.target.value)}
            />
            <button
              type="button"
              className="button"
              disabled={Object.keys(own).length === 0}
              onClick={() => setOwn(undefined)}
            >
              {t('keys.resetAll')}
            </button>
          </div>
          {COMMAND_GROUPS.map((group) => {
            const shown = found.filter((command) => command.group === group).sort(keysFirst);
            if (shown.length === 0) return null;
            return (
              <section key={group} aria-label={t(`group.${group}`)}>
                <h3>{t(`group.${group}`)}</h3>
                <ul>
                  {shown.map((command) => (
                    <KeyRow
                      key={command.id}
                      command={command}
                      commands={commands}
                      changed={own[command.id] !== undefined}
                      onGive={(key) => change(giveKey(own, commands, command.id, key))}
                      onTake={(key) => change(takeKey(own, command, key))}
                      onReset={() => change(resetKeys(own, command.id))}
                    />
                  ))}
                </ul>
              </section>
            );
          })}
          {found.length === 0 && <p className="muted">{t('keys.none')}</p>}
        </section>
        <MouseChoices />
      </div>
    </Dialog>
  );
}

/** What has no key yet comes last. */
function keysFirst(one: Command, other: Command): number {
  return Number(!one.keys?.length) - Number(!other.keys?.length);
}
