/**
 * One registry of commands: menu, hotkeys, palette and help sheet are all drawn from it, so that they cannot disagree.
 * A page offers its commands while it is mounted.
 */
import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { MessageKey } from '../i18n';

export type CommandGroup = 'general' | 'navigate' | 'view' | 'tool' | 'window' | 'layout';

export interface Command {
  id: string;
  title: MessageKey;
  /** Values for the title's placeholders; those that are message keys themselves are translated by `titleOf`. */
  titleKeys?: Readonly<Record<string, MessageKey>>;
  /** Values that are the same in every language, for the title's placeholders and for those of `titleKeys`. */
  titleValues?: Readonly<Record<string, string | number>>;
  group: CommandGroup;
  /** As `keyName` writes them: `w`, `ArrowDown`, `Ctrl+k`. The first is shown. */
  keys?: readonly string[];
  /** Left out of menu, palette and help (an alias, for instance). */
  hidden?: boolean;
  /** Whether it can run now. */
  enabled?: () => boolean;
  /** For a menu that shows a state. */
  active?: () => boolean;
  /** Also while a text field has the focus. */
  everywhere?: boolean;
  /** Repeats while the key is held. */
  repeats?: boolean;
  run: () => void;
}

type Source = { current: readonly Command[] };

const sources: Source[] = [];
const listeners = new Set<() => void>();
let snapshot: readonly Command[] = [];

function refresh(): void {
  snapshot = sources.flatMap((source) => source.current);
  for (const listener of listeners) listener();
}

/** Offers commands as long as the calling component lives. Later sources win over earlier ones for the same key. */
export function useCommands(commands: readonly Command[]): void {
  const source = useRef(commands);
  useEffect(() => {
    source.current = commands;
    if (sources.includes(source)) refresh();
  }, [commands]);
  useEffect(() => {
    sources.push(source);
    refresh();
    return () => {
      sources.splice(sources.indexOf(source), 1);
      refresh();
    };
  }, []);
}

export function useOfferedCommands(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}

/** The name of a pressed key as commands write it. Shift is part of the character, except for named keys. */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): string {
  const key = event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const modifiers = [
    event.ctrlKey || event.metaKey ? 'Ctrl' : '',
    event.altKey ? 'Alt' : '',
    event.shiftKey && key.length > 1 ? 'Shift' : '',
  ];
  return [...modifiers.filter(Boolean), key].join('+');
}

/** How a key is shown. */
export function keyLabel(key: string): string {
  const names: Readonly<Record<string, string>> = {
    ArrowUp: '↑',
    ArrowDown: '↓',
    ArrowLeft: '←',
    ArrowRight: '→',
    PageUp: 'PgUp',
    PageDown: 'PgDn',
    Escape: 'Esc',
    Delete: 'Del',
  };
  return key
    .split('+')
    .map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(' ');
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type);
}

/** Which command a key press means, if any. Pure but for the registry. */
export function commandForKey(name: string, typing: boolean, commands: readonly Command[]): Command | undefined {
  return [...commands]
    .reverse()
    .find(
      (command) => command.keys?.includes(name) && (!typing || command.everywhere) && (command.enabled?.() ?? true),
    );
}

/** Space and Enter belong to a focused control. */
function belongsToControl(name: string, target: EventTarget | null): boolean {
  return (
    (name === 'Enter' || name === 'Space') &&
    target instanceof HTMLElement &&
    target.closest('button, a, summary, input, select, [role="option"], [role="slider"]') !== null
  );
}

/** Installs the one key listener of the app. */
export function listenForKeys(): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    // An open dialog or menu owns the keyboard.
    if (document.querySelector('dialog[open], [data-owns-keys]')) return;
    const name = keyName(event);
    if (belongsToControl(name, event.target)) return;
    const command = commandForKey(name, isTyping(event.target), snapshot);
    if (!command || (event.repeat && !command.repeats)) return;
    event.preventDefault();
    command.run();
  };
  // While capturing: the renderer cancels every key pressed on a picture.
  window.addEventListener('keydown', listener, true);
  return () => window.removeEventListener('keydown', listener, true);
}
