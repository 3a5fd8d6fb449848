import { describe, expect, it } from 'vitest';
import { jpeg2000IsSigned, jpegPrecision, losesSign } from '../src/imaging/codestream';
import { describeForRenderer } from '../src/imaging/describe';
import { asMultipart, onlyPart } from '../src/imaging/multipart';
import { deepColourTo8, doublesToFloats, expandBits, repairFor, repairFrame, ybr422ToRgb } from '../src/imaging/repair';
import { pixelScale, roundLength } from '../src/imaging/spacing';
import { needsServerDecoding } from '../src/imaging/transferSyntax';
import { axesAround } from '../src/imaging/ultrasoundRegions';
import { image } from './instances';

const bytes = (...values: number[]) => new Uint8Array(values);

describe('what the browser cannot decode', () => {
  const asks = (values: Record<string, unknown>) => needsServerDecoding(image(values));
  it('is asked from the server', () => {
    expect(asks({ '00280100': 1 })).toBe(true);
    expect(asks({ '00280100': 32, '00083002': '1.2.840.10008.1.2.5' })).toBe(true);
    expect(asks({ '00280004': 'YBR_FULL_422', '00280002': 3, '00280100': 8 })).toBe(true);
    expect(asks({ '00280004': 'RGB', '00280002': 3, '00280100': 8, '00083002': '1.2.840.10008.1.2.4.50' })).toBe(true);
    expect(asks({ '00083002': '1.2.3.4.5' })).toBe(true);
  });

  it('and nothing else is', () => {
    expect(asks({})).toBe(false);
    expect(asks({ '00083002': '1.2.840.10008.1.2.4.70' })).toBe(false);
    expect(asks({ '00083002': '1.2.840.10008.1.2.4.201' })).toBe(false);
    const ybr = { '00280004': 'YBR_FULL_422', '00280002': 3, '00280100': 8 };
    expect(asks({ ...ybr, '00083002': '1.2.840.10008.1.2.4.50' })).toBe(false);
  });
});

describe('repairs', () => {
  it('expand bits, least significant first, also from the middle of a byte', () => {
    expect([...expandBits(bytes(0b00000101), 4)]).toEqual([255, 0, 255, 0]);
    expect([...expandBits(bytes(0b10100000, 0b1), 4, 5)]).toEqual([255, 0, 255, 255]);
  });

  it('find where a frame of bits starts, and leave expanded ones alone', () => {
    const mask = image({ '00280100': 1, '00280010': 1, '00280011': 4, '00280008': 2 });
    expect(repairFor(mask)).toBe('bits');
    expect([...repairFrame(bytes(0b11000101), mask, 'bits', 1)]).toEqual([255, 0, 255, 0]);
    expect([...repairFrame(bytes(0b11000101), mask, 'bits', 2)]).toEqual([0, 0, 255, 255]);
    expect([...repairFrame(bytes(0, 1, 1, 0), mask, 'bits', 2)]).toEqual([0, 255, 255, 0]);
  });

  it('turn YBR 4:2:2 into RGB', () => {
    expect([...ybr422ToRgb(bytes(10, 200, 128, 128), 2)]).toEqual([10, 10, 10, 200, 200, 200]);
    // Pure red: Y 76, Cb 85, Cr 255.
    const [red, green, blue] = ybr422ToRgb(bytes(76, 76, 85, 255), 2);
    expect(red).toBeGreaterThan(250);
    expect(green).toBeLessThan(5);
    expect(blue).toBeLessThan(5);
  });

  it('bring 16-bit colour to 8 bits, pixel and planar', () => {
    const sample = (value: number) => [value & 255, value >> 8];
    const interleaved = bytes(...[0x1000, 0x8000, 0xffff].flatMap(sample));
    expect([...deepColourTo8(interleaved, 1, 2, 16, false)]).toEqual([0x10, 0x80, 0xff]);
    const planar = bytes(...[1, 2, 3, 4, 5, 6].map((value) => value << 8).flatMap(sample));
    expect([...deepColourTo8(planar, 2, 2, 16, true)]).toEqual([1, 3, 5, 2, 4, 6]);
    expect([...deepColourTo8(bytes(1, 2, 3, 0x90, 0, 0, 0, 0x7f, 255, 255, 255, 255), 1, 4, 32, false)]).toEqual([
      0x90, 0x7f, 0xff,
    ]);
  });

  it('halve the precision of doubles, which the renderer does not know', () => {
    const doubles = new Uint8Array(Float64Array.of(1.5, -2e10).buffer);
    expect([...new Float32Array(doublesToFloats(doubles, 2).buffer)]).toEqual([1.5, -2e10]);
    expect(repairFor(image({ '00280100': 64 }))).toBe('double');
    expect(repairFor(image({ '00280100': 32, '00280002': 3 }))).toBe('deepColour');
  });
});

