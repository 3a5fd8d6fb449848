import { describe, expect, it } from 'vitest';
import { automaticRange } from '../src/imaging/automaticWindow';
import { completed, isIncomplete } from '../src/imaging/bulk';
import {
  coloured,
  expandSegments,
  type LookUpTable,
  lookUp,
  modalityTable,
  paletteOf,
} from '../src/imaging/lookUpTables';
import { emptyPixels, paddingRange } from '../src/imaging/padding';
import { presetsFor } from '../src/imaging/presets';
import { hasUnusedBits, planeOfBit, withoutUnusedBits } from '../src/imaging/unusedBits';
import { brightness, offeredVois, pointsOf, rangeOf, windowOf } from '../src/imaging/voi';
import { image, instance } from './instances';

const base64 = (bytes: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const tableItem = (entries: number[], first: number, bits: number, explanation = '') => ({
  ...instance({ '00283002': [entries.length, first, bits], '00283003': explanation }),
  '00283006': { vr: 'OW', InlineBinary: base64(Uint16Array.from(entries).buffer) },
});

describe('windows', () => {
  it('go to a range and back as their function counts', () => {
    expect(rangeOf(40, 400)).toEqual({ lower: -160, upper: 239 });
    expect(rangeOf(40, 400, true)).toEqual({ lower: -160, upper: 240 });
    for (const [center, width] of [
      [40, 400],
      [-600, 1500],
      [2048.5, 4096],
    ] as const) {
      expect(windowOf('LINEAR', rangeOf(center, width))).toEqual({ center, width });
      expect(windowOf('SIGMOID', rangeOf(center, width, true))).toEqual({ center, width });
    }
  });

  it('are a threshold where they are 1 wide', () => {
    const range = rangeOf(100, 1);
    expect([98.5, 99, 100, 101].map((value) => brightness('LINEAR', range, value))).toEqual([0, 0, 1, 1]);
  });

  it('follow the function of the object', () => {
    const [linear, exact, sigmoid] = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'].map(
      (name) => offeredVois(image({ '00281050': 50, '00281051': 100, '00281056': name }), 0)[0] as never,
    ) as ReturnType<typeof offeredVois>;
    expect([linear?.range, exact?.range]).toEqual([
      { lower: 0, upper: 99 },
      { lower: 0, upper: 100 },
    ]);
    expect(brightness('SIGMOID', sigmoid?.range as never, 50)).toBe(0.5);
    expect(brightness('SIGMOID', sigmoid?.range as never, 100)).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
  });

  it('are those of the frame, with the names that the object gives them', () => {
    const own = instance({ '00281050': [40, -600], '00281051': [400, 1500], '00281055': ['SOFT', 'LUNG'] });
    const frame = { '00289132': { vr: 'SQ', Value: [own] } };
    const enhanced = image({ '52009230': [{}, frame] });
    expect(offeredVois(enhanced, 0)).toEqual([]);
    expect(offeredVois(enhanced, 1).map(({ explanation }) => explanation)).toEqual(['SOFT', 'LUNG']);
  });

  it('without a width are none', () => {
    expect(offeredVois(image({ '00281050': [40, 50], '00281051': 0 }), 0)).toEqual([]);
  });
});

