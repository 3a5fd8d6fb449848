/** How old somebody was when the pictures were taken. */
import { t, tCount } from '../i18n';
import { daysBetween } from './format';

const DAYS_OF_YEAR = 365.2425;

/** In years; in months below two years, in days below two months. Empty where a date is missing or makes no sense. */
export function ageAt(birth: string, when: string): string {
  const days = daysBetween(birth, when);
  if (days === undefined || days < 0) return '';
  if (days < 60) return t('age.days', { count: days });
  if (days < 2 * DAYS_OF_YEAR) return tCount('age.months', Math.floor(days / 30.44));
  return t('age.years', { count: fullYears(birth, when) });
}

/** Birthdays, not days: nobody is a year older on the eve. */
function fullYears(birth: string, when: string): number {
  const digits = (date: string): string => date.replace(/[^\d]/g, '');
  const [born, now] = [digits(birth), digits(when)];
  return Number(now.slice(0, 4)) - Number(born.slice(0, 4)) - (now.slice(4, 8) < born.slice(4, 8) ? 1 : 0);
}
