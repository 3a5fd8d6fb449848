/** Dates among the words of a search, as people type them in English, French and Spanish: `yesterday`, `mois dernier`, `2024-03`. */
import { type DateRange, isoDate } from './datePresets';

export interface TypedDates {
  /** What is left of the text. */
  text: string;
  /** The words that were taken for a date; empty where there are none. */
  said: string;
  range: DateRange;
}

type Groups = Readonly<Record<string, string | undefined>>;
/** undefined: no date after all. */
type Reading = (groups: Groups, today: Date, dayFirst: boolean) => DateRange | undefined;

const MONTHS: readonly string[][] = [
  ['january', 'janvier', 'enero', 'jan', 'janv', 'ene'],
  ['february', 'fevrier', 'febrero', 'feb', 'fev', 'fevr'],
  ['march', 'mars', 'marzo', 'mar'],
  ['april', 'avril', 'abril', 'apr', 'avr', 'abr'],
  ['may', 'mai', 'mayo'],
  ['june', 'juin', 'junio', 'jun'],
  ['july', 'juillet', 'julio', 'jul', 'juil'],
  ['august', 'aout', 'agosto', 'aug', 'ago'],
  ['september', 'septembre', 'septiembre', 'setiembre', 'sep', 'sept', 'set'],
  ['october', 'octobre', 'octubre', 'oct'],
  ['november', 'novembre', 'noviembre', 'nov'],
  ['december', 'decembre', 'diciembre', 'dec', 'dic'],
];
const MONTH_NAME = `(?<name>${MONTHS.flat().join('|')})\\.?`;
const YEAR = '(?<y>(?:19|20)\\d{2})';

function span(from: Date, to: Date): DateRange {
  return { from: isoDate(from), to: isoDate(to) };
}

function on(year: number, month: number, day: number): Date {
  return new Date(year, month, day);
}

/** Days before (negative) or after today. */
function away(today: Date, days: number): Date {
  return on(today.getFullYear(), today.getMonth(), today.getDate() + days);
}

function wholeMonth(year: number, month: number): DateRange | undefined {
  if (month < 0 || month > 11) return undefined;
  return span(on(year, month, 1), on(year, month + 1, 0));
}

function oneDay(year: number, month: number, day: number): DateRange | undefined {
  const found = on(year, month, day);
  // The thirtieth of February is no day.
  if (found.getMonth() !== month || found.getDate() !== day) return undefined;
  return span(found, found);
}

/** Of the week: 0 is Monday. */
function weekday(day: Date): number {
  return (day.getDay() + 6) % 7;
}

function monthOf({ name, m }: Groups): number {
  return name ? MONTHS.findIndex((names) => names.includes(name)) : Number(m) - 1;
}

function lastFew({ n = '1', unit = '' }: Groups, today: Date): DateRange | undefined {
  const many = Number(n);
  if (many < 1) return undefined;
  if (/^[dj]/.test(unit)) return span(away(today, 1 - many), today);
  if (/^(w|sem)/.test(unit)) return span(away(today, 1 - 7 * many), today);
  const begin = on(today.getFullYear(), today.getMonth() - many * (/^[ya]/.test(unit) ? 12 : 1), 1);
  const lastDay = on(begin.getFullYear(), begin.getMonth() + 1, 0).getDate();
  return span(on(begin.getFullYear(), begin.getMonth(), Math.min(today.getDate(), lastDay)), today);
}