describe('tables', () => {
  const table: LookUpTable = { first: 10, entries: Uint16Array.from([0, 100, 50]), bits: 8 };

  it('give their first and last entry beyond their ends', () => {
    expect([-5, 10, 11, 12, 99].map((value) => lookUp(table, value))).toEqual([0, 0, 100, 50, 50]);
  });

  it('are offered before windows, with a sign where the values have one', () => {
    const values = { '00281050': 50, '00281051': 100, '00283010': [tableItem([0, 4095], 0xff00, 12, 'HARDER')] };
    const [first, second] = offeredVois(image({ ...values, '00280103': 1 }), 0);
    expect(first?.explanation).toBe('HARDER');
    expect(first?.range).toEqual({ lower: -256, upper: -255 });
    expect(second?.curve).toBe('LINEAR');
    expect(offeredVois(image({ ...values, '00281052': -1024 }), 0)[0]?.range.lower).toBe(-256);
    expect(offeredVois(image({ ...values, '00283000': {} }), 0)[0]?.range.lower).toBe(0xff00);
  });

  it('are stretched by a window', () => {
    expect(brightness(table, { lower: 10, upper: 12 }, 11)).toBeCloseTo(100 / 255, 12);
    expect(brightness(table, { lower: 0, upper: 200 }, 100)).toBeCloseTo(100 / 255, 12);
  });

  it('become points from end to end', () => {
    expect(pointsOf(table, { lower: 10, upper: 12 }).map(([value]) => value)).toEqual([10, 11, 12]);
    expect(pointsOf('LINEAR', { lower: 1, upper: 2 })).toEqual([
      [1, 0],
      [2, 1],
    ]);
    const sigmoid = pointsOf('SIGMOID', { lower: 0, upper: 1 });
    expect(sigmoid[0]?.[1]).toBeLessThan(0.5 / 255);
    expect(sigmoid.at(-1)?.[1]).toBeGreaterThan(1 - 0.5 / 255);
  });

  it('are read in all the ways in which they are written', () => {
    const bytes = { ...tableItem([1, 2], 0, 8), '00283006': { vr: 'OW', InlineBinary: btoa('\x05\x09') } };
    expect([...(modalityTable(image({ '00283000': [bytes] }))?.entries ?? [])]).toEqual([5, 9]);
    const words = { ...tableItem([1, 2], 0, 16), '00283006': { vr: 'US', Value: [7, 900] } };
    expect([...(modalityTable(image({ '00283000': [words] }))?.entries ?? [])]).toEqual([7, 900]);
    const whole = { ...tableItem([1, 2], 0, 16), '00283002': { vr: 'US', Value: [0, 0, 16] } };
    expect(modalityTable(image({ '00283000': [whole] }))?.entries).toHaveLength(2);
    const lying = tableItem([0, 4095], 0, 8);
    expect(modalityTable(image({ '00283000': [lying] }))?.bits).toBe(12);
    expect(modalityTable(image({ '00283000': [instance({ '00283002': 'x' })] }))).toBeUndefined();
  });
});

describe('palettes', () => {
  it('expand segments: plain, lines, and copies of both', () => {
    const words = Uint16Array.of(0, 1, 10, 1, 4, 50, 2, 1, 6, 0);
    expect(expandSegments(words, true, 100)).toEqual([10, 20, 30, 40, 50, 50, 50, 50, 50]);
    expect(expandSegments(words, true, 3)).toEqual([10, 20, 30]);
    expect(expandSegments(Uint16Array.of(2, 5, 0, 0, 2, 1, 0, 0), true, 100)).toEqual([]);
    expect(expandSegments(Uint16Array.of(1, 4, 50), true, 100)).toEqual([]);
  });

  it('colour each index, and those beyond by the nearest', () => {
    const found = paletteOf(
      instance({
        ...Object.fromEntries([1, 2, 3].map((colour) => [`0028110${colour}`, [2, 5, 8]])),
        '00281201': [10, 20],
        '00281202': [30, 40],
        '00281203': [50, 60],
      }),
    );
    expect(found && [...coloured([0, 5, 6, 9], found)]).toEqual([10, 30, 50, 10, 30, 50, 20, 40, 60, 20, 40, 60]);
    expect(paletteOf(instance({ '00281101': [2, 0, 8], '00281201': [1, 2] }))).toBeUndefined();
  });
});

describe('tables behind a URI', () => {
  it('are found wherever they stand', async () => {
    const distant = { vr: 'OW', BulkDataURI: '/table' };
    const far = image({ '00283010': [{ '00283006': distant }] });
    expect(isIncomplete(far)).toBe(true);
    expect(isIncomplete(image({ '52009230': [{ '00289132': { vr: 'SQ', Value: [far] } }] }))).toBe(true);
    expect(isIncomplete({ ...image(), '7FE00010': distant })).toBe(false);
    const near = image({ '00283010': [tableItem([1, 2], 0, 8)] });
    expect(await completed(near)).toBe(near);
  });
});

