import { describe, expect, it } from 'vitest';
import type { ApiToken, Job, Peer, RouteVerdict, Setting, StorageUse } from '../src/api/types';
import { routeOf } from '../src/app/router';
import {
  draftAsked,
  draftOf,
  NEW_PEER,
  peerAsked,
  problemsOf,
  withPermission,
} from '../src/features/admin/peers/draft';
import { byWorth, tokenState } from '../src/features/admin/people/tokenState';
import { allToggled, canCancel, canRetry, chosenOf, toggled } from '../src/features/admin/queue/selection';
import { codeKey, levelOf, subjectKey } from '../src/features/admin/rejected/subject';
import { listOf, NEW_RULE, ruleAsked, ruleByRule, ruleProblems } from '../src/features/admin/rules/draft';
import { matching, piecesOf } from '../src/features/admin/settings/prose';
import { axisEnd, diskShares, monthsLeft, monthsUpTo, nextMonth } from '../src/features/admin/storage/plot';
import { echoWords, queueWords, untilWords } from '../src/features/admin/words';

const PEER: Peer = {
  ae_title: 'CT/1',
  host: '192.0.2.7',
  port: 104,
  tls: false,
  transfer_syntaxes: ['1.2.840.10008.1.2.1'],
  may: ['store'],
  max_associations: 3,
  certificate: '',
  accepted_sop_classes: [],
  accepted_transfer_syntaxes: [],
  visible: {
    modalities: ['CT'],
    institutions: [],
    stations: [],
    senders: [],
    issuers: [],
    referring_physicians: [],
    last_days: 7,
  },
  character_set: 'ISO_IR 100',
  coercion: [{ attribute: 'InstitutionName', action: 'set', value: 'x' }],
};

describe('rooms of administration', () => {
  it('have addresses', () => {
    expect(routeOf('/admin')).toEqual({ page: 'admin', room: 'peers' });
    expect(routeOf('/admin/peers/')).toEqual({ page: 'admin', room: 'peers' });
    expect(routeOf('/admin/nowhere')).toEqual({ page: 'unknown' });
    expect(routeOf('/administrator')).toEqual({ page: 'unknown' });
  });
});

describe('a peer that is edited', () => {
  it('keeps what the form does not show', () => {
    const { ae_title: _, ...rest } = PEER;
    expect(draftAsked(draftOf(PEER), PEER)).toEqual(rest);
    expect(peerAsked(PEER, { may: [] })).toEqual({ ...rest, may: [] });
    const moved = draftAsked({ ...draftOf(PEER), host: ' pacs.example ', port: '' }, PEER);
    expect(moved).toMatchObject({ host: 'pacs.example', port: 0, coercion: PEER.coercion, visible: PEER.visible });
  });

  it('is judged field by field', () => {
    expect(problemsOf({ ...NEW_PEER, aeTitle: 'CT 1' })).toEqual({});
    expect(problemsOf({ ...NEW_PEER, aeTitle: ' ' })).toHaveProperty('aeTitle');
    expect(problemsOf({ ...NEW_PEER, aeTitle: 'A\\B' })).toHaveProperty('aeTitle');
    expect(problemsOf({ ...NEW_PEER, aeTitle: 'SEVENTEENLETTERSX' })).toHaveProperty('aeTitle');
    const wrong = { ...NEW_PEER, aeTitle: 'A', port: '65536', host: 'a b', maxAssociations: '0' };
    expect(Object.keys(problemsOf(wrong)).sort()).toEqual(['host', 'maxAssociations', 'port']);
    expect(problemsOf({ ...NEW_PEER, aeTitle: 'A', port: '104' })).toHaveProperty('host');
  });

  it('may more or less, and keeps what this page does not know', () => {
    expect(withPermission(['receive', 'store'], 'query', true)).toEqual(['receive', 'store', 'query']);
    expect(withPermission(['store', 'query', 'teleport'], 'store', false)).toEqual(['query', 'teleport']);
    expect(withPermission(['store'], 'store', true)).toEqual(['store']);
    expect(draftAsked({ ...draftOf(PEER), may: ['teleport'] }, PEER).may).toEqual(['teleport']);
    expect(NEW_PEER.may).not.toContain('reject');
  });
});

