import { describe, expect, it } from 'vitest';
import type { Measurement } from '../src/api/types';
import { cleanLabel } from '../src/features/viewer/measurements/changes';
import { lines, valueText } from '../src/imaging/measuredText';
import { measure, pixelUnit } from '../src/imaging/measuring';
import type { Pixels } from '../src/imaging/regions';
import { lengthScale, type Point } from '../src/imaging/spacing';
import { longAxisFirst } from '../src/imaging/toolShapes';
import { image, instance } from './instances';

const SPACED = { '00280030': [2, 0.5], '00080060': 'CT' };
const values = (kind: Measurement['kind'], points: Point[], tags: object = SPACED, pixels?: Pixels) =>
  Object.fromEntries(
    measure(kind, points, image({ ...tags }), 0, pixels).values.map(({ name, value, unit }) => [name, [value, unit]]),
  );

describe('what points say', () => {
  it('takes rows and columns by their own spacing', () => {
    expect(
      values('length', [
        [10.5, 10.5],
        [16.5, 12.5],
      ]),
    ).toEqual({ length: [5, 'mm'] });
    expect(
      values('angle', [
        [20, 5],
        [10, 5],
        [10, 9],
      ]),
    ).toEqual({ angle: [90, 'deg'] });
    // 45° in pixels are steeper where rows lie farther apart than columns.
    expect(
      values('angle', [
        [10, 0],
        [0, 0],
        [10, 10],
      ]).angle?.[0],
    ).toBeCloseTo((Math.atan2(20, 5) * 180) / Math.PI, 9);
    expect(
      values('rectangle', [
        [4, 4],
        [12, 4],
        [12, 8],
        [4, 8],
      ]),
    ).toEqual({ area: [32, 'mm2'] });
    const ellipse = values('ellipse', [
      [10, 16],
      [30, 16],
      [20, 12],
      [20, 20],
    ]);
    expect(ellipse.area?.[0]).toBeCloseTo(Math.PI * 5 * 8, 9);
    expect(
      values('arrow', [
        [1, 1],
        [5, 5],
      ]),
    ).toEqual({});
  });

  it('has two axes, each by its own spacing', () => {
    const axes: Point[] = [
      [10, 10],
      [22, 10],
      [16, 9],
      [16, 11],
    ];
    expect(values('bidirectional', axes)).toEqual({ 'long-axis': [6, 'mm'], 'short-axis': [4, 'mm'] });
    const [a, b, c, d] = axes as [Point, Point, Point, Point];
    expect(longAxisFirst([c, d, a, b], { columnMm: 0.5, rowMm: 2 })).toEqual(axes);
    // In pixels 3 columns are more than 2 rows; in millimetres they are less.
    expect(longAxisFirst([a, [13, 10], c, d], { columnMm: 0.5, rowMm: 2 })).toEqual([c, d, a, [13, 10]]);
  });

  it('knows the angle of a curve, whichever way its lines were drawn', () => {
    const upper: Point[] = [
      [10, 4],
      [14, 5],
    ];
    const lower: Point[] = [
      [14, 20],
      [10, 21],
    ];
    const cobb = (lines: Point[]) => values('cobb', lines)['cobb-angle'];
    expect(cobb([...upper, ...lower])).toEqual([90, 'deg']);
    expect(cobb([...upper, ...[...lower].reverse()])).toEqual([90, 'deg']);
    expect(cobb([...[...upper].reverse(), ...lower])).toEqual([90, 'deg']);
    // A curve of more than 90 degrees: 60 degrees down, and 60 degrees up.
    const steep = Math.tan(Math.PI / 3);
    const curve: Point[] = [
      [0, 0],
      [8, 2 * steep],
      [8, 40],
      [0, 40 + 2 * steep],
    ];
    expect(cobb(curve)?.[0]).toBeCloseTo(120, 9);
  });

  it('encloses an area', () => {
    const triangle: Point[] = [
      [4, 4],
      [12, 4],
      [12, 8],
    ];
    expect(values('freehand', triangle)).toEqual({ area: [16, 'mm2'] });
    expect(values('freehand', [...triangle].reverse())).toEqual({ area: [16, 'mm2'] });
    expect(values('text', [[3, 3]])).toEqual({});
  });

  it('is in pixels without a spacing', () => {
    expect(
      values(
        'length',
        [
          [0, 0],
          [3, 4],
        ],
        {},
      ),
    ).toEqual({ length: [5, '{pixels}'] });
  });
});