describe('lost signs', () => {
  const siz = (ssiz: number) => {
    const stream = new Uint8Array(60);
    stream.set([0xff, 0x4f, 0xff, 0x51], 0);
    stream[42] = ssiz;
    return stream;
  };
  it('are seen in JPEG 2000', () => {
    expect(jpeg2000IsSigned(siz(0x8c))).toBe(true);
    expect(jpeg2000IsSigned(siz(0x0c))).toBe(false);
    expect(jpeg2000IsSigned(bytes(1, 2, 3))).toBeUndefined();
    const signed = image({ '00083002': '1.2.840.10008.1.2.4.90', '00280103': 1 });
    expect(losesSign(siz(0x0c), signed)).toBe(true);
    expect(losesSign(siz(0x8c), signed)).toBe(false);
  });

  it('are seen in JPEG lossless', () => {
    const stream = bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc3, 0, 11, 12, 0, 1, 0, 1, 1);
    expect(jpegPrecision(stream)).toBe(12);
    const syntax = { '00083002': '1.2.840.10008.1.2.4.70' };
    expect(losesSign(stream, image({ ...syntax, '00280103': 1 }))).toBe(true);
    expect(losesSign(stream, image({ ...syntax, '00280103': 0 }))).toBe(false);
  });
});

describe('what the renderer is told', () => {
  it('has no SUV factor', () => {
    const pet = describeForRenderer(image({ '00080060': 'PT', '00540016': {} }), undefined);
    expect(pet['00540016']).toBeUndefined();
  });

  it('is of plain greys: windows, tables, palettes and polarity are added afterwards', () => {
    const all = { '00281050': 40, '00281051': 400, '00281056': 'SIGMOID', '00283010': {}, '00281053': 2 };
    const greys = describeForRenderer(image({ ...all, '00280004': 'MONOCHROME1' }), undefined);
    for (const tag of ['00281050', '00281051', '00281056', '00283010']) expect(greys[tag]).toBeUndefined();
    expect(greys['00280004']?.Value).toEqual(['MONOCHROME2']);
    expect(greys['00281053']?.Value).toEqual([2]);
    const looked = describeForRenderer(image({ '00283000': {}, '00281053': 2 }), undefined);
    expect(looked['00283000'] ?? looked['00281053']).toBeUndefined();
    const indices = describeForRenderer(image({ '00280004': 'PALETTE COLOR', '00281101': [4, 0, 16] }), undefined);
    expect(indices['00280004']?.Value).toEqual(['MONOCHROME2']);
    expect(indices['00281101']).toBeUndefined();
  });

  it('has the proportions of pixels that are not square', () => {
    expect(describeForRenderer(image({ '00280034': [2, 1] }), undefined)['00280030']?.Value).toEqual([2, 1]);
    expect(describeForRenderer(image({ '00181164': [0.1, 0.1] }), undefined)['00280030']).toBeUndefined();
    const spaced = describeForRenderer(image({ '00280034': [2, 1], '00280030': [0.5, 0.5] }), undefined);
    expect(spaced['00280030']?.Value).toEqual([0.5, 0.5]);
  });
});

