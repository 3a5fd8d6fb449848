/** Ranges of study dates by name, relative to the reader's day. */

export const DATE_PRESETS = ['any', 'today', 'yesterday', 'week', 'month', 'year', 'custom'] as const;
export type DatePreset = (typeof DATE_PRESETS)[number];

export interface DateRange {
  /** ISO dates, both included; empty: open. */
  from: string;
  to: string;
}

export function isDatePreset(name: string): name is DatePreset {
  return (DATE_PRESETS as readonly string[]).includes(name);
}

/** Local calendar day as YYYY-MM-DD; `toISOString` would give the day in Greenwich. */
export function isoDate(day: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(day.getFullYear()).padStart(4, '0')}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

function daysBefore(day: Date, days: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() - days);
}

/** `week` is today and the six days before it, `month` 30 days, `year` 365 days. */
export function datePresetRange(preset: DatePreset, today: Date): DateRange {
  const until = { to: isoDate(today) };
  switch (preset) {
    case 'today':
      return { from: isoDate(today), ...until };
    case 'yesterday':
      return { from: isoDate(daysBefore(today, 1)), to: isoDate(daysBefore(today, 1)) };
    case 'week':
      return { from: isoDate(daysBefore(today, 6)), ...until };
    case 'month':
      return { from: isoDate(daysBefore(today, 29)), ...until };
    case 'year':
      return { from: isoDate(daysBefore(today, 364)), ...until };
    default:
      return { from: '', to: '' };
  }
}
