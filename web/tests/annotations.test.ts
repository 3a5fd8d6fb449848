import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/api/client';
import type { ContentItem, Measurement, PresentationState, StateOver, ViewToSave } from '../src/api/types';
import { momentText, valueText } from '../src/features/viewer/annotations/documentText';
import { keyIds, keyIndexes } from '../src/features/viewer/annotations/keyFrames';
import { inOrder, shows, ViewStore } from '../src/features/viewer/annotations/views';
import type { DisplaySet } from '../src/imaging/displaySets';
import { areaOf, cornersOf, orientationOf } from '../src/imaging/layOut';
import type { Point } from '../src/imaging/spacing';
import { pathOf, shutterPaths } from '../src/imaging/statePaths';
import { figuresOf } from '../src/imaging/viewFigures';
import { image } from './instances';

describe('how an image lies on its display', () => {
  it('is read from two steps, for each turn and its mirror', () => {
    // To the right and down the display, in columns and rows of the image.
    const steps: Array<[Point, Point]> = [
      [
        [1, 0],
        [0, 1],
      ],
      [
        [0, -1],
        [1, 0],
      ],
      [
        [-1, 0],
        [0, -1],
      ],
      [
        [0, 1],
        [-1, 0],
      ],
    ];
    steps.forEach(([right, down], quarterTurns) => {
      expect(orientationOf(right, down)).toEqual({ quarterTurns, flipped: false });
      expect(orientationOf([-right[0], -right[1]], down)).toEqual({ quarterTurns, flipped: true });
    });
  });

  it('shows the pixels that it touches', () => {
    expect(areaOf([0, 0], [48, 32])).toEqual([1, 1, 48, 32]);
    expect(areaOf([48, 32], [0, 0])).toEqual([1, 1, 48, 32]);
    expect(areaOf([4.5, 2.2], [44.1, 30])).toEqual([5, 3, 45, 30]);
    expect(areaOf([-8, 0], [56, 32])).toEqual([-7, 1, 56, 32]);
    expect(cornersOf([5, 3, 44, 30])).toEqual([
      [4, 2],
      [44, 30],
    ]);
  });
});

describe('what a state draws', () => {
  const place = ([column, row]: Point): [number, number] => [column * 2, row * 3];
  const points: Point[] = [
    [0, 0],
    [10, 0],
    [10, 10],
  ];
  it('follows the picture', () => {
    expect(pathOf({ kind: 'POLYLINE', points }, place)).toBe('M0.00 0.00L20.00 0.00L20.00 30.00');
    expect(pathOf({ kind: 'POINT', points: [[1, 1]] }, place)).toBe('M-3 3h10M2 -2v10');
    const circle = pathOf({ kind: 'CIRCLE', points: [points[0] as Point, points[1] as Point] }, place);
    // In pixels of the image it is round: twice as high as wide is what the display makes of it.
    expect(circle.startsWith('M20.00 0.00L')).toBe(true);
    expect(circle).toContain('L0.00 30.00L');
    const ellipse = pathOf(
      {
        kind: 'ELLIPSE',
        points: [
          [0, 5],
          [20, 5],
          [10, 0],
          [10, 10],
        ],
      },
      place,
    );
    expect(ellipse.startsWith('M40.00 15.00L')).toBe(true);
    expect(pathOf({ kind: 'INTERPOLATED', points }, place).match(/C/g)).toHaveLength(2);
    const closed = [...points, points[0] as Point];
    expect(pathOf({ kind: 'INTERPOLATED', points: closed }, place)).toMatch(/^M0\.00 0\.00C.* 0\.00 0\.00$/);
  });

  it('that is not known is not drawn', () => {
    expect(pathOf({ kind: 'SPIRAL', points }, place)).toBe('');
    expect(pathOf({ kind: 'ELLIPSE', points }, place)).toBe('');
    expect(pathOf({ kind: 'POLYLINE', points: [] }, place)).toBe('');
  });

  it('hides what is outside of its shutters', () => {
    const shutter = { rectangle: [2, 4, 1, 3], circle: null, polygon: [], shade: 0 };
    expect(shutterPaths(shutter, place, 100, 50)).toEqual(['M0 0H100V50H0ZM2.00 0.00L8.00 0.00L8.00 9.00L2.00 9.00Z']);
    expect(shutterPaths({ ...shutter, rectangle: null, circle: [5, 5, 2] }, place, 9, 9)[0]).toContain(
      'ZM13.00 13.50L',
    );
  });
});

function measurement(kind: Measurement['kind'], points: Point[], values: Measurement['values'] = []): Measurement {
  const of = { series_instance_uid: '', sop_instance_uid: '1', frame: 1, spacing: 'pixel-spacing', observer: '' };
  return { tracking_uid: '1', label: 'new', kind, points, values, ...of };
}

