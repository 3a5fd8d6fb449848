import { type Command, keyLabel } from '../../commands/registry';
import { titleOf } from '../../commands/titles';
import { Icon, type IconName } from '../../ui/Icon';
import { Popover } from '../../ui/Popover';
import { COMMAND_ICONS } from './commandIcons';
import './toolMenu.css';

interface Props {
  label: string;
  /** In parts, between which a line is drawn. */
  parts: ReadonlyArray<readonly Command[]>;
  /** What the bar shows already, by identifier. */
  inBar?: ReadonlySet<string>;
  /** In place of the arrow that stands for more. */
  icon?: IconName;
}

/** Commands under one button, with their keys: what the bar has no room for, and what it shows, so that all stands in one place. */
export function ToolMenu({ label, parts, inBar, icon = 'more' }: Props) {
  const chosen = parts.flat().find((command) => command.id.startsWith('tool.') && command.active?.());
  const hidden = chosen && !inBar?.has(chosen.id) ? chosen : undefined;
  return (
    <Popover icon={(hidden && COMMAND_ICONS[hidden.id]) ?? icon} label={label} pressed={hidden && true}>
      {(close) => (
        <div className="tool-menu">
          {parts
            .filter((part) => part.length > 0)
            .map((part) => (
              <ul key={part[0]?.id}>
                {part.map((command) => (
                  <li key={command.id}>
                    <button
                      type="button"
                      className="menu-item"
                      aria-pressed={command.active?.()}
                      disabled={command.enabled?.() === false}
                      onClick={() => {
                        close();
                        command.run();
                      }}
                    >
                      <Icon name={COMMAND_ICONS[command.id] ?? 'none'} />
                      <span>{titleOf(command)}</span>
                      {command.keys?.[0] && <kbd>{keyLabel(command.keys[0])}</kbd>}
                    </button>
                  </li>
                ))}
              </ul>
            ))}
        </div>
      )}
    </Popover>
  );
}