describe('padding', () => {
  it('reaches from the value to its limit, with the sign of the pixels', () => {
    expect(paddingRange(image({ '00280120': 63536, '00280103': 1 }))).toEqual([-2000, -2000]);
    expect(paddingRange(image({ '00280120': 10, '00280121': 4 }))).toEqual([4, 10]);
    expect(paddingRange(image())).toBeUndefined();
    expect(paddingRange(image({ '00280120': 0, '00280002': 3 }))).toBeUndefined();
  });

  it('is found among rescaled values', () => {
    const values = Float32Array.from([0, 1, 2, 3], (value) => value * 0.1 - 5);
    const scaled = { scaled: true, scalingParameters: { rescaleSlope: 0.1, rescaleIntercept: -5 } };
    const found = emptyPixels(
      { getPixelData: () => values, preScale: scaled },
      image({ '00280120': 1, '00280121': 2 }),
    );
    expect([...(found ?? [])]).toEqual([0, 1, 1, 0]);
    expect(emptyPixels({ getPixelData: () => values }, image())).toBeUndefined();
  });
});

describe('a window where none is stated', () => {
  const all = () => false;
  it('leaves out single hot pixels of deep images, and nothing of shallow ones', () => {
    const values = Int16Array.from({ length: 10_000 }, (_, at) => at % 100);
    values[5] = 30_000;
    expect(automaticRange(values, all, true)).toEqual({ lower: 0, upper: 99 });
    expect(automaticRange(values, all, false)).toEqual({ lower: 0, upper: 30_000 });
    expect(automaticRange(values, (at) => at === 5, false)).toEqual({ lower: 0, upper: 99 });
  });

  it('has a width, whatever the values', () => {
    expect(automaticRange([7, 7], all, true)).toEqual({ lower: 6.5, upper: 7.5 });
    expect(automaticRange([], all, true)).toEqual({ lower: -0.5, upper: 0.5 });
    const fine = automaticRange(Float32Array.from([0, 0.25, 0.5, Number.NaN]), all, true, 0);
    expect(fine.lower).toBe(0);
    expect(fine.upper).toBeCloseTo(0.5, 5);
  });
});

describe('bits that are not the value', () => {
  it('are cut off, with the sign kept', () => {
    expect([
      ...(withoutUnusedBits(Uint16Array.of(0xf001, 2), image({ '00280101': 12, '00280102': 11 })) ?? []),
    ]).toEqual([1, 2]);
    const signed = image({ '00280101': 12, '00280102': 11, '00280103': 1 });
    expect(withoutUnusedBits(Uint16Array.of(0xffff, 0x07ff), signed)).toBeUndefined();
    expect([...(withoutUnusedBits(Uint16Array.of(0x0fff), signed) ?? [])]).toEqual([0xffff]);
    expect([...(withoutUnusedBits(Uint16Array.of(0x1230), image({ '00280101': 12, '00280102': 15 })) ?? [])]).toEqual([
      0x123,
    ]);
  });

  it('are none where the value fills the sample or the header contradicts itself', () => {
    expect(hasUnusedBits(image({ '00280101': 16 }))).toBe(false);
    expect(hasUnusedBits(image({ '00280101': 12, '00280102': 3 }))).toBe(false);
    expect(hasUnusedBits(image({ '00280101': 12, '00280002': 3 }))).toBe(false);
    expect(hasUnusedBits(image({ '00280101': 12 }))).toBe(true);
  });

  it('may be a plane of an overlay', () => {
    expect([...planeOfBit(Uint16Array.of(0x1000, 0x0fff), 12)]).toEqual([1, 0]);
  });
});

describe('presets', () => {
  it('begin with what the object offers; nine have keys, the rest of the object follows', () => {
    for (const modality of ['CT', 'MR', 'PT', '']) expect(presetsFor(modality)[0]?.offered).toBe(0);
    const named = presetsFor('DX', ['NORMAL', 'HARDER', '']);
    expect(named[0]).toEqual({ name: 'preset.explained', text: 'NORMAL', offered: 0 });
    expect(named.filter(({ offered }) => offered !== undefined).map(({ text }) => text)).toEqual([
      'NORMAL',
      'HARDER',
      '3',
    ]);
    expect(
      presetsFor('CT')
        .slice(0, 9)
        .every(({ offered, window }) => offered === 0 || window),
    ).toBe(true);
  });
});
