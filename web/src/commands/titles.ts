/** What commands are called. */
import { t } from '../i18n';
import { type Command, keyLabel } from './registry';

export function titleOf(command: Command): string {
  const values = Object.fromEntries(
    Object.entries(command.titleKeys ?? {}).map(([name, key]) => [name, t(key, command.titleValues)]),
  );
  return t(command.title, { ...command.titleValues, ...values });
}

/** With its first key, for a button's hint. */
export function titleWithKey(command: Command): string {
  const [key] = command.keys ?? [];
  return key ? `${titleOf(command)} (${keyLabel(key)})` : titleOf(command);
}
