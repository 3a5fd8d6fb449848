import { describe, expect, it } from 'vitest';
import { ageAt } from '../src/ui/patientAge';

describe('the age of a patient', () => {
  it('is in years, counted by birthdays', () => {
    expect(ageAt('19620317', '20260316')).toBe('63 y');
    expect(ageAt('19620317', '20260317')).toBe('64 y');
    expect(ageAt('20000229', '20260228')).toBe('25 y');
  });
  it('is in months and days for the young', () => {
    expect(ageAt('20260101', '20260131')).toBe('30 d');
    expect(ageAt('20250101', '20260101')).toBe('11 mo');
    expect(ageAt('20250101', '20260105')).toBe('12 mo');
  });
  it('says nothing without two dates that make sense', () => {
    expect(ageAt('', '20260131')).toBe('');
    expect(ageAt('20270101', '20260131')).toBe('');
    expect(ageAt('unknown', '20260131')).toBe('');
  });
});