describe('an echo', () => {
  it('is told in words', () => {
    expect(echoWords({ status: '0000', milliseconds: 0.2 })).toEqual({ good: true, text: 'Answers within 1 ms.' });
    expect(echoWords({ status: '0122', milliseconds: 12.4 }).text).toContain('does not support C-ECHO');
    expect(echoWords({ status: '0110', milliseconds: 12.4 })).toMatchObject({ good: false });
    expect(echoWords({ status: '0110', milliseconds: 12.4 }).text).toContain('0110');
  });
});

describe('jobs of a queue', () => {
  const job = (id: number, state: Job['state']): Job => ({ id, state }) as Job;
  const jobs = [job(1, 'waiting'), job(2, 'done'), job(3, 'failed'), job(4, 'cancelled')];

  it('are chosen one by one or all at once', () => {
    const all = allToggled(new Set([2]), jobs);
    expect([...all]).toEqual([1, 2, 3, 4]);
    expect(allToggled(all, jobs).size).toBe(0);
    expect([...toggled(new Set([1]), 1)]).toEqual([]);
  });

  it('are acted on where that makes sense, and only while they are listed', () => {
    const chosen = new Set([1, 2, 3, 4, 99]);
    expect(chosenOf(chosen, jobs, canRetry).map((one) => one.id)).toEqual([1, 3, 4]);
    expect(chosenOf(chosen, jobs, canCancel).map((one) => one.id)).toEqual([1, 3]);
  });

  it('say when they are tried again', () => {
    const now = Date.parse('2026-12-01T10:00:00Z');
    expect(untilWords('', now)).toBe('');
    expect(untilWords('2026-12-01T09:59:59Z', now)).toBe('now');
    expect(untilWords('2026-12-01T10:00:30.500Z', now)).toBe('in 31 s');
    expect(untilWords('2026-12-01T10:05:00Z', now)).toBe('in 5 min');
    expect(queueWords({ kind: 'send', peer: 'CT/1', name: 'send/CT/1' })).toBe('Send to CT/1');
    expect(queueWords({ kind: 'new', peer: 'X', name: 'new/X' })).toBe('new/X');
  });
});

describe('a routing rule', () => {
  it('is judged before it is sent', () => {
    expect(Object.keys(ruleProblems(NEW_RULE)).sort()).toEqual(['destinations', 'name']);
    const draft = { ...NEW_RULE, name: 'chest', destinations: ['A'] };
    expect(ruleProblems(draft)).toEqual({});
    expect(ruleProblems({ ...draft, conditions: [{ keyword: 'Modality', patterns: ' , ' }] })).toHaveProperty(
      'conditions',
    );
    expect(ruleProblems({ ...draft, kind: 'prefetch', priors: '51' })).toHaveProperty('priors');
  });

  it('becomes what the server takes', () => {
    expect(listOf(' CT,, MR ')).toEqual(['CT', 'MR']);
    const conditions = [{ keyword: 'Modality', patterns: 'CT, MR' }];
    const asked = ruleAsked({ ...NEW_RULE, name: ' chest ', destinations: ['A'], conditions, commit: true });
    expect(asked).toMatchObject({ name: 'chest', conditions: [{ keyword: 'Modality', patterns: ['CT', 'MR'] }] });
    expect(asked.commit).toBe(true);
    expect(ruleAsked({ ...NEW_RULE, kind: 'prefetch', commit: true }).commit).toBe(false);
  });

  it('says of a study as a whole what it would do', () => {
    const verdict = (rule: string, why_not: string, instances: number): RouteVerdict => ({
      series_instance_uid: '1.2',
      rule,
      destinations: why_not ? [] : ['A'],
      why_not,
      instances,
    });
    const verdicts = [verdict('b', 'x', 3), verdict('b', 'x', 1), verdict('c', '', 2), verdict('c', 'y', 5)];
    expect(ruleByRule(verdicts)).toEqual([
      { rule: 'c', destinations: ['A'], taken: 2, whyNot: ['y'] },
      { rule: 'b', destinations: [], taken: 0, whyNot: ['x'] },
    ]);
  });
});