describe('measurements in a saved view', () => {
  it('are figures with their words beside them', () => {
    const length = measurement(
      'length',
      [
        [30, 8],
        [10, 4],
      ],
      [{ name: 'length', value: 12.34, unit: 'mm' }],
    );
    expect(figuresOf([length], 2)).toEqual({
      figures: [{ kind: 'POLYLINE', points: length.points }],
      labels: [{ text: '12.3 mm', at: [34, 8] }],
    });
    const corners: Point[] = [
      [0, 0],
      [4, 0],
      [4, 4],
      [0, 4],
    ];
    const kinds = (kind: Measurement['kind'], points = corners) =>
      figuresOf([measurement(kind, points)], 1).figures.map((figure) => [figure.kind, figure.points.length]);
    expect(kinds('rectangle')).toEqual([['POLYLINE', 5]]);
    expect(kinds('freehand')).toEqual([['POLYLINE', 5]]);
    expect(kinds('ellipse')).toEqual([['ELLIPSE', 4]]);
    expect(kinds('bidirectional')).toEqual([
      ['POLYLINE', 2],
      ['POLYLINE', 2],
    ]);
    expect(kinds('probe', [[1, 1]])).toEqual([['POINT', 1]]);
    expect(figuresOf([measurement('text', [[7, 7]])], 1)).toEqual({
      figures: [],
      labels: [{ text: 'new', at: [7, 7] }],
    });
  });
});

const state = (uid: string, series: string, frames: number[] = []): PresentationState => ({
  sop_instance_uid: uid,
  label: 'VIEW',
  description: uid,
  creator: '',
  created_at: '',
  shown: [{ series_instance_uid: series, sop_instance_uid: `${series}.1`, frames }],
});

describe('saved views', () => {
  const over = { window: null, graphics: [] } as unknown as StateOver;
  const view = { name: 'x' } as ViewToSave;
  it('show the frames that they name, or all', () => {
    expect(shows(state('1', '9'), '9.1', 7)).toBe(true);
    expect(shows(state('1', '9', [2]), '9.1', 7)).toBe(false);
    expect(shows(state('1', '9', [2]), '9.1', 2)).toBe(true);
    expect(shows(state('1', '9'), '9.2', 1)).toBe(false);
  });

  it('of the series that is looked at come first', () => {
    const all = [state('1', '8'), state('2', '9')].map((one) => ({ studyUid: '5', state: one }));
    expect(inOrder(all, '9').map((one) => one.state.sop_instance_uid)).toEqual(['2', '1']);
  });

  it('are read once, saved, and a failure is told and can be tried again', async () => {
    let failure: Error | undefined = new ApiError(503, 'unavailable', 'away');
    let asked = 0;
    const answer = async <T>(value: T): Promise<T> => {
      asked += 1;
      if (failure) throw failure;
      return value;
    };
    const states = { states: [state('1', '9')], unread: [] };
    const store = new ViewStore({
      states: () => answer(states),
      saveView: () => answer({ ...states, states: [...states.states, state('2', '9')] }),
      stateOver: () => answer(over),
    });
    await store.load('5');
    expect(store.getState().problem).toBe('away');
    expect(await store.save('5', view)).toBe(false);
    const listed = { studyUid: '5', state: state('1', '9') };
    await expect(store.over(listed, '9.1', 1)).rejects.toThrow('away');
    failure = undefined;
    await store.load('5');
    await store.load('5');
    expect(store.getState()).toMatchObject({ problem: '', saving: false });
    expect(await store.save('5', view)).toBe(true);
    expect(store.getState().views.map((one) => one.state.sop_instance_uid)).toEqual(['1', '2']);
    const before = asked;
    await store.over(listed, '9.1', 1);
    await store.over(listed, '9.1', 1);
    expect(asked).toBe(before + 1);
    store.choose(2, listed);
    expect(store.getState().chosen.get(2)).toBe(listed);
    store.choose(2, undefined);
    expect(store.getState().chosen.size).toBe(0);
  });
});

describe('key images', () => {
  it('are those of the reader and of others; without a frame, the first', () => {
    const images = [{ series_instance_uid: '9', sop_instance_uid: '9.2', frame: 0 }];
    const ids = keyIds({
      keys: new Map([['9.1/3', {} as never]]),
      selections: [{ images } as never],
    });
    expect([...ids]).toEqual(['9.1/3', '9.2/1']);
    const slices = [
      { instance: image(), sopInstanceUid: '9.2', frame: 1 },
      { instance: image(), sopInstanceUid: '9.1', frame: 1 },
      { instance: image(), sopInstanceUid: '9.1', frame: 3 },
    ];
    expect(keyIndexes({ slices } as unknown as DisplaySet, ids)).toEqual([0, 2]);
  });
});

describe('values of documents', () => {
  const item = (value_type: string, value: string, unit = ''): ContentItem => ({
    relationship: 'CONTAINS',
    value_type,
    name: '',
    value,
    unit,
    points: 3,
    references: [],
    items: [],
  });
  it('are as people read them', () => {
    expect(valueText(item('NUM', '12.50', 'mm'))).toBe('12.50 mm');
    expect(valueText(item('NUM', '28.4994412808116', 'mm'))).toBe('28.5 mm');
    expect(valueText(item('NUM', '12345.678', 'mm2'))).toBe('12346 mm2');
    expect(valueText(item('NUM', '0.00123456', '1'))).toBe('0.001235 1');
    expect(valueText(item('NUM', '1e3', '1'))).toBe('1e3 1');
    expect(valueText(item('DATETIME', '20260103091500.5'))).toBe('2026-01-03 09:15');
    expect(valueText(item('DATE', '20260103'))).toBe('2026-01-03');
    expect(valueText(item('TIME', '0915'))).toBe('09:15');
    expect(valueText(item('DATE', 'yesterday'))).toBe('yesterday');
    expect(valueText(item('PNAME', 'Doe^Jane'))).toBe('Doe, Jane');
    expect(valueText(item('SCOORD', 'POLYLINE'))).toBe('POLYLINE, 3 points');
    expect(valueText(item('', '1.2'))).toBe('see item 1.2');
    expect(momentText('')).toBe('');
  });
});
