/** The worklist's filters and sort, and how they live in the URL. */
import { READING_PRIORITIES, READING_STATUSES, type ReadingPriority, type ReadingStatus } from '../../api/types';
import { type DatePreset, type DateRange, datePresetRange, isDatePreset } from './datePresets';
import type { Reader } from './reader';
import { both, type TypedDates, typedDates } from './typedDates';

export const SORT_KEYS = [
  'study_date',
  'patient_name',
  'patient_id',
  'received_at',
  'description',
  'accession_number',
  'modality',
  'status',
  'priority',
] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Filters {
  q: string;
  modalities: string[];
  /** Any of these; none: all. */
  status: ReadingStatus[];
  priority: ReadingPriority[];
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
  status: [],
  priority: [],
  date: 'any',
  from: '',
  to: '',
  sort: 'study_date',
  descending: true,
};

const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;
const MODALITY = /^[A-Z0-9_]{1,16}$/;

function listed(url: URLSearchParams, name: string): string[] {
  return (url.get(name) ?? '').split(',').filter(Boolean);
}

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
  const status = listed(url, 'status');
  const priority = listed(url, 'priority');
  return {
    q: url.get('q') ?? '',
    modalities: listed(url, 'modality').filter((name) => MODALITY.test(name)),
    status: READING_STATUSES.filter((one) => status.includes(one)),
    priority: READING_PRIORITIES.filter((one) => priority.includes(one)),
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
  if (filters.status.length > 0) url.set('status', filters.status.join(','));
  if (filters.priority.length > 0) url.set('priority', filters.priority.join(','));
  if (filters.date !== 'any') url.set('date', filters.date);
  if (filters.date === 'custom' && filters.from) url.set('from', filters.from);
  if (filters.date === 'custom' && filters.to) url.set('to', filters.to);
  if (filters.sort !== NO_FILTERS.sort || !filters.descending) {
    url.set('sort', `${filters.descending ? '-' : ''}${filters.sort}`);
  }
  return url.toString().replaceAll('%2C', ',');
}

/** What the typed text means: words, and perhaps a date among them. */
export function typed(filters: Filters, reader: Reader): TypedDates {
  return typedDates(filters.q, reader.today, reader.dayFirst);
}

/** The days asked for, chosen and typed. */
export function datesOf(filters: Filters, reader: Reader): DateRange {
  const chosen =
    filters.date === 'custom' ? { from: filters.from, to: filters.to } : datePresetRange(filters.date, reader.today);
  return both(chosen, typed(filters, reader).range);
}

/** The query of `GET /api/worklist`. */
export function filtersToQuery(filters: Filters, reader: Reader, limit: number, after: string | null): string {
  const query = new URLSearchParams();
  const { text } = typed(filters, reader);
  if (text) query.set('q', text);
  if (filters.modalities.length > 0) query.set('modality', filters.modalities.join(','));
  if (filters.status.length > 0) query.set('status', filters.status.join(','));
  if (filters.priority.length > 0) query.set('priority', filters.priority.join(','));
  const range = datesOf(filters, reader);
  if (range.from) query.set('date_from', range.from.replaceAll('-', ''));
  if (range.to) query.set('date_to', range.to.replaceAll('-', ''));
  query.set('sort', `${filters.descending ? '-' : ''}${filters.sort}`);
  query.set('limit', String(limit));
  if (after) query.set('after', after);
  return query.toString();
}

export function isFiltered(filters: Filters): boolean {
  return (
    filters.q.trim() !== '' ||
    filters.modalities.length + filters.status.length + filters.priority.length > 0 ||
    filters.date !== 'any'
  );
}
