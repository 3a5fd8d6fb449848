import { describe, expect, it } from 'vitest';
import { coverPixels } from '../src/imaging/cover';
import { bitsWithinSamples, markOverlay, overlaysOver } from '../src/imaging/overlays';
import { aspectRatio, shutterOf } from '../src/imaging/shutters';
import { image } from './instances';

const binary = (...bytes: number[]) => ({ vr: 'OW', InlineBinary: btoa(String.fromCharCode(...bytes)) });

describe('overlays', () => {
  const plane = { '60000010': 2, '60000011': 2, '60000050': [1, 1], '60000100': 1 };

  it('are marked where they lie, and cut at the edges of the image', () => {
    const [found] = overlaysOver({ ...image({ ...plane, '60000050': [0, 4] }), '60003000': binary(0b1101) }, 0);
    const marked = new Uint8Array(16);
    markOverlay(marked, 4, found as never);
    // The first row lies above the image, the second column beyond its right edge.
    expect([...marked].flatMap((set, at) => (set ? [at] : []))).toEqual([3]);
  });

  it('of several frames lie over theirs; bits follow each other without padding', () => {
    const frames = { ...image({ ...plane, '60000015': 2, '60000051': 2 }), '60003000': binary(0b10000001) };
    expect(overlaysOver(frames, 0)).toEqual([]);
    expect(overlaysOver(frames, 1)[0]?.firstBit).toBe(0);
    expect(overlaysOver(frames, 2)[0]?.firstBit).toBe(4);
    expect(overlaysOver(frames, 3)).toEqual([]);
  });

  it('that are cut short, or without a size that can be, are left out', () => {
    expect(overlaysOver({ ...image({ '60000010': 9, '60000011': 9 }), '60003000': binary(1) }, 0)).toEqual([]);
    expect(overlaysOver({ ...image({ '60000010': 65535, '60000011': 65535 }), '60003000': binary(1) }, 0)).toEqual([]);
  });

  it('in the samples are found by their bit', () => {
    expect(bitsWithinSamples(image({ '60020100': 16, '60020102': 12 }))).toEqual([12]);
    expect(bitsWithinSamples(image({ '60020100': 1, '60020102': 0 }))).toEqual([]);
    expect(bitsWithinSamples(image({ '60020100': 16, '60020102': 12, '60020010': 9 }))).toEqual([]);
  });
});

describe('shutters', () => {
  it('have edges around the pixels that are seen', () => {
    const values = { '00181600': 'RECTANGULAR', '00181602': 2, '00181604': 3, '00181606': 1, '00181608': 4 };
    expect(shutterOf(image({ ...values, '00181622': 0x8000 }))).toEqual({
      shade: 128,
      rectangle: { left: 0.5, right: 2.5, upper: -0.5, lower: 3.5 },
    });
    expect(shutterOf(image({ ...values, '00181604': [] }))).toBeUndefined();
    expect(shutterOf(image())).toBeUndefined();
  });

  it('are round on the screen, and polygons of rows and columns', () => {
    const circle = { '00181600': ['CIRCULAR', 'POLYGONAL'], '00181610': [5, 9], '00181612': 3, '00280034': [2, 1] };
    const found = shutterOf(image({ ...circle, '00181620': [1, 2, 3, 4, 5, 6] }));
    expect(found?.circle).toEqual({ column: 8, row: 4, radius: 3, ratio: 2 });
    expect(found?.polygon).toEqual([
      [1, 0],
      [3, 2],
      [5, 4],
    ]);
  });

  it('know the proportions of a pixel from its ratio, else from a spacing', () => {
    expect(aspectRatio(image({ '00280034': [1, 2], '00280030': [1, 1] }))).toBe(0.5);
    expect(aspectRatio(image({ '00181164': [0.2, 0.1] }))).toBe(2);
    expect(aspectRatio(image({ '00280034': [1, 0] }))).toBeUndefined();
  });
});

describe('what lies over the pixels', () => {
  const nothing = { rows: 1, columns: 2, within: [], planes: [] };
  it('is nothing, black padding, white overlays', () => {
    expect(coverPixels(nothing)).toBeUndefined();
    const covered = coverPixels({ ...nothing, empty: Uint8Array.of(1, 1), within: [Uint8Array.of(0, 1)] });
    expect([...(covered ?? [])]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
  });

  it('has the colours of a supplemental palette from its first input on', () => {
    const table = { first: 5, entries: Uint16Array.of(7), bits: 8 };
    const supplement = { palette: { red: table, green: table, blue: table }, stored: [4, 5] };
    expect([...(coverPixels({ ...nothing, supplement }) ?? [])]).toEqual([0, 0, 0, 0, 7, 7, 7, 255]);
  });
});
