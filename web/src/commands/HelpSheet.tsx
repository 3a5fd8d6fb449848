import { t } from '../i18n';
import { Dialog } from '../ui/Dialog';
import { titleOf } from './Palette';
import { type CommandGroup, keyLabel, useOfferedCommands } from './registry';

const GROUPS: readonly CommandGroup[] = ['navigate', 'view', 'window', 'tool', 'layout', 'general'];

/** Keys and mouse (`?`), drawn from the command registry. */
export function HelpSheet({ onClose, mouse }: { onClose: () => void; mouse: boolean }) {
  const commands = useOfferedCommands().filter((command) => !command.hidden && command.keys?.length);
  return (
    <Dialog title={t('help.title')} onClose={onClose} className="help-sheet">
      <div className="help-columns">
        {GROUPS.map((group) => {
          const shown = commands.filter((command) => command.group === group);
          if (shown.length === 0) return null;
          return (
            <section key={group}>
              <h3>{t(`group.${group}`)}</h3>
              <dl>
                {shown.map((command) => (
                  <div key={command.id}>
                    <dt>{titleOf(command)}</dt>
                    <dd>
                      {command.keys?.map((key) => (
                        <kbd key={key}>{keyLabel(key)}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          );
        })}
        {mouse && (
          <section>
            <h3>{t('help.mouse')}</h3>
            <dl>
              {(['wheel', 'left', 'middle', 'right', 'ctrlWheel'] as const).map((button) => (
                <div key={button}>
                  <dt>{t(`help.mouse.${button}`)}</dt>
                  <dd>
                    <kbd>{t(`help.key.${button}`)}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
      </div>
    </Dialog>
  );
}
