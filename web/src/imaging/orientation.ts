/** Orientation letters from directions in the patient (PS3.3 C.7.6.1.1.1): L, P and H are +x, +y and +z. */

export type Vector = readonly [number, number, number];

export interface EdgeLetters {
  left: string;
  right: string;
  top: string;
  bottom: string;
}

export const NO_LETTERS: EdgeLetters = { left: '', right: '', top: '', bottom: '' };

/** Components below this share of the unit vector are not worth a letter (about 6 degrees). */
const SMALLEST_SHARE = 0.1;
const OPPOSITE: Readonly<Record<string, string>> = { L: 'R', R: 'L', A: 'P', P: 'A', H: 'F', F: 'H' };

/** Letters of a direction, the strongest first: `[0.9, 0.4, 0]` reads `LP`. Empty for a vector without length. */
export function lettersOf(direction: Vector): string {
  const length = Math.hypot(...direction);
  if (!(length > 0)) return '';
  const names: ReadonlyArray<readonly [string, string]> = [
    ['L', 'R'],
    ['P', 'A'],
    ['H', 'F'],
  ];
  return direction
    .map((component, axis) => ({ share: component / length, names: names[axis] as readonly [string, string] }))
    .filter(({ share }) => Math.abs(share) > SMALLEST_SHARE)
    .sort((one, other) => Math.abs(other.share) - Math.abs(one.share))
    .map(({ share, names: [positive, negative] }) => (share > 0 ? positive : negative))
    .join('');
}

/** The same direction seen from the other side: `LP` becomes `RA`. */
export function oppositeLetters(letters: string): string {
  return [...letters].map((letter) => OPPOSITE[letter] ?? letter).join('');
}

/** Letters on the four edges from the patient directions of screen-right and screen-down. */
export function edgeLetters(screenRight: Vector, screenDown: Vector): EdgeLetters {
  const right = lettersOf(screenRight);
  const bottom = lettersOf(screenDown);
  return { left: oppositeLetters(right), right, top: oppositeLetters(bottom), bottom };
}

/**
 * Letters from Patient Orientation (0020,0020) where the object has no patient axes, as in projection radiography.
 * rowToRight etc.: how screen-right and screen-down lie in the image's row and column directions, each -1, 0 or 1.
 */
export function edgeLettersFromPatientOrientation(
  rowDirection: string,
  columnDirection: string,
  screenRight: readonly [number, number],
  screenDown: readonly [number, number],
): EdgeLetters {
  const along = ([row, column]: readonly [number, number]): string => {
    if (Math.abs(row) >= Math.abs(column)) return row >= 0 ? rowDirection : oppositeLetters(rowDirection);
    return column >= 0 ? columnDirection : oppositeLetters(columnDirection);
  };
  const right = along(screenRight);
  const bottom = along(screenDown);
  return { left: oppositeLetters(right), right, top: oppositeLetters(bottom), bottom };
}
