import { useId, useMemo, useState } from 'react';
import { t } from '../i18n';
import { Dialog } from '../ui/Dialog';
import { type Command, keyLabel, useOfferedCommands } from './registry';
import { commandsNamed } from './search';
import { titleOf } from './titles';

/** Every command by name (Ctrl+K). */
export function Palette({ onClose }: { onClose: () => void }) {
  const commands = useOfferedCommands();
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const found = useMemo(
    () =>
      commandsNamed(
        typed,
        commands.filter((command) => !command.hidden && (command.enabled?.() ?? true)),
      ),
    [commands, typed],
  );
  const index = Math.min(chosen, Math.max(0, found.length - 1));
  const run = (command: Command | undefined): void => {
    if (!command) return;
    onClose();
    // After the dialog has given the focus back.
    queueMicrotask(command.run);
  };
  return (
    <Dialog title={t('palette.title')} onClose={onClose} className="palette" bare>
      <input
        className="palette-input"
        value={typed}
        placeholder={t('palette.placeholder')}
        aria-label={t('palette.title')}
        role="combobox"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={found[index] ? `${listId}-${index}` : undefined}
        autoComplete="off"
        onChange={(event) => {
          setTyped(event.target.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
          if (step !== 0) {
            event.preventDefault();
            const next = (index + step + found.length) % Math.max(1, found.length);
            setChosen(next);
            document.getElementById(`${listId}-${next}`)?.scrollIntoView({ block: 'nearest' });
          } else if (event.key === 'Enter') {
            event.preventDefault();
            run(found[index]);
          }
        }}
      />
      <div className="palette-list" id={listId} role="listbox" aria-label={t('palette.title')}>
        {found.map((command, at) => (
          <button
            type="button"
            key={command.id}
            id={`${listId}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === index}
            className="palette-item"
            onClick={() => run(command)}
            onMouseMove={() => setChosen(at)}
          >
            <span className="palette-group">{t(`group.${command.group}`)}</span>
            <span className="palette-name">{titleOf(command)}</span>
            {command.keys?.[0] && <kbd>{keyLabel(command.keys[0])}</kbd>}
          </button>
        ))}
        {found.length === 0 && <p className="muted palette-none">{t('palette.none')}</p>}
      </div>
    </Dialog>
  );
}
