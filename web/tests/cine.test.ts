import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cine, frameDurations, meanRate } from '../src/imaging/cine';
import { WheelSteps } from '../src/imaging/wheel';
import { instance } from './instances';

describe('how long the frames of a loop last', () => {
  it('is their own time, else the rate that is recommended, else the usual one', () => {
    const all = { '00181063': 40, '00082144': 10, '00180040': 5 };
    expect(frameDurations(instance(all), 3)).toEqual([40, 40, 40]);
    expect(frameDurations(instance({ '00082144': 10, '00180040': 5 }), 2)).toEqual([100, 100]);
    expect(frameDurations(instance({ '00180040': 5 }), 2)).toEqual([200, 200]);
    expect(meanRate(frameDurations({}, 4))).toBe(12);
  });

  it('is that of the vector, which counts from the frame before', () => {
    expect(frameDurations(instance({ '00181065': [0, 50, 100, 150] }), 4)).toEqual([50, 100, 150, 150]);
    expect(frameDurations(instance({ '00181065': [0, 50], '00181063': 40 }), 4)).toEqual([40, 40, 40, 40]);
    expect(frameDurations(instance({ '00181065': [0, 0, 0] }), 3)).toHaveLength(3);
  });

  it('is never absurd', () => {
    expect(meanRate(frameDurations(instance({ '00181063': 0.001 }), 2))).toBe(60);
    expect(meanRate(frameDurations(instance({ '00181063': 1e9 }), 2))).toBe(0.5);
    expect(meanRate(frameDurations(instance({ '00181063': -1 }), 2))).toBe(12);
  });
});

describe('the clock of a loop', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    vi.stubGlobal('window', globalThis);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('gives each frame its time and stops at once', () => {
    const shown: number[] = [];
    let at = 0;
    const cine = new Cine(() => {
      at = (at + 1) % 3;
      shown.push(at);
      return at;
    });
    cine.start([50, 100, 200], 0);
    vi.advanceTimersByTime(49);
    expect(shown).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(shown).toEqual([1]);
    vi.advanceTimersByTime(99);
    expect(shown).toEqual([1]);
    vi.advanceTimersByTime(1);
    expect(shown).toEqual([1, 2]);
    vi.advanceTimersByTime(200);
    expect(shown).toEqual([1, 2, 0]);
    cine.stop();
    vi.advanceTimersByTime(1000);
    expect(shown).toHaveLength(3);
    expect(cine.isRunning()).toBe(false);
  });

  it('does not go on when the last frame stopped it', () => {
    let calls = 0;
    const cine: Cine = new Cine(() => {
      calls += 1;
      cine.stop();
      return 0;
    });
    cine.start([10], 0);
    vi.advanceTimersByTime(100);
    expect(calls).toBe(1);
  });
});

describe('a wheel', () => {
  it('makes one step of a jump, and adds up small moves', () => {
    const wheel = new WheelSteps();
    expect(wheel.of({ deltaY: 120, deltaMode: 0 })).toBe(1);
    expect(wheel.of({ deltaY: -3, deltaMode: 1 })).toBe(-1);
    expect([10, 10, 10, 10].map((deltaY) => wheel.of({ deltaY, deltaMode: 0 }))).toEqual([0, 0, 1, 0]);
  });
});
