import { describe, expect, it } from 'vitest';
import type { Slice } from '../src/imaging/displaySets';
import { followed } from '../src/imaging/following';
import { crossing, distanceFrom, nearestTo, type Plane, planeOf, stepOf } from '../src/imaging/planes';
import { image } from './instances';

const AXIAL = [1, 0, 0, 0, 1, 0];
const SAGITTAL = [0, 1, 0, 0, 0, -1];

function slice(position: number[], orientation = AXIAL, frame = 'F', more = {}): Slice {
  const instance = image({
    '00200032': position,
    '00200037': orientation,
    '00200052': frame,
    '00280010': 100,
    '00280011': 200,
    '00280030': [2, 1],
    ...more,
  });
  return { instance, sopInstanceUid: '1', frame: 1 };
}

const plane = (...parts: Parameters<typeof slice>): Plane => planeOf(slice(...parts)) as Plane;
const stack = (places: number[], anchor = 0, frame = 'F', orientation = AXIAL) => ({
  planes: places.map((z) => plane(orientation === AXIAL ? [0, 0, z] : [z, 0, 0], orientation, frame)),
  anchor,
});
const flat = (count: number, anchor = 0) => ({ planes: new Array(count).fill(undefined), anchor });

describe('planes', () => {
  it('are as large as their pixels, rows by the first spacing', () => {
    expect(plane([0, 0, 0])).toMatchObject({ width: 200, height: 200, normal: [0, 0, 1], frameOfReference: 'F' });
  });

  it('are none where the place is not whole or makes no sense', () => {
    expect(planeOf(slice([0, 0]))).toBeUndefined();
    expect(planeOf(slice([0, 0, 0], [1, 0, 0, 1, 0, 0]))).toBeUndefined();
    expect(planeOf(slice([0, 0, 0], [0, 0, 0, 0, 1, 0]))).toBeUndefined();
  });

  it('know the nearest to a point, and their step', () => {
    const { planes } = stack([0, 5, 10, 15]);
    expect(nearestTo(planes, [50, 50, 9])).toEqual({ index: 2, distance: 1 });
    expect(nearestTo([undefined], [0, 0, 0])).toBeUndefined();
    expect(stepOf(planes)).toBe(5);
    expect(stepOf(planes.slice(0, 1))).toBe(0);
    expect(distanceFrom(planes[0] as Plane, [1, 2, 7])).toBe(7);
  });

  it('cross in the line that both hold, as far as the picture goes', () => {
    const sagittal = plane([30, -50, 80], SAGITTAL);
    const [from, to] = crossing(plane([0, -20, 10]), sagittal) ?? [];
    expect([from, to]).toHaveLength(2);
    for (const end of [from, to]) {
      expect(end?.[0]).toBeCloseTo(30);
      expect(end?.[2]).toBeCloseTo(10);
    }
    expect([from?.[1], to?.[1]].sort((one = 0, other = 0) => one - other)).toEqual([-20, 180]);
  });

  it('do not cross where they are parallel, apart, or of another frame of reference', () => {
    expect(crossing(plane([0, 0, 0]), plane([0, 0, 5]))).toBeUndefined();
    expect(crossing(plane([0, 0, 0]), plane([999, 0, 0], SAGITTAL))).toBeUndefined();
    expect(crossing(plane([0, 0, 0]), plane([30, 0, 0], SAGITTAL, 'G'))).toBeUndefined();
    expect(crossing(plane([0, 0, 0], AXIAL, ''), plane([30, 0, 0], SAGITTAL, ''))).toBeUndefined();
  });
});

describe('linked stacks', () => {
  it('show the same place in one frame of reference, whatever the step or direction', () => {
    expect(followed(stack([0, 5, 10, 15]), 2, stack([20, 17.5, 15, 12.5, 10, 7.5, 5]))).toBe(4);
    expect(followed(stack([0, 5, 10]), 2, stack([0, 1, 2]))).toBe(2);
  });

  it('do not follow a plane that is not parallel', () => {
    expect(followed(stack([0, 5, 10]), 2, stack([0, 5, 10], 0, 'F', SAGITTAL))).toBeUndefined();
    expect(followed(stack([0, 5, 10]), 2, stack([0, 5, 10], 0, 'G', SAGITTAL))).toBeUndefined();
  });

  it('go as many millimetres from where they were linked, without a common frame of reference', () => {
    const prior = stack([100, 102, 104, 106, 108, 110, 112], 1, 'G');
    expect(followed(stack([0, 5, 10], 0), 1, prior)).toBe(3);
    expect(followed(stack([0, 5, 10], 0), 2, prior)).toBe(6);
    expect(followed(stack([0, 5, 10], 1), 0, prior)).toBe(0);
    expect(followed(stack([0, 5, 10], 1), 1, prior)).toBe(1);
  });

  it('keep their offset in slices where there are no planes, through both ends', () => {
    expect(followed(flat(10, 4), 6, flat(10, 2))).toBe(4);
    expect(followed(flat(10, 4), 0, flat(10, 2))).toBe(0);
    expect(followed(flat(10, 4), 9, flat(5, 2))).toBe(4);
    expect(followed(flat(10, 4), 5, flat(1))).toBeUndefined();
  });
});
