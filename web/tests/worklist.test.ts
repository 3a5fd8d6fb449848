import { describe, expect, it } from 'vitest';
import type { Worklist } from '../src/api/types';
import { datePresetRange, isoDate } from '../src/features/worklist/datePresets';
import { filtersFromUrl, filtersToQuery, filtersToUrl, isFiltered, NO_FILTERS } from '../src/features/worklist/filters';
import { neighbourStudy } from '../src/features/worklist/neighbour';
import { isDayFirst } from '../src/features/worklist/reader';
import { extended, remaining, toggled } from '../src/features/worklist/selection';
import { both, typedDates } from '../src/features/worklist/typedDates';
import { readViews, withoutView, withView } from '../src/features/worklist/views';
import { scrollToShow, visibleRows } from '../src/features/worklist/visibleRows';

const TODAY = new Date(2026, 2, 1, 0, 30);
const READER = { today: TODAY, dayFirst: true };

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
    status: ['unread' as const, 'in-progress' as const],
    priority: ['stat' as const],
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
    expect(filtersFromUrl('?sort=-rm&date=never&modality=CT,<b>&status=done&priority=HIGH&from=tomorrow')).toEqual({
      ...NO_FILTERS,
      modalities: ['CT'],
    });
  });

  it('become the query of the server', () => {
    const query = new URLSearchParams(filtersToQuery(filters, READER, 100, 'next'));
    expect(Object.fromEntries(query)).toEqual({
      q: 'Müller & Söhne',
      modality: 'CT,MR',
      status: 'unread,in-progress',
      priority: 'stat',
      date_from: '20260101',
      sort: 'patient_name',
      limit: '100',
      after: 'next',
    });
    expect(filtersToQuery(NO_FILTERS, READER, 50, null)).toBe('sort=-study_date&limit=50');
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

describe('dates among typed words', () => {
  // A Sunday.
  const cases: ReadonlyArray<readonly [string, string, string, string]> = [
    ['today', '', '2026-03-01', '2026-03-01'],
    ["Aujourd'hui", '', '2026-03-01', '2026-03-01'],
    ['müller AYER ct', 'müller ct', '2026-02-28', '2026-02-28'],
    ['last week', '', '2026-02-16', '2026-02-22'],
    ['la semaine dernière thorax', 'thorax', '2026-02-16', '2026-02-22'],
    ['semana pasada', '', '2026-02-16', '2026-02-22'],
    ['this week', '', '2026-02-23', '2026-03-01'],
    ['mois passé', '', '2026-02-01', '2026-02-28'],
    ['este mes', '', '2026-03-01', '2026-03-01'],
    ['l’année dernière', '', '2025-01-01', '2025-12-31'],
    ['este año', '', '2026-01-01', '2026-03-01'],
    ['last 3 days', '', '2026-02-27', '2026-03-01'],
    ['2 dernières semaines', '', '2026-02-16', '2026-03-01'],
    ['últimos 12 meses', '', '2025-03-01', '2026-03-01'],
    ['2024-03', '', '2024-03-01', '2024-03-31'],
    ['knee 2024-02-29', 'knee', '2024-02-29', '2024-02-29'],
    ['05.03.2024', '', '2024-03-05', '2024-03-05'],
    ['5/3/2024', '', '2024-03-05', '2024-03-05'],
    ['3/25/2024', '', '2024-03-25', '2024-03-25'],
    ['03/2024', '', '2024-03-01', '2024-03-31'],
    ['août 2023', '', '2023-08-01', '2023-08-31'],
    ['12 de marzo de 2024', '', '2024-03-12', '2024-03-12'],
    ['February 2024 doe', 'doe', '2024-02-01', '2024-02-29'],
    ['anteayer', '', '2026-02-27', '2026-02-27'],
    ['avant-hier scanner', 'scanner', '2026-02-27', '2026-02-27'],
    ['day before yesterday', '', '2026-02-27', '2026-02-27'],
    ['última semana', '', '2026-02-23', '2026-03-01'],
    ['le dernier mois', '', '2026-02-01', '2026-03-01'],
    ['past year', '', '2025-03-01', '2026-03-01'],
    ['2 dernières années', '', '2024-03-01', '2026-03-01'],
    ['sept. 2025', '', '2025-09-01', '2025-09-30'],
    ['setiembre de 2025', '', '2025-09-01', '2025-09-30'],
    ['3 déc. 2025', '', '2025-12-03', '2025-12-03'],
    ['5 de marzo del 2024', '', '2024-03-05', '2024-03-05'],
    ['March 5th, 2024 knee', 'knee', '2024-03-05', '2024-03-05'],
    ['5th Mar 2024', '', '2024-03-05', '2024-03-05'],
    ['doe 20240305', 'doe', '2024-03-05', '2024-03-05'],
  ];
  it.each(cases)('%s', (text, left, from, to) => {
    const found = typedDates(text, TODAY, true);
    expect([found.text, found.range.from, found.range.to]).toEqual([left, from, to]);
    expect(text.toLowerCase()).toContain(found.said.toLowerCase());
  });

  it.each([
    '2024-13',
    '2024-02-30',
    '2024-03-0012',
    '"2024-03"',
    'hierarchy',
    'may',
    'last 0 days',
    '20240230',
    '20300305',
    '19600305',
    '202403051',
    'mar',
    '',
  ])('%s is none', (text) => {
    expect(typedDates(text, TODAY, true)).toEqual({ text, said: '', range: { from: '', to: '' } });
  });

  it('are read as the reader’s language writes them', () => {
    expect(typedDates('5/3/2024', TODAY, false).range.from).toBe('2024-05-03');
  });

  it('have the day first but in the United States', () => {
    expect(isDayFirst('en', ['en-US', 'en'])).toBe(false);
    expect(isDayFirst('en', ['en'])).toBe(false);
    expect(isDayFirst('en', ['en-GB', 'en-US'])).toBe(true);
    expect(isDayFirst('en', ['en', 'de-CH'])).toBe(true);
    expect(isDayFirst('en', ['zh-Hans-SG'])).toBe(true);
    expect(isDayFirst('en', ['en-US@posix'])).toBe(false);
    expect(isDayFirst('fr', ['en-US'])).toBe(true);
  });

  it('narrow what is chosen', () => {
    const query = filtersToQuery({ ...NO_FILTERS, q: 'doe 2026-02', date: 'week' }, READER, 50, null);
    expect(query).toBe('q=doe&date_from=20260223&date_to=20260228&sort=-study_date&limit=50');
    expect(both({ from: '2024-01-01', to: '' }, { from: '', to: '2024-02-01' })).toEqual({
      from: '2024-01-01',
      to: '2024-02-01',
    });
  });
});

describe('picked studies', () => {
  const list = ['a', 'b', 'c', 'd'];
  it('are toggled, extended over rows, and leave with their rows', () => {
    expect([...toggled(new Set(['a']), 'b')]).toEqual(['a', 'b']);
    expect([...toggled(new Set(['a']), 'a')]).toEqual([]);
    expect([...extended(new Set(['d']), list, 'c', 'a')]).toEqual(['d', 'a', 'b', 'c']);
    expect([...extended(new Set(), list, 'gone', 'b')]).toEqual(['b']);
    expect([...remaining(new Set(['a', 'x']), new Set(list))]).toEqual(['a']);
    const same = new Set(['a']);
    expect(remaining(same, new Set(list))).toBe(same);
  });

  it('are no more than one request takes', () => {
    const all = Array.from({ length: 600 }, (_, at) => String(at));
    const picked = extended(new Set(), all, '0', '599');
    expect(picked.size).toBe(500);
    expect(toggled(picked, '599')).toEqual(picked);
  });
});

describe('saved views', () => {
  it('are kept by name, and replaced under the same', () => {
    const one = withView([], { name: ' Mine ', search: 'modality=CT' });
    expect(withView(one, { name: 'Mine', search: 'modality=MR' })).toEqual([{ name: 'Mine', search: 'modality=MR' }]);
    expect(withView(one, { name: '  ', search: '' })).toBe(one);
    expect(withoutView(one, 'Mine')).toEqual([]);
  });

  it('of another version are read as far as they make sense', () => {
    expect(readViews({ views: [] })).toBeUndefined();
    expect(readViews([null, { name: 'x' }, { name: 'CT', search: 'modality=CT&nonsense=1&sort=-bad' }])).toEqual([
      { name: 'CT', search: 'modality=CT' },
    ]);
  });
});