describe('pixels', () => {
  const columns = 8;
  const pixels: Pixels = { columns, rows: 8, at: (index) => index };
  it('count where their centre is inside', () => {
    const found = values(
      'rectangle',
      [
        [1.4, 1.4],
        [3.6, 1.4],
        [3.6, 2.6],
        [1.4, 2.6],
      ],
      SPACED,
      pixels,
    );
    // Columns 1 to 3 of rows 1 and 2: 9, 10, 11, 17, 18, 19.
    expect(found.mean).toEqual([14, "[hnsf'U]"]);
    expect(found.min).toEqual([9, "[hnsf'U]"]);
    expect(found.max).toEqual([19, "[hnsf'U]"]);
    expect(found.sd?.[0]).toBeCloseTo(Math.sqrt((25 + 16 + 9 + 9 + 16 + 25) / 6), 12);
  });

  it('in an ellipse are not those of its corners', () => {
    const found = values(
      'ellipse',
      [
        [1, 4],
        [7, 4],
        [4, 2],
        [4, 6],
      ],
      SPACED,
      { ...pixels, at: (index) => (index === 2 * columns + 1 ? 1e6 : 1) },
    );
    expect(found.max?.[0]).toBe(1);
  });

  it('in an outline are those that it goes around, not those in its bay', () => {
    // A U of columns 1, 2 and 5, 6, joined in rows 5 and 6.
    const outline: Point[] = [
      [1, 1],
      [3, 1],
      [3, 5],
      [5, 5],
      [5, 1],
      [7, 1],
      [7, 7],
      [1, 7],
    ];
    const inBay = (index: number) => [3, 4].includes(index % columns) && Math.floor(index / columns) < 5;
    const at = (index: number) => (inBay(index) ? 1e6 : index % columns);
    const found = values('freehand', outline, SPACED, { ...pixels, at });
    const [arms, joint] = [4 * (1 + 2 + 5 + 6), 2 * (1 + 2 + 3 + 4 + 5 + 6)];
    expect(found.mean?.[0]).toBeCloseTo((arms + joint) / 28, 12);
    expect(found.max?.[0]).toBe(6);
    expect(found.area).toEqual([28, 'mm2']);
  });

  it('under a probe are one', () => {
    expect(values('probe', [[2.9, 1.1]], SPACED, pixels)).toEqual({ value: [10, "[hnsf'U]"] });
    expect(values('probe', [[8, 1]], SPACED, pixels)).toEqual({});
  });

  it('have a unit, or are not measured', () => {
    expect(pixelUnit(image({ '00080060': 'CT', '00281054': 'US' }), 0)).toBe('1');
    expect(pixelUnit(image({ '00080060': 'PT', '00541001': 'BQML' }), 0)).toBe('Bq/ml');
    expect(pixelUnit(image({ '00280002': 3 }), 0)).toBe('');
    expect(pixelUnit(image({ '00280004': 'PALETTE COLOR' }), 0)).toBe('');
    expect(pixelUnit(image({ '00283000': {} }), 0)).toBe('');
  });
});

describe('where millimetres come from', () => {
  const line: Point[] = [
    [2, 5],
    [12, 5],
  ];
  const source = (tags: object, points = line) => {
    const { source: name, columnMm } = lengthScale(image({ ...tags }), 0, points);
    return [name, columnMm];
  };
  it('is named', () => {
    expect(source({ '00280030': [2, 0.5] })).toEqual(['pixel-spacing', 0.5]);
    expect(source({ '00280030': [2, 0.5], '00181164': [2, 0.5] })).toEqual(['detector-plane', 0.5]);
    expect(source({ '00280030': [2, 0.5], '00181164': [2, 0.5], '00280A02': 'FIDUCIAL' })[0]).toBe('pixel-spacing');
    expect(lengthScale(image({ '00181164': [4, 1], '00181114': 2 }), 0, line)).toEqual({
      source: 'detector-corrected',
      rowMm: 2,
      columnMm: 0.5,
    });
    expect(source({ '00181164': [4, 1] })).toEqual(['none', 1]);
    expect(source({})).toEqual(['none', 1]);
  });

  it('is the ultrasound region around all points', () => {
    const region = (left: number, right: number, cm: number, format = 1) =>
      instance({
        '00186012': format,
        '00186018': left,
        '0018601A': 0,
        '0018601C': right,
        '0018601E': 31,
        '00186024': 3,
        '00186026': 3,
        '0018602C': cm,
        '0018602E': cm,
      });
    const regions = { '00186011': [region(0, 19, 0.1), region(20, 39, 0.4), region(40, 47, 0.4, 3)] };
    const from = (x1: number, x2: number) =>
      source(regions, [
        [x1, 5],
        [x2, 5],
      ]);
    expect(from(2, 12)).toEqual(['ultrasound-region', 1]);
    expect(from(25, 35)).toEqual(['ultrasound-region', 4]);
    expect(from(15, 25)).toEqual(['none', 1]);
    expect(from(42, 46)).toEqual(['none', 1]);
  });
});

describe('words', () => {
  it('carry the unit', () => {
    const length = { name: 'length', value: 12.345, unit: 'mm' };
    expect(lines({ values: [length], spacing: 'pixel-spacing' })).toEqual(['12.3 mm']);
    expect(lines({ values: [length], spacing: 'detector-plane' })).toEqual(['12.3 mm (detector plane)']);
    const area = { name: 'area', value: 1.234, unit: '{pixels}' };
    expect(lines({ values: [area], spacing: 'none' })).toEqual(['Area 1.23 px²']);
    expect(valueText({ name: 'Volume', value: 3, unit: 'mm3' })).toBe('3.00 mm3');
  });

  it('have no more digits than mean something', () => {
    const hounsfield = (name: string, value: number) => valueText({ name, value, unit: "[hnsf'U]" });
    expect(hounsfield('value', 41)).toBe('41 HU');
    expect(hounsfield('min', -1024)).toBe('-1024 HU');
    expect(hounsfield('mean', 9.04)).toBe('9.0 HU');
    expect(hounsfield('sd', 0)).toBe('0.0 HU');
    expect(hounsfield('mean', -0.001)).toBe('0.0 HU');
    const area = (value: number) => valueText({ name: 'area', value, unit: 'mm2' });
    expect([1333.04, 100, 99.96, 12.34, 1.234].map(area)).toEqual([
      '1333 mm²',
      '100 mm²',
      '100 mm²',
      '12.3 mm²',
      '1.23 mm²',
    ]);
    expect(valueText({ name: 'length', value: 0.00000625, unit: 'mm' })).toBe('0.00 mm');
    expect(valueText({ name: 'value', value: 0.0123456, unit: 'Bq/ml' })).toBe('0.0123 Bq/ml');
  });

  it('of labels are printable', () => {
    expect(cleanLabel(' a\n\u0007b ', 'x')).toBe('a b');
    expect(cleanLabel('\u200b', 'x')).toBe('x');
    expect([...cleanLabel('🩻'.repeat(300), 'x')].length).toBe(256);
  });
});
