/** DICOM values as people read them. */
import { currentLanguage, t } from '../i18n';

/** `20261121` as `2026-11-21`; anything else as it came. */
export function dicomDate(value: string): string {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(value.trim());
  return match ? `${match[1]}-${match[2]}-${match[3]}` : value.trim();
}

/** `134502.123` as `13:45`. */
export function dicomTime(value: string): string {
  const match = /^(\d{2}):?(\d{2})/.exec(value.trim());
  return match ? `${match[1]}:${match[2]}` : '';
}

/**
 * A person name (PS3.5 6.2.1) as `FAMILY, Given Middle`. Of the three groups the alphabetic comes first; an ideographic
 * one follows in brackets.
 */
export function personName(value: string): string {
  const [alphabetic = '', ideographic = ''] = value.split('=').map(oneGroup);
  if (alphabetic && ideographic) return `${alphabetic} (${ideographic})`;
  return alphabetic || ideographic;
}

function oneGroup(group: string): string {
  const [family = '', given = '', middle = ''] = group.split('^').map((part) => part.trim());
  const rest = [given, middle].filter(Boolean).join(' ');
  return family && rest ? `${family}, ${rest}` : family || rest;
}

/** A number that is written with a decimal point, with the decimal sign of the language; anything else as it came. */
export function withDecimalSign(written: string): string {
  if (!/^[-+]?\d*\.\d+(?:e[-+]?\d+)?$/i.test(written)) return written;
  const sign = new Intl.NumberFormat(currentLanguage()).formatToParts(0.5).find(({ type }) => type === 'decimal');
  return written.replace('.', sign?.value ?? '.');
}

const PREFIXES = ['', 'k', 'M', 'G', 'T'];

export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < PREFIXES.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString(currentLanguage(), { maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 })}\u00a0${PREFIXES[unit]}${t('unit.byte')}`;
}

export function count(value: number): string {
  return value.toLocaleString(currentLanguage());
}

/** An instant as local date and time, to the minute. */
export function moment(iso: string): string {
  const when = new Date(iso);
  if (Number.isNaN(when.getTime())) return iso;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())} ${two(when.getHours())}:${two(when.getMinutes())}`;
}

/** Whole days from one DICOM date to another; undefined where one is not a date. */
export function daysBetween(from: string, to: string): number | undefined {
  const parse = (value: string): number => Date.parse(`${dicomDate(value)}T00:00:00Z`);
  const days = (parse(to) - parse(from)) / 86_400_000;
  return Number.isFinite(days) ? Math.round(days) : undefined;
}

/** A span of days in the coarsest fitting unit: days up to 60, months up to 3 years, then years. */
export function ageOf(days: number): { unit: 'days' | 'months' | 'years'; count: number } {
  if (days <= 60) return { unit: 'days', count: days };
  if (days <= 3 * 365) return { unit: 'months', count: Math.round(days / 30.44) };
  return { unit: 'years', count: Math.round(days / 365.25) };
}