describe('spacing', () => {
  it('names its source', () => {
    expect(pixelScale(image({ '00280030': [0.5, 0.4] }), 0)).toEqual({
      source: 'calibrated',
      rowMm: 0.5,
      columnMm: 0.4,
    });
    expect(pixelScale(image({ '00181164': [0.1, 0.1] }), 0).source).toBe('detector');
    expect(pixelScale(image({ '00181164': [0.1, 0.1], '00280030': [0.1, 0.1] }), 0).source).toBe('detector');
    expect(pixelScale(image({ '00181164': [0.1, 0.1], '00280030': [0.08, 0.08] }), 0).source).toBe('calibrated');
    expect(pixelScale(image(), 0)).toEqual({ source: 'none' });
    expect(pixelScale(image({ '00280030': [0, 0] }), 0)).toEqual({ source: 'none' });
  });

  it('corrects the detector by the magnification', () => {
    const corrected = pixelScale(image({ '00181164': [0.3, 0.2], '00181114': 2 }), 0);
    expect(corrected).toEqual({ source: 'corrected', rowMm: 0.15, columnMm: 0.1 });
  });

  const number = (value: number) => ({ vr: 'US', Value: [value] });
  const region = (left: number, unit = 3, format = 1, delta = 0.02) => ({
    '00186012': number(format),
    '00186018': number(left),
    '0018601A': number(0),
    '0018601C': number(left + 99),
    '0018601E': number(99),
    '00186024': number(unit),
    '00186026': number(3),
    '0018602C': number(delta),
    '0018602E': number(-0.03),
  });

  it('is that of the ultrasound region around a point, else of the only one', () => {
    const two = image({ '00186011': [region(0), region(100, 3, 1, 0.05)] });
    expect(pixelScale(two, 0, [50, 50]).columnMm).toBeCloseTo(0.2);
    expect(pixelScale(two, 0, [150, 50])).toEqual({ source: 'region', rowMm: 0.3, columnMm: 0.5 });
    expect(pixelScale(two, 0, [250, 50]).source).toBe('none');
    expect(pixelScale(two, 0).source).toBe('none');
    const withTrace = image({ '00186011': [region(0), region(100, 4, 3)] });
    expect(pixelScale(withTrace, 0).source).toBe('region');
    expect(pixelScale(withTrace, 0, [150, 50]).source).toBe('none');
    expect(pixelScale(image({ '00186011': [region(0, 4)] }), 0).source).toBe('none');
  });

  it('has the units of the region along each axis', () => {
    const trace = image({ '00186011': [region(0, 4, 3, 0.005), region(100, 99)] });
    expect(axesAround(trace, [[50, 50]])).toEqual({
      spatial: false,
      x: { unit: 's', perPixel: 0.005 },
      y: { unit: 'mm', perPixel: 0.3 },
    });
    expect(axesAround(trace, [[150, 50]])?.x).toBeUndefined();
    expect(
      axesAround(trace, [
        [50, 50],
        [150, 50],
      ]),
    ).toBeUndefined();
  });

  it('rounds to 1, 2 or 5', () => {
    expect([119, 60, 49, 20, 9.9, 0.07].map(roundLength)).toEqual([100, 50, 20, 20, 5, 0.05]);
    expect(roundLength(0)).toBe(0);
    expect(roundLength(Number.NaN)).toBe(0);
  });
});

describe('multipart', () => {
  it('gives back what was put in, also with dashes and line ends inside', () => {
    const body = bytes(45, 45, 13, 10, 13, 10, 0, 255, 13, 10);
    expect([...onlyPart(asMultipart(body, 'application/octet-stream'))]).toEqual([...body]);
    expect([...onlyPart(bytes(1, 2, 3))]).toEqual([1, 2, 3]);
  });
});
