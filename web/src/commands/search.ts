/** Commands by what they are called. */
import type { Command } from './registry';
import { titleOf } from './titles';

/** Those whose titles hold all the typed words; first those where each begins one: `mpr` is rather MPR than “surimpressions”. */
export function commandsNamed(typed: string, commands: readonly Command[]): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands.flatMap((command) => {
    const title = titleOf(command).toLowerCase();
    if (!words.every((word) => title.includes(word))) return [];
    const begun = title.split(/[^\p{L}\p{N}]+/u);
    return [{ command, begins: words.every((word) => begun.some((one) => one.startsWith(word))) }];
  });
  return found.sort((one, other) => Number(other.begins) - Number(one.begins)).map(({ command }) => command);
}
