/** Keys as a person has chosen them, over those that commands bring along. Pure. */
import type { Command } from './registry';

/** By the command's id. What is listed counts instead of the command's own keys; nothing listed, and it has none. */
export type OwnKeys = Readonly<Record<string, readonly string[]>>;

export const NO_OWN_KEYS: OwnKeys = {};
export const MOST_KEYS = 4;
const MOST_COMMANDS = 500;
const LONGEST = 64;

const isShort = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= LONGEST;

/** What was kept, so far as it is of use. */
export function checkOwnKeys(kept: unknown): OwnKeys | undefined {
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) return undefined;
  const good = Object.entries(kept).filter(
    ([id, keys]) => isShort(id) && Array.isArray(keys) && keys.length <= MOST_KEYS && keys.every(isShort),
  );
  return Object.fromEntries(good.slice(0, MOST_COMMANDS)) as Record<string, string[]>;
}

/** The commands with the keys that count: a key somebody has chosen is taken from the command that brought it along. */
export function withOwnKeys(commands: readonly Command[], own: OwnKeys): readonly Command[] {
  const chosen = new Set(commands.flatMap((command) => own[command.id] ?? []));
  if (chosen.size === 0 && !commands.some((command) => own[command.id])) return commands;
  return commands.map((command) => {
    const keys = own[command.id] ?? command.keys?.filter((key) => !chosen.has(key));
    return { ...command, keys };
  });
}

/** Gives a command a key more; whoever had it among `commands` (with the keys that count) gives it up. */
export function giveKey(own: OwnKeys, commands: readonly Command[], id: string, key: string): OwnKeys {
  const keysOf = (command: Command): readonly string[] => command.keys ?? [];
  const changed: Record<string, readonly string[]> = { ...own };
  for (const command of commands) {
    if (command.id === id) changed[id] = [...keysOf(command).filter((one) => one !== key), key];
    else if (keysOf(command).includes(key)) changed[command.id] = keysOf(command).filter((one) => one !== key);
  }
  return changed;
}

/** Takes a key from a command. */
export function takeKey(own: OwnKeys, command: Command, key: string): OwnKeys {
  return { ...own, [command.id]: (command.keys ?? []).filter((one) => one !== key) };
}

/** The command has the keys again that it brings along. */
export function resetKeys(own: OwnKeys, id: string): OwnKeys {
  return Object.fromEntries(Object.entries(own).filter(([one]) => one !== id));
}

const MODIFIERS = /(^|\+)(Control|Shift|Alt|AltGraph|Meta|CapsLock|NumLock|Dead|Process|Unidentified)$/;
const BROWSERS = new Set(['Ctrl+w', 'Ctrl+t', 'Ctrl+n', 'Ctrl+l', 'Ctrl+r', 'F5', 'F11', 'F12']);

/** Whether a pressed key can be given: 'wait' for one that is only held with others, 'browser' for what never reaches us. */
export function judgeKey(key: string): 'good' | 'wait' | 'browser' {
  if (MODIFIERS.test(key)) return 'wait';
  return BROWSERS.has(key) || key.endsWith('Tab') ? 'browser' : 'good';
}
