/** Before and after among a patient's studies, to the minute: a control follows on the same day. Pure. */
import type { StudyRow } from '../../api/types';
import { daysBetween } from '../../ui/format';

type Dated = Pick<StudyRow, 'study_date' | 'study_time'>;

/** Date and time as YYYYMMDDHHMMSS, as far as they are known; empty without a date. */
export function momentOf({ study_date: date, study_time: time }: Dated): string {
  const digits = (text: string | undefined, most: number): string => (text ?? '').replace(/[^\d]/g, '').slice(0, most);
  const day = digits(date, 8);
  return day.length === 8 ? day + digits((time ?? '').split('.')[0], 6) : '';
}

const MINUTES = 12;

/** How long before (positive) or after the other one was; undefined where that cannot be told. */
export function gapBetween(one: Dated, other: Dated): { days: number } | { minutes: number } | undefined {
  const days = daysBetween(one.study_date, other.study_date);
  if (days === undefined || days !== 0) return days === undefined ? undefined : { days };
  const [first, second] = [momentOf(one), momentOf(other)];
  if (first.length < MINUTES || second.length < MINUTES) return undefined;
  const minutes = (moment: string): number => Number(moment.slice(8, 10)) * 60 + Number(moment.slice(10, 12));
  return { minutes: minutes(second) - minutes(first) };
}

/** Whether the first was surely made before the second. */
export function isEarlier(one: string, other: string): boolean {
  if (!one || !other) return false;
  const common = Math.min(one.length, other.length);
  return one.slice(0, common) < other.slice(0, common);
}
