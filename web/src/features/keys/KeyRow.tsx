import { type KeyboardEvent, useRef, useState } from 'react';
import { judgeKey, MOST_KEYS } from '../../commands/ownKeys';
import { type Command, keyLabel, keyName } from '../../commands/registry';
import { titleOf } from '../../commands/titles';
import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';

interface Props {
  command: Command;
  /** All of the page, with the keys that count. */
  commands: readonly Command[];
  /** The keys are not those that the command brings along. */
  changed: boolean;
  onGive: (key: string) => void;
  onTake: (key: string) => void;
  onReset: () => void;
}

/** One command: its keys, each to be taken away, and another one to be pressed. */
export function KeyRow({ command, commands, changed, onGive, onTake, onReset }: Props) {
  const [pressing, setPressing] = useState(false);
  /** A key that was pressed but has not been given. */
  const [refused, setRefused] = useState<{ key: string; holder?: Command }>();
  const add = useRef<HTMLButtonElement>(null);
  const name = titleOf(command);
  const keys = command.keys ?? [];

  const press = (event: KeyboardEvent): void => {
    if (!pressing) return;
    const key = keyName(event.nativeEvent);
    if (key.endsWith('Tab')) return;
    event.preventDefault();
    event.stopPropagation();
    if (judgeKey(key) === 'wait') return;
    setPressing(false);
    if (key === 'Escape' || keys.includes(key)) return;
    const holder = commands.find((other) => other.id !== command.id && other.keys?.includes(key));
    if (judgeKey(key) === 'browser' || holder) setRefused({ key, holder });
    else onGive(key);
  };
  const settle = (give: boolean): void => {
    if (give && refused) onGive(refused.key);
    setRefused(undefined);
    add.current?.focus();
  };

  return (
    <li data-testid={`keys-${command.id}`}>
      <span className="keys-name">{name}</span>
      <span className="keys-chips">
        {keys.map((key) => (
          <button
            type="button"
            key={key}
            className="key-chip"
            aria-label={t('keys.take', { key: keyLabel(key), command: name })}
            title={t('keys.take', { key: keyLabel(key), command: name })}
            onClick={() => onTake(key)}
          >
            <kbd>{keyLabel(key)}</kbd>
            <Icon name="close" size={10} />
          </button>
        ))}
        {keys.length < MOST_KEYS && (
          <button
            type="button"
            ref={add}
            className={pressing ? 'button key-add pressing' : 'button key-add'}
            aria-label={pressing ? t('keys.pressHint', { command: name }) : t('keys.add', { command: name })}
            title={pressing ? undefined : t('keys.add', { command: name })}
            onClick={() => {
              setRefused(undefined);
              setPressing(true);
            }}
            onKeyDown={press}
            onBlur={() => setPressing(false)}
          >
            {pressing ? t('keys.press') : <Icon name="plus" size={12} />}
          </button>
        )}
        {changed && (
          <button
            type="button"
            className="icon-button"
            aria-label={t('keys.reset', { command: name })}
            title={t('keys.reset', { command: name })}
            onClick={onReset}
          >
            <Icon name="reset" size={14} />
          </button>
        )}
      </span>
      {refused && (
        <div className="keys-conflict" role="alert">
          {refused.holder
            ? t('keys.conflict', { key: keyLabel(refused.key), other: titleOf(refused.holder) })
            : t('keys.browser', { key: keyLabel(refused.key) })}
          {refused.holder && (
            <button type="button" className="button" onClick={() => settle(true)}>
              {t('keys.give', { command: name })}
            </button>
          )}
          <button type="button" className="button" onClick={() => settle(false)}>
            {t('keys.leave')}
          </button>
        </div>
      )}
    </li>
  );
}
