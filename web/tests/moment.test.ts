import { describe, expect, it } from 'vitest';
import type { StudyRow } from '../src/api/types';
import { priorBadge } from '../src/features/viewer/corner';
import { factsOfStudy } from '../src/features/viewer/hanging/facts';
import { byRelevance, isComparable } from '../src/features/viewer/hanging/relevance';
import { gapBetween, isEarlier, momentOf } from '../src/features/viewer/moment';

const study = (uid: string, date: string, time = ''): StudyRow =>
  ({
    study_instance_uid: uid,
    study_date: date,
    study_time: time,
    description: 'CT Head',
    modalities: ['CT'],
    patient_id: '1',
  }) as StudyRow;

describe('before and after on one day', () => {
  const morning = study('1', '20260914', '072712.5');
  const evening = study('2', '20260914', '150000');
  const untimed = study('3', '20260914');
  const undated = study('4', '');

  it('reads date and time as far as they are known', () => {
    expect(momentOf(morning)).toBe('20260914072712');
    expect(momentOf(untimed)).toBe('20260914');
    expect(momentOf({ study_date: '2026.09.14', study_time: '07:27' })).toBe('202609140727');
    expect(momentOf(undated)).toBe('');
  });

  it('calls earlier only what surely is', () => {
    expect(isEarlier(momentOf(morning), momentOf(evening))).toBe(true);
    expect(isEarlier(momentOf(evening), momentOf(morning))).toBe(false);
    expect(isEarlier(momentOf(untimed), momentOf(evening))).toBe(false);
    expect(isEarlier('', momentOf(evening))).toBe(false);
  });

  it('says in the tile how far apart they are, or at least that it is another study', () => {
    expect(gapBetween(morning, evening)).toEqual({ minutes: 453 });
    expect(priorBadge(evening, morning)).toEqual({ text: 'PRIOR −7 h 33', tone: 'info' });
    expect(priorBadge(morning, evening)).toEqual({ text: 'LATER +7 h 33', tone: 'info' });
    expect(priorBadge(evening, untimed)).toEqual({ text: 'OTHER STUDY', tone: 'warn' });
    expect(priorBadge(evening, undated)).toEqual({ text: 'OTHER STUDY', tone: 'warn' });
    expect(priorBadge(evening, study('5', '20260914', '150000'))?.text).toBe('OTHER STUDY');
    expect(priorBadge(evening, evening)).toBeUndefined();
    expect(priorBadge(study('6', '20260914', '150500'), evening)?.text).toBe('PRIOR −5 min');
  });

  it('never hangs as the prior what came later, or may have', () => {
    const facts = (row: StudyRow) => factsOfStudy(row);
    expect(isComparable(facts(evening), facts(morning))).toBe(true);
    expect(isComparable(facts(morning), facts(evening))).toBe(false);
    expect(isComparable(facts(evening), facts(untimed))).toBe(false);
    const order = byRelevance(
      facts(evening),
      [untimed, morning, study('7', '20260915')].map((row) => ({ facts: facts(row) })),
    );
    expect(order.map((one) => one.facts.studyUid)[0]).toBe('1');
  });
});
