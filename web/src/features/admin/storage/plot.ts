/** What is drawn of the use of storage: numbers only. */
import type { StorageShare, StorageUse } from '../../../api/types';

/** The month after one such as `2026-12`. */
export function nextMonth(month: string): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}

/** The latest months up to `last`, at most `most`, those without arrivals too. */
export function monthsUpTo(months: readonly StorageShare[], last: string, most: number): StorageShare[] {
  const known = new Map(months.map((month) => [month.name, month]));
  const first = months[0]?.name;
  if (!first) return [];
  const all: StorageShare[] = [];
  for (let name = first; name <= last && all.length < 1200; name = nextMonth(name)) {
    all.push(known.get(name) ?? { name, instances: 0, bytes_stored: 0 });
  }
  return all.slice(-most);
}

/** The least of 1, 2 and 5 times a power of ten that is not below a value: where an axis ends. */
export function axisEnd(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  for (const factor of [1, 2, 5]) if (factor * power >= most) return factor * power;
  return 10 * power;
}

/** How a disk divides, in shares of 1. What other programs and the archive's own database take is `other`. */
export function diskShares(storage: StorageUse): { archive: number; other: number; free: number; low: boolean } {
  const whole = Math.max(1, storage.disk_total_bytes);
  const free = Math.min(1, storage.disk_free_bytes / whole);
  const archive = Math.min(1 - free, storage.bytes_stored / whole);
  return { archive, other: 1 - free - archive, free, low: storage.disk_free_bytes < 20 * storage.min_free_bytes };
}

/** At the pace of the latest whole months, how many months fit still; undefined where nothing tells. */
export function monthsLeft(months: readonly StorageShare[], current: string, freeBytes: number): number | undefined {
  const whole = monthsUpTo(months, current, 13).filter((month) => month.name !== current);
  const sum = whole.reduce((so_far, month) => so_far + month.bytes_stored, 0);
  return whole.length === 0 || sum === 0 ? undefined : Math.floor(freeBytes / (sum / whole.length));
}
