import { describe, expect, it } from 'vitest';
import type { Worklist } from '../src/api/types';
import { datePresetRange, isoDate } from '../src/features/worklist/datePresets';
import { filtersFromUrl, filtersToQuery, filtersToUrl, isFiltered, NO_FILTERS } from '../src/features/worklist/filters';
import { neighbourStudy } from '../src/features/worklist/neighbour';
import { scrollToShow, visibleRows } from '../src/features/worklist/visibleRows';

const TODAY = new Date(2026, 2, 1, 0, 30);

describe('dates', () => {
  it('are the reader’s, over the ends of months', () => {
    expect(isoDate(TODAY)).toBe('2026-03-01');
    expect(datePresetRange('today', TODAY)).toEqual({ from: '2026-03-01', to: '2026-03-01' });
    expect(datePresetRange('yesterday', TODAY)).toEqual({ from: '2026-02-28', to: '2026-02-28' });
    expect(datePresetRange('week', TODAY)).toEqual({ from: '2026-02-23', to: '2026-03-01' });
    expect(datePresetRange('any', TODAY)).toEqual({ from: '', to: '' });
  });
});

describe('filters', () => {
  const filters = {
    ...NO_FILTERS,
    q: 'Müller & Söhne',
    modalities: ['CT', 'MR'],
    date: 'custom' as const,
    from: '2026-01-01',
    to: '',
    sort: 'patient_name' as const,
    descending: false,
  };

  it('survive the address', () => {
    expect(filtersFromUrl(filtersToUrl(filters))).toEqual(filters);
    expect(filtersToUrl(NO_FILTERS)).toBe('');
    expect(filtersFromUrl('')).toEqual(NO_FILTERS);
  });

  it('drop what makes no sense', () => {
    expect(filtersFromUrl('?sort=-rm&date=never&modality=CT,<b>&from=tomorrow')).toEqual({
      ...NO_FILTERS,
      modalities: ['CT'],
    });
  });

  it('become the query of the server', () => {
    const query = new URLSearchParams(filtersToQuery(filters, TODAY, 100, 'next'));
    expect(Object.fromEntries(query)).toEqual({
      q: 'Müller & Söhne',
      modality: 'CT,MR',
      date_from: '20260101',
      sort: 'patient_name',
      limit: '100',
      after: 'next',
    });
    expect(filtersToQuery(NO_FILTERS, TODAY, 50, null)).toBe('sort=-study_date&limit=50');
  });

  it('know whether they filter', () => {
    expect(isFiltered(NO_FILTERS)).toBe(false);
    expect(isFiltered({ ...NO_FILTERS, sort: 'patient_id' })).toBe(false);
    expect(isFiltered({ ...NO_FILTERS, date: 'today' })).toBe(true);
  });
});

describe('virtual rows', () => {
  it('are those in view and a few more', () => {
    expect(visibleRows(0, 320, 1000)).toEqual({ first: 0, last: 18 });
    expect(visibleRows(3200, 320, 1000)).toEqual({ first: 92, last: 118 });
    expect(visibleRows(99_999, 320, 10)).toEqual({ first: 10, last: 10 });
  });

  it('scroll no more than needed', () => {
    expect(scrollToShow(5, 0, 320)).toBe(0);
    expect(scrollToShow(10, 0, 320)).toBe(32);
    expect(scrollToShow(2, 320, 320)).toBe(64);
  });
});

describe('the next study', () => {
  const page = (uids: string[], next: string | null) =>
    ({ rows: uids.map((uid) => ({ study_instance_uid: uid })), next, total: { count: 4, capped: false } }) as Worklist;
  const pages: Record<string, Worklist> = { '': page(['a', 'b'], 'p2'), p2: page(['c', 'd'], null) };
  const asked: string[] = [];
  const read = async (query: string): Promise<Worklist> => {
    asked.push(query);
    return pages[new URLSearchParams(query).get('after') ?? ''] as Worklist;
  };

  it('is that of the list, across its pages', async () => {
    expect(await neighbourStudy('?modality=CT&sort=patient_name', 'b', 1, read)).toBe('c');
    expect(await neighbourStudy('', 'c', -1, read)).toBe('b');
    expect(asked[0]).toMatch(/modality=CT.*sort=patient_name/);
  });

  it('is none at the ends, and for a study that the list does not hold', async () => {
    expect(await neighbourStudy('', 'd', 1, read)).toBeUndefined();
    expect(await neighbourStudy('', 'a', -1, read)).toBeUndefined();
    expect(await neighbourStudy('', 'x', 1, read)).toBeUndefined();
  });

  it('is not looked for without end', async () => {
    asked.length = 0;
    const endless = async (query: string): Promise<Worklist> => {
      asked.push(query);
      return page(['a'], 'more');
    };
    expect(await neighbourStudy('', 'x', 1, endless)).toBeUndefined();
    expect(asked).toHaveLength(5);
  });
});
