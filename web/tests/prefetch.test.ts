import { describe, expect, it } from 'vitest';
import { Lanes, type Source } from '../src/imaging/lanes';
import { mostUrgentFirst } from '../src/imaging/prefetchOrder';

describe('the order of prefetching', () => {
  it('is by distance when at rest, the later slice first', () => {
    expect(mostUrgentFirst(5, 1, 5)).toEqual([1, 2, 0, 3, 4]);
    expect(mostUrgentFirst(100, 50, 2)).toEqual([50, 51, 49, 52, 48]);
  });

  it('is three ahead for one behind when scrolling', () => {
    expect(mostUrgentFirst(100, 50, 4, 1)).toEqual([50, 51, 52, 53, 49, 54, 55, 56, 48]);
    expect(mostUrgentFirst(100, 50, 4, -1)).toEqual([50, 49, 48, 47, 51, 46, 45, 44, 52]);
  });

  it('has every slice once where memory allows, whatever the direction', () => {
    for (const direction of [-1, 0, 1] as const) {
      const order = mostUrgentFirst(7, 2, 7, direction);
      expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    }
  });

  it('is empty for an empty stack', () => {
    expect(mostUrgentFirst(0, 0, 3)).toEqual([]);
  });
});

class Counted implements Source {
  started = 0;
  private readonly ends: Array<() => void> = [];

  constructor(private left: number) {}

  next(): Promise<void> | undefined {
    if (this.left === 0) return undefined;
    this.left -= 1;
    this.started += 1;
    return new Promise((done) => this.ends.push(done));
  }

  async end(): Promise<void> {
    this.ends.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  }
}

describe('lanes', () => {
  it('keep to their number over all sources, and to that of each', () => {
    const lanes = new Lanes(5, 3);
    const [one, other] = [new Counted(9), new Counted(9)];
    lanes.call(one);
    lanes.call(other);
    expect([one.started, other.started]).toEqual([3, 2]);
  });

  it('give what becomes free to the source called for last', async () => {
    const lanes = new Lanes(3, 3);
    const [one, other] = [new Counted(9), new Counted(2)];
    lanes.call(one);
    lanes.call(other);
    expect(other.started).toBe(0);
    await one.end();
    await one.end();
    expect([one.started, other.started]).toEqual([3, 2]);
    await one.end();
    expect(one.started).toBe(4);
  });

  it('start nothing more for a source that left', async () => {
    const lanes = new Lanes(2, 2);
    const one = new Counted(9);
    lanes.call(one);
    lanes.leave(one);
    await one.end();
    expect(one.started).toBe(2);
  });
});
