import { describe, expect, it } from 'vitest';
import { edgeLetters, edgeLettersFromPatientOrientation, lettersOf, oppositeLetters } from '../src/imaging/orientation';

describe('letters of a direction', () => {
  it('names the six axes', () => {
    expect(lettersOf([1, 0, 0])).toBe('L');
    expect(lettersOf([-1, 0, 0])).toBe('R');
    expect(lettersOf([0, 1, 0])).toBe('P');
    expect(lettersOf([0, -1, 0])).toBe('A');
    expect(lettersOf([0, 0, 1])).toBe('H');
    expect(lettersOf([0, 0, -1])).toBe('F');
  });

  it('puts the strongest first and leaves out what is negligible', () => {
    expect(lettersOf([0.8, 0.6, 0])).toBe('LP');
    expect(lettersOf([0.6, -0.8, 0.05])).toBe('AL');
    expect(lettersOf([1, 0.09, 0])).toBe('L');
  });

  it('does not depend on length, and says nothing of a vector without one', () => {
    expect(lettersOf([0, 0, 42])).toBe('H');
    expect(lettersOf([0, 0, 0])).toBe('');
    expect(lettersOf([Number.NaN, 0, 0])).toBe('');
  });

  it('turns round letter by letter', () => {
    expect(oppositeLetters('LPH')).toBe('RAF');
    expect(oppositeLetters('')).toBe('');
  });
});

describe('edges', () => {
  it('of an axial image as it is', () => {
    expect(edgeLetters([1, 0, 0], [0, 1, 0])).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' });
  });

  it('of an axial image flipped left-right', () => {
    expect(edgeLetters([-1, 0, 0], [0, 1, 0])).toEqual({ left: 'L', right: 'R', top: 'A', bottom: 'P' });
  });

  it('of an axial image turned clockwise: what was left is above', () => {
    expect(edgeLetters([0, -1, 0], [1, 0, 0])).toEqual({ left: 'P', right: 'A', top: 'R', bottom: 'L' });
  });

  it('from Patient Orientation of a radiograph, plain and turned', () => {
    expect(edgeLettersFromPatientOrientation('L', 'F', [1, 0], [0, 1])).toEqual({
      left: 'R',
      right: 'L',
      top: 'H',
      bottom: 'F',
    });
    // Turned clockwise: screen-right is against the columns, screen-down along the rows.
    expect(edgeLettersFromPatientOrientation('L', 'F', [0, -1], [1, 0])).toEqual({
      left: 'F',
      right: 'H',
      top: 'R',
      bottom: 'L',
    });
    expect(edgeLettersFromPatientOrientation('', 'F', [1, 0], [0, 1])).toEqual({
      left: '',
      right: '',
      top: 'H',
      bottom: 'F',
    });
  });
});
