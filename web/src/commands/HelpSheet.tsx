import { t } from '../i18n';
import { BUTTONS, type MouseChoice, WHEELS } from '../imaging/mouse';
import { TOOL_TITLES } from '../imaging/toolTitles';
import { Dialog } from '../ui/Dialog';
import { COMMAND_GROUPS, keyLabel, useOfferedCommands } from './registry';
import { titleOf } from './titles';

interface Props {
  onClose: () => void;
  /** To choose other keys. */
  onChange: () => void;
  /** Where the mouse has tools. */
  mouse: MouseChoice | undefined;
}

/** Keys and mouse (`?`), drawn from the command registry. */
export function HelpSheet({ onClose, onChange, mouse }: Props) {
  const commands = useOfferedCommands().filter((command) => !command.hidden && command.keys?.length);
  return (
    <Dialog title={t('help.title')} onClose={onClose} className="help-sheet">
      <div className="help-columns">
        {COMMAND_GROUPS.map((group) => {
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
              {WHEELS.map((wheel) => (
                <div key={wheel}>
                  <dt>{t(`help.wheel.${mouse[wheel]}`)}</dt>
                  <dd>
                    <kbd>{t(`help.key.${wheel}`)}</kbd>
                  </dd>
                </div>
              ))}
              {BUTTONS.map((button) => (
                <div key={button}>
                  <dt>
                    {t(button === 'left' ? 'help.mouse.left' : TOOL_TITLES[mouse[button]], {
                      tool: t(TOOL_TITLES[mouse[button]]),
                    })}
                  </dt>
                  <dd>
                    <kbd>{t(`help.key.${button}`)}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
      </div>
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={onChange}>
          {t('keys.change')}
        </button>
      </footer>
    </Dialog>
  );
}
