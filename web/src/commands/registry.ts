/**
 * One registry of commands: menu, hotkeys, palette and help sheet are all drawn from it, so that they cannot disagree.
 * A page offers its commands while it is mounted.
 */
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { type MessageKey, t } from '../i18n';
import { NO_OWN_KEYS, type OwnKeys, withOwnKeys } from './ownKeys';

/** In the order in which they are shown. */
export const COMMAND_GROUPS = ['navigate', 'view', 'window', 'tool', 'layout', 'general'] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

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
let ownKeys: OwnKeys = NO_OWN_KEYS;

function refresh(): void {
  snapshot = withOwnKeys(
    sources.flatMap((source) => source.current),
    ownKeys,
  );
  for (const listener of listeners) listener();
}

/** From now on commands have the keys that the signed-in person has chosen. */
export function setOwnKeys(own: OwnKeys): void {
  ownKeys = own;
  refresh();
}

/**
 * Offers commands as long as the calling component lives. Later sources win over earlier ones for the same key.
 * Returns them with the keys that count.
 */
export function useCommands(commands: readonly Command[]): readonly Command[] {
  const offered = useOfferedCommands();
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
  return useMemo(() => {
    const keys = new Map(offered.map((command) => [command.id, command.keys]));
    return commands.map((command) => (keys.has(command.id) ? { ...command, keys: keys.get(command.id) } : command));
  }, [commands, offered]);
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

type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'> & Partial<KeyboardEvent>;

/** The name of a pressed key as commands write it. Shift is part of the character, except for named keys. */
export function keyName(event: KeyPress): string {
  const key = event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // `[` is AltGr and a digit on many keyboards; some systems tell AltGr as Ctrl and Alt.
  const composed = key.length === 1 && (event.getModifierState?.('AltGraph') ?? false);
  const modifiers = [
    (event.ctrlKey || event.metaKey) && !composed ? 'Ctrl' : '',
    event.altKey && !composed ? 'Alt' : '',
    event.shiftKey && key.length > 1 ? 'Shift' : '',
  ];
  return [...modifiers.filter(Boolean), key].join('+');
}

/** The digit printed on a pressed key that writes something else: French keyboards have digits with Shift only. */
export function digitOf(event: KeyPress): string | undefined {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  return plain ? /^Digit(\d)$/.exec(event.code ?? '')?.[1] : undefined;
}

/** Keys whose names are words: each language has its own on its keyboards. */
const KEY_WORDS = {
  Space: 'key.space',
  Enter: 'key.enter',
  Escape: 'key.escape',
  Delete: 'key.delete',
  Backspace: 'key.backspace',
  Home: 'key.home',
  End: 'key.end',
  PageUp: 'key.pageUp',
  PageDown: 'key.pageDown',
} as const;
const ARROWS: Readonly<Record<string, string>> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→' };

/** How a key is shown. */
export function keyLabel(key: string): string {
  const parts = key === '+' ? ['+'] : key.split(/\+(?=.)/);
  const labels = parts.map((part) => {
    if (part in KEY_WORDS) return t(KEY_WORDS[part as keyof typeof KEY_WORDS]);
    return ARROWS[part] ?? (part.length === 1 ? part.toUpperCase() : part);
  });
  return labels.join(' ');
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type);
}

/** Which command a key press means, if any. What writes a character means none while somebody types. */
export function commandForKey(name: string, typing: boolean, commands: readonly Command[]): Command | undefined {
  const writes = name.length === 1 || name === 'Space';
  return [...commands]
    .reverse()
    .find(
      (command) =>
        command.keys?.includes(name) && (!typing || (command.everywhere && !writes)) && (command.enabled?.() ?? true),
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
    const typing = isTyping(event.target);
    const digit = digitOf(event);
    const command =
      commandForKey(name, typing, snapshot) ?? (digit ? commandForKey(digit, typing, snapshot) : undefined);
    if (!command || (event.repeat && !command.repeats)) return;
    event.preventDefault();
    command.run();
  };
  // While capturing: the renderer cancels every key pressed on a picture.
  window.addEventListener('keydown', listener, true);
  return () => window.removeEventListener('keydown', listener, true);
}
