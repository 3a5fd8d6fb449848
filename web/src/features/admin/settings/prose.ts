/** The explanation of a setting, taken apart, and which settings somebody looks for. */
import type { Setting } from '../../../api/types';

export interface Piece {
  code: boolean;
  text: string;
}

/** What stands between grave accents is code. */
export function piecesOf(meaning: string): Piece[] {
  return meaning
    .split('`')
    .map((text, at) => ({ code: at % 2 === 1, text }))
    .filter((piece) => piece.text !== '');
}

export function matching(settings: readonly Setting[], typed: string, changedOnly: boolean): Setting[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return settings
    .filter((setting) => setting.changed || !changedOnly)
    .filter(({ name, meaning, value }) => {
      const text = `${name} ${meaning} ${value}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
}