describe('API tokens', () => {
  const now = Date.parse('2026-12-01T10:00:00Z');
  const token = (name: string, expires_at = '', revoked_at = '') => ({ name, expires_at, revoked_at }) as ApiToken;

  it('are worth something until they expire or are revoked', () => {
    expect(tokenState(token('a'), now)).toBe('live');
    expect(tokenState(token('a', '2026-12-01T10:00:01Z'), now)).toBe('live');
    expect(tokenState(token('a', '2026-12-01T10:00:00Z'), now)).toBe('expired');
    expect(tokenState(token('a', '2027-01-01T00:00:00Z', '2026-11-01T00:00:00Z'), now)).toBe('revoked');
  });

  it('are listed by what they are worth', () => {
    const tokens = [token('a', '', '2026-11-01T00:00:00Z'), token('c'), token('b')];
    expect(byWorth(tokens, now).map((one) => one.name)).toEqual(['b', 'c', 'a']);
  });
});

describe('plots of storage', () => {
  const share = (name: string, bytes_stored = 0) => ({ name, instances: 1, bytes_stored });

  it('know the months, those without arrivals too', () => {
    expect(nextMonth('2026-12')).toBe('2027-01');
    expect(nextMonth('2026-09')).toBe('2026-10');
    const months = monthsUpTo([share('2026-10'), share('2027-01')], '2027-02', 24);
    expect(months.map((one) => one.name)).toEqual(['2026-10', '2026-11', '2026-12', '2027-01', '2027-02']);
    expect(months[1]).toEqual({ name: '2026-11', instances: 0, bytes_stored: 0 });
    expect(monthsUpTo([share('2020-01')], '2027-02', 12)).toHaveLength(12);
    expect(monthsUpTo([], '2027-02', 12)).toEqual([]);
  });

  it('have axes that end at round numbers', () => {
    expect([0, 1, 1.1, 2, 4, 7, 999, 1001].map(axisEnd)).toEqual([1, 1, 2, 2, 5, 10, 1000, 2000]);
  });

  it('divide a disk', () => {
    const storage = { disk_total_bytes: 100, disk_free_bytes: 40, bytes_stored: 10, min_free_bytes: 1 } as StorageUse;
    expect(diskShares(storage)).toEqual({ archive: 0.1, other: 0.5, free: 0.4, low: false });
    expect(diskShares({ ...storage, bytes_stored: 90 })).toMatchObject({ archive: 0.6, other: 0 });
    expect(diskShares({ ...storage, min_free_bytes: 3 }).low).toBe(true);
  });

  it('tell how long the room lasts, from whole months', () => {
    const months = [share('2026-10', 100), share('2026-12', 50), share('2027-01', 9999)];
    expect(monthsLeft(months, '2027-01', 500)).toBe(10);
    expect(monthsLeft([share('2027-01', 5)], '2027-01', 500)).toBeUndefined();
  });
});

describe('settings', () => {
  it('are explained with their code set apart', () => {
    expect(piecesOf('`a` is b, see `c`.')).toEqual([
      { code: true, text: 'a' },
      { code: false, text: ' is b, see ' },
      { code: true, text: 'c' },
      { code: false, text: '.' },
    ]);
    expect(piecesOf('')).toEqual([]);
  });

  it('are found by name, value and meaning', () => {
    const setting = (name: string, value: string, meaning: string, changed = false): Setting => ({
      name,
      value,
      default: '',
      meaning,
      changed,
    });
    const all = [setting('http_port', '8080', 'TCP port', true), setting('ae_title', 'HOUNSFIELD', 'Our AE title')];
    const names = (typed: string, changedOnly = false) => matching(all, typed, changedOnly).map((one) => one.name);
    expect(names('')).toEqual(['http_port', 'ae_title']);
    expect(names('PORT 80')).toEqual(['http_port']);
    expect(names('our hounsfield')).toEqual(['ae_title']);
    expect(names('', true)).toEqual(['http_port']);
    expect(names('nothing')).toEqual([]);
  });
});

describe('what is rejected', () => {
  const base = { study_instance_uid: '1.2', code: '113001', by: 'ada', reason: '', at: '' };
  it('is named at its level', () => {
    expect(levelOf(base)).toBe('study');
    expect(levelOf({ ...base, series_instance_uid: '1.2.3' })).toBe('series');
    expect(levelOf({ ...base, series_instance_uid: '1.2.3', sop_instance_uid: '1.2.3.4' })).toBe('instance');
    expect(subjectKey(base)).not.toBe(subjectKey({ ...base, series_instance_uid: '1.2.3' }));
  });

  it('has a reason in words where the code is known', () => {
    expect(codeKey('113039')).toBe('admin.rejected.code.113039');
    expect(codeKey('999999')).toBeUndefined();
  });
});
