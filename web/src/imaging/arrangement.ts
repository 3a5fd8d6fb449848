/** How a picture is to lie in its tile, beyond being fitted (PS3.3 C.23.3). Pure. */
import { type DicomInstance, functionalGroup, numbers, TAG, texts } from './dicom';
import { lettersOf, oppositeLetters, type Vector } from './orientation';

export interface Arrangement {
  /** Instead of what the object says. */
  window?: { center: number; width: number };
  /** Where rows and columns are to go, as letters; counts before `quarters` and `flipHorizontal`. */
  patientOrientation?: readonly [string, string];
  /** The edge of the tile that the picture touches; empty: the middle. */
  justification: '' | 'LEFT' | 'RIGHT';
  /** Turns of 90 degrees clockwise, then a flip. */
  quarters: number;
  flipHorizontal: boolean;
}

export interface Turn {
  quarters: number;
  flipHorizontal: boolean;
}

/** Where the rows and the columns of a frame (0-based) go; empty where the object does not say. */
export function directionsOf(instance: DicomInstance, frame: number): readonly [string, string] {
  const plane = numbers(functionalGroup(instance, frame, TAG.planeOrientationSequence), TAG.imageOrientation);
  if (plane.length === 6)
    return [lettersOf(plane.slice(0, 3) as unknown as Vector), lettersOf(plane.slice(3) as unknown as Vector)];
  const [row = '', column = ''] = texts(instance, TAG.patientOrientation);
  return [row, column];
}

/** One letter says enough: `A` is met by `AR`. */
function agrees(is: string, wanted: string): boolean {
  return is !== '' && wanted !== '' && [...is].some((letter) => wanted.includes(letter)) && is[0] === wanted[0];
}

/**
 * The turn after which rows and columns go where they are wanted; the row counts, the column where both can be had. No turn where
 * the object says nothing of itself, or nothing that fits: a guess would be worse.
 */
export function turnTo(is: readonly [string, string], wanted: readonly [string, string]): Turn {
  const none: Turn = { quarters: 0, flipHorizontal: false };
  const turns: Turn[] = [0, 1, 2, 3].flatMap((quarters) =>
    [false, true].map((flipHorizontal) => ({ quarters, flipHorizontal })),
  );
  const seen = ({ quarters, flipHorizontal }: Turn): readonly [string, string] => {
    let [row, column] = is;
    for (let turned = 0; turned < quarters; turned += 1) [row, column] = [oppositeLetters(column), row];
    return [flipHorizontal ? oppositeLetters(row) : row, column];
  };
  const both = turns.find((turn) => {
    const [row, column] = seen(turn);
    return agrees(row, wanted[0]) && agrees(column, wanted[1]);
  });
  // A mirror alone never turns a picture upside down.
  return both ?? turns.slice(0, 2).find((turn) => agrees(seen(turn)[0], wanted[0])) ?? none;
}
