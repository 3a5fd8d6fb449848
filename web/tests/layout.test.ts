import { describe, expect, it } from 'vitest';
import { LAYOUTS, layoutOf, MOST_TILES, parseLayout, shapeOf, tileCount } from '../src/features/viewer/layout';

describe('layouts', () => {
  it('are named by rows and columns', () => {
    expect(layoutOf({ rows: 2, columns: 3 })).toBe('2x3');
    expect(shapeOf('2x3')).toEqual({ rows: 2, columns: 3 });
    expect(tileCount('2x3')).toBe(6);
  });

  it('never ask for more pictures than there are contexts', () => {
    expect(Math.max(...LAYOUTS.map(tileCount))).toBe(MOST_TILES);
    expect(MOST_TILES).toBeLessThan(16);
    expect(new Set(LAYOUTS).size).toBe(LAYOUTS.length);
  });

  it('that are none of ours are not read', () => {
    expect(parseLayout('3x4')).toBe('3x4');
    for (const name of ['4x1', '1x5', '0x1', '1X1', '1x1x1', '', 11, undefined])
      expect(parseLayout(name)).toBeUndefined();
  });
});
