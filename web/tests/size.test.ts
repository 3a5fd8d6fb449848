import { describe, expect, it } from 'vitest';
import { magnification, partInLens, placementInLens, shadesOfPart } from '../src/imaging/lensPicture';
import { factorToTrueSize, isTrueSize, keepScreenPixelsPerMm, screenPixelsPerMm } from '../src/ui/screen';

function shelf(): Pick<Storage, 'getItem' | 'setItem'> {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}

describe('the size of a screen', () => {
  it('is not known before it is measured, and kept then', () => {
    const kept = shelf();
    expect(screenPixelsPerMm(kept)).toBeUndefined();
    keepScreenPixelsPerMm(3.78, kept);
    expect(screenPixelsPerMm(kept)).toBeCloseTo(3.78, 12);
  });

  it('is not believed where it cannot be', () => {
    const kept = shelf();
    for (const value of ['0', '-4', '1e9', 'NaN', 'x']) {
      kept.setItem('hounsfield.screen', value);
      expect(screenPixelsPerMm(kept)).toBeUndefined();
    }
  });

  it('makes a picture as large as what it shows', () => {
    expect(factorToTrueSize(0.5, 4)).toBe(2);
    expect(isTrueSize(0.25, 4)).toBe(true);
    expect(isTrueSize(0.26, 4)).toBe(false);
    expect(isTrueSize(undefined, 4)).toBe(false);
    expect(isTrueSize(0.25, undefined)).toBe(false);
  });
});

describe('the magnifier', () => {
  it('shows twice the size, and no less than each pixel', () => {
    expect([0.25, 1, 6].map(magnification)).toEqual([4, 2, 2]);
  });

  it('keeps the point under it in its middle, turned or not', () => {
    for (const placement of [
      [3, 0, 0, 3, 10, 20],
      [0, 3, -3, 0, 200, 20],
    ] as const) {
      const point: [number, number] = [
        placement[0] * 7 + placement[2] * 5 + placement[4],
        placement[1] * 7 + placement[3] * 5 + placement[5],
      ];
      const [a, b, c, d, e, f] = placementInLens(placement, 100, point);
      expect([a * 7 + c * 5 + e, b * 7 + d * 5 + f]).toEqual([50, 50]);
      expect(Math.hypot(a, b)).toBe(6);
    }
  });

  it('looks at a part of the image, and not beyond it', () => {
    expect(partInLens([10, 0, 0, 10, -100, -100], 100, 64, 64)).toEqual([9, 9, 13, 13]);
    expect(partInLens([10, 0, 0, 10, 50, 0], 100, 64, 64)).toEqual([0, 0, 7, 12]);
    expect(partInLens([10, 0, 0, 10, 500, 0], 100, 64, 64).slice(2)).toEqual([0, 12]);
  });

  it('has the shades of the tile', () => {
    const image = { columns: 2, numberOfComponents: 1, getPixelData: () => Int16Array.of(0, 50, 100, 200) } as never;
    const look = { curve: 'LINEAR_EXACT', range: { lower: 0, upper: 100 }, inverted: true } as const;
    expect([...shadesOfPart(image, [0, 1, 2, 1], look)]).toEqual([0, 0, 0, 255, 0, 0, 0, 255]);
    expect(shadesOfPart(image, [1, 0, 1, 1], look)[0]).toBe(128);
    const colour = { columns: 1, numberOfComponents: 3, getPixelData: () => Uint8Array.of(10, 20, 30) } as never;
    const whole = { curve: 'LINEAR_EXACT', range: { lower: 0, upper: 255 }, inverted: false } as const;
    expect([...shadesOfPart(colour, [0, 0, 1, 1], whole)]).toEqual([10, 20, 30, 255]);
  });
});