/** Tried in this order on the folded text. */
const READINGS: ReadonlyArray<readonly [string, Reading]> = [
  ["today|aujourd'hui|hoy", (_, today) => span(today, today)],
  [
    '(?:the )?day before yesterday|avant[- ]hier|anteayer|antes de ayer|antier',
    (_, today) => span(away(today, -2), away(today, -2)),
  ],
  ['yesterday|hier|ayer', (_, today) => span(away(today, -1), away(today, -1))],
  ['this week|cette semaine|esta semana', (_, today) => span(away(today, -weekday(today)), today)],
  [
    'last week|(?:la )?semaine (?:derniere|passee)|(?:la )?semana pasada',
    (_, today) => span(away(today, -weekday(today) - 7), away(today, -weekday(today) - 1)),
  ],
  ['this month|ce mois(?:-ci)?|este mes', (_, today) => span(on(today.getFullYear(), today.getMonth(), 1), today)],
  [
    'last month|(?:le )?mois (?:dernier|passe)|(?:el )?mes pasado',
    (_, today) => span(on(today.getFullYear(), today.getMonth() - 1, 1), on(today.getFullYear(), today.getMonth(), 0)),
  ],
  ['this year|cette annee|este ano', (_, today) => span(on(today.getFullYear(), 0, 1), today)],
  [
    "last year|(?:l'|la )?annee (?:derniere|passee)|(?:el )?ano pasado",
    (_, today) => span(on(today.getFullYear() - 1, 0, 1), on(today.getFullYear() - 1, 11, 31)),
  ],
  ['(?:last|past) (?<n>\\d{1,3}) (?<unit>days?|weeks?|months?|years?)', lastFew],
  ['(?:the )?past (?<unit>week|month|year)', lastFew],
  ['(?:les )?(?<n>\\d{1,3}) derni(?:er|ere)s? (?<unit>jours?|semaines?|mois|ans?|annees?)', lastFew],
  ['(?:la |le )?derni(?:er|ere) (?<unit>semaine|mois|annee)', lastFew],
  ['(?:los |las )?ultim[oa]s? (?<n>\\d{1,3}) (?<unit>dias?|semanas?|mes(?:es)?|anos?)', lastFew],
  ['(?:la |el )?ultim[oa] (?<unit>semana|mes|ano)', lastFew],
  [`${YEAR}[-/.](?<m>\\d{1,2})[-/.](?<d>\\d{1,2})`, ({ y, m, d }) => oneDay(Number(y), Number(m) - 1, Number(d))],
  [
    // As DICOM writes it; a number that is no day of the time since pictures are kept so may be somebody's ID.
    '(?<y>(?:19[89]|20\\d)\\d)(?<m>\\d{2})(?<d>\\d{2})',
    ({ y, m, d }, today) => {
      const found = oneDay(Number(y), Number(m) - 1, Number(d));
      return found && found.to <= isoDate(today) ? found : undefined;
    },
  ],
  [`${YEAR}[-/.](?<m>\\d{2})`, ({ y, m }) => wholeMonth(Number(y), Number(m) - 1)],
  [
    `(?<a>\\d{1,2})(?<sep>[-/.])(?<b>\\d{1,2})\\k<sep>${YEAR}`,
    ({ a, b, sep, y }, _, dayFirst) => {
      // 3/4/2024 is read as the reader's language has it; a point stands between days and months alone.
      const [day, month] = dayFirst || sep !== '/' ? [a, b] : [b, a];
      const found = oneDay(Number(y), Number(month) - 1, Number(day));
      return found ?? oneDay(Number(y), Number(day) - 1, Number(month));
    },
  ],
  [`(?<m>\\d{1,2})[/.]${YEAR}`, ({ y, m }) => wholeMonth(Number(y), Number(m) - 1)],
  [
    `(?:el )?(?<d>\\d{1,2})(?:er|st|nd|rd|th)?(?: de)? ${MONTH_NAME}(?: del?)? ${YEAR}`,
    (groups) => oneDay(Number(groups.y), monthOf(groups), Number(groups.d)),
  ],
  [
    `${MONTH_NAME} (?<d>\\d{1,2})(?:st|nd|rd|th)?,? ${YEAR}`,
    (groups) => oneDay(Number(groups.y), monthOf(groups), Number(groups.d)),
  ],
  [`${MONTH_NAME}(?: del?)? ${YEAR}`, (groups) => wholeMonth(Number(groups.y), monthOf(groups))],
];
const PATTERNS = READINGS.map(([words, reading]) => [new RegExp(`(?<=^|\\s)(?:${words})(?=$|\\s)`), reading] as const);

/** Lower case without accents, character by character, so that places in it are places in the text. */
function folded(text: string): string {
  return [...text]
    .map((letter) => (letter.length > 1 ? letter : (letter.normalize('NFD')[0] ?? letter).toLowerCase()))
    .map((letter) => (letter === '’' ? "'" : letter))
    .join('');
}

/**
 * Takes the first date out of a text. What stands between quotes is never one.
 * dayFirst: whether 3/4/2024 is the third of April.
 */
export function typedDates(text: string, today: Date, dayFirst: boolean): TypedDates {
  const whole = text.normalize('NFC');
  const plain = folded(whole);
  for (const [pattern, reading] of PATTERNS) {
    const match = pattern.exec(plain);
    if (!match || plain.length !== whole.length) continue;
    const range = reading(match.groups ?? {}, today, dayFirst);
    if (!range) continue;
    const end = match.index + match[0].length;
    const left = `${whole.slice(0, match.index)} ${whole.slice(end)}`.replace(/\s+/g, ' ').trim();
    return { text: left, said: whole.slice(match.index, end), range };
  }
  return { text: text.trim(), said: '', range: { from: '', to: '' } };
}

/** What lies in both; an open end leaves the other's. */
export function both(one: DateRange, other: DateRange): DateRange {
  const later = [one.from, other.from].filter(Boolean).sort().at(-1) ?? '';
  const earlier = [one.to, other.to].filter(Boolean).sort().at(0) ?? '';
  return { from: later, to: earlier };
}
