/** The worklist's filters and sort, and how they live in the URL. */
import { type DatePreset, datePresetRange, isDatePreset } from './datePresets';

export const SORT_KEYS = [
  'study_date',
  'patient_name',
  'patient_id',
  'received_at',
  'description',
  'accession_number',
  'modality',
] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Filters {
  q: string;
  modalities: string[];
  date: DatePreset;
  /** ISO dates (YYYY-MM-DD), used when date is `custom`. */
  from: string;
  to: string;
  sort: SortKey;
  descending: boolean;
}

export const NO_FILTERS: Filters = {
  q: '',
  modalities: [],
  date: 'any',
  from: '',
  to: '',
  sort: 'study_date',
  descending: true,
};

const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;
const MODALITY = /^[A-Z0-9_]{1,16}$/;

/** Reads filters from a query string; what makes no sense is dropped. */
export function filtersFromUrl(search: string): Filters {
  const url = new URLSearchParams(search);
  const sort = url.get('sort') ?? '';
  const key = sort.replace(/^-/, '') as SortKey;
  const date = url.get('date') ?? 'any';
  const iso = (name: string): string => {
    const value = url.get(name) ?? '';
    return ISO_DATE.test(value) ? value : '';
  };
  return {
    q: url.get('q') ?? '',
    modalities: (url.get('modality') ?? '').split(',').filter((name) => MODALITY.test(name)),
    date: isDatePreset(date) ? date : 'any',
    from: iso('from'),
    to: iso('to'),
    ...(SORT_KEYS.includes(key)
      ? { sort: key, descending: sort.startsWith('-') }
      : { sort: 'study_date', descending: true }),
  };
}

/** The query string of the page's own URL; only what differs from the default is written. */
export function filtersToUrl(filters: Filters): string {
  const url = new URLSearchParams();
  if (filters.q) url.set('q', filters.q);
  if (filters.modalities.length > 0) url.set('modality', filters.modalities.join(','));
  if (filters.date !== 'any') url.set('date', filters.date);
  if (filters.date === 'custom' && filters.from) url.set('from', filters.from);
  if (filters.date === 'custom' && filters.to) url.set('to', filters.to);
  if (filters.sort !== NO_FILTERS.sort || !filters.descending) {
    url.set('sort', `${filters.descending ? '-' : ''}${filters.sort}`);
  }
  return url.toString().replaceAll('%2C', ',');
}

/** The query of `GET /api/worklist`. today: the reader's day, local time. */
export function filtersToQuery(filters: Filters, today: Date, limit: number, after: string | null): string {
  const query = new URLSearchParams();
  if (filters.q.trim()) query.set('q', filters.q.trim());
  if (filters.modalities.length > 0) query.set('modality', filters.modalities.join(','));
  const range =
    filters.date === 'custom' ? { from: filters.from, to: filters.to } : datePresetRange(filters.date, today);
  if (range.from) query.set('date_from', range.from.replaceAll('-', ''));
  if (range.to) query.set('date_to', range.to.replaceAll('-', ''));
  query.set('sort', `${filters.descending ? '-' : ''}${filters.sort}`);
  query.set('limit', String(limit));
  if (after) query.set('after', after);
  return query.toString();
}

export function isFiltered(filters: Filters): boolean {
  return filters.q.trim() !== '' || filters.modalities.length > 0 || filters.date !== 'any';
}
