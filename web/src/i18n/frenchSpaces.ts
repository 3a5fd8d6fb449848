/** The spaces of French typography, which must not break at the end of a line. */
const NO_BREAK = '\u00a0';
const NARROW_NO_BREAK = '\u202f';
const UNITS = [
  '%',
  'mm',
  'cm',
  'kV',
  'mAs',
  'ko',
  'Mo',
  'Go',
  'ms',
  's',
  'min',
  'h',
  'j',
  'mois',
  'ans',
  'im/s',
  'pixels',
];
const BEFORE_UNIT = new RegExp(`(?<=[\\d}]) (?=(?:${UNITS.join('|')})(?![\\p{L}\\p{N}/]))`, 'gu');

/** A text written with ordinary spaces, with those that French sets before `:` `;` `?` `!` `%` and units, and within « ». */
export function frenchSpaces(text: string): string {
  return text
    .replace(/ (?=:(?:\s|$))/g, NO_BREAK)
    .replace(/« /g, `«${NO_BREAK}`)
    .replace(/ »/g, `${NO_BREAK}»`)
    .replace(/ (?=[;?!](?:\s|$))/g, NARROW_NO_BREAK)
    .replace(BEFORE_UNIT, NARROW_NO_BREAK);
}
