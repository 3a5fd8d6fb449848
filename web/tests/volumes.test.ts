import { describe, expect, test } from 'vitest';
import type { SeriesVolumes, Volume, VolumeFinding } from '../src/api/types';
import { remarksOn } from '../src/features/viewer/mpr/words';
import type { DisplaySet } from '../src/imaging/displaySets';
import type { Vector } from '../src/imaging/orientation';
import { dot, minus, turned } from '../src/imaging/vectors';
import { offerOf, volumeOf } from '../src/imaging/volume/offer';
import { centreOf, planVolume, stepAlong, type VolumePlan, within } from '../src/imaging/volume/plan';
import { cutOn, isStraight, PLANES, rightOf, STRAIGHT, turnOthers } from '../src/imaging/volume/planes';
import { blend, lay } from '../src/imaging/volume/resample';
import { voxelKind } from '../src/imaging/volume/voxels';
import { image } from './instances';

const LIMITS = { bytes: 1e9, bytesPerVoxel: 2, voxels: 2048 };

/** Axial slices at heights, 40 columns of 0.5 mm, 30 rows of 0.8 mm; lean: mm down the column for each mm of height. */
function volume(heights: readonly number[], findings: VolumeFinding[] = [], lean = 0): Volume {
  const steps = heights.slice(1).map((height, at) => height - (heights[at] as number));
  const usual = [...steps].sort((one, other) => one - other)[Math.floor(steps.length / 2)] ?? 0;
  return {
    frame_of_reference_uid: '1.9',
    told_apart_by: [],
    row_direction: [1, 0, 0],
    column_direction: [0, 1, 0],
    rows: 30,
    columns: 40,
    row_spacing_mm: 0.8,
    column_spacing_mm: 0.5,
    step_mm: usual,
    least_step_mm: Math.min(...steps),
    most_step_mm: Math.max(...steps),
    tilt_degrees: 0,
    off_line_mm: 0,
    gaps: [],
    findings,
    slices: heights.map((height, at) => ({
      sop_instance_uid: `1.${at}`,
      frame: 1,
      position: [5, 7 + lean * height, height],
    })),
  };
}

function planned(of: Volume, limits = LIMITS): VolumePlan {
  const plan = planVolume(of, limits);
  if (typeof plan === 'string') throw new Error(plan);
  return plan;
}

describe('the plan of a volume', () => {
  test('even slices are layers as they are', () => {
    const plan = planned(volume([0, 2, 4, 6]));
    expect(plan.dimensions).toEqual([40, 30, 4]);
    expect(plan.spacing).toEqual([0.5, 0.8, 2]);
    expect(plan.origin).toEqual([5, 7, 0]);
    expect(plan.layers).toEqual([0, 1, 2, 3].map((at) => ({ from: at, to: at, share: 0 })));
    expect(plan.offsets.every(([x, y]) => x === 0 && y === 0)).toBe(true);
    expect(centreOf(plan)).toEqual([5 + 9.75, 7 + 11.6, 3]);
  });

  test('missing slices leave their layers empty', () => {
    const plan = planned(volume([0, 2, 4, 10, 12], ['gaps']));
    expect(plan.layers.map((layer) => layer?.from)).toEqual([0, 1, 2, undefined, undefined, 3, 4]);
    expect(plan.spacing[2]).toBe(2);
  });

  test('each pixel of a tilted slice keeps its place in the patient', () => {
    const tilted = volume([0, 2, 4, 6], ['tilted'], -0.5);
    const plan = planned(tilted);
    expect(plan.dimensions[1]).toBe(30 + Math.ceil(3 / 0.8));
    for (const [at, { position }] of tilted.slices.entries()) {
      const [x, y] = plan.offsets[at] as [number, number];
      const place = [plan.origin[0] + x * 0.5, plan.origin[1] + y * 0.8, plan.origin[2] + at * 2];
      expect(minus(place as unknown as Vector, position).every((part) => Math.abs(part) < 1e-9)).toBe(true);
      expect(x >= 0 && y >= 0 && y + 29 <= plan.dimensions[1] - 1 + 1e-9).toBe(true);
    }
  });

  test('between uneven slices it is in proportion, and nothing is made up in a gap', () => {
    const plan = planned(volume([0, 1, 2, 3.4, 4.4, 9], ['uneven', 'gaps']));
    const height = (at: number): number => [0, 1, 2, 3.4, 4.4, 9][at] as number;
    plan.layers.forEach((layer, number) => {
      if (!layer) return;
      const made = height(layer.from) * (1 - layer.share) + height(layer.to) * layer.share;
      expect(Math.abs(made - number * plan.spacing[2])).toBeLessThanOrEqual(plan.spacing[2] / 2 + 1e-9);
    });
    expect(plan.layers[3]).toEqual({ from: 2, to: 3, share: expect.closeTo(1 / 1.4, 9) });
    expect(plan.layers.slice(5, 9).map((layer) => layer?.from)).toEqual([undefined, undefined, undefined, undefined]);
    expect(plan.layers.length).toBe(10);
  });

  test('what is too large is reduced, then refused', () => {
    const of = volume([0, 2, 4, 6]);
    const half = planned(of, { ...LIMITS, bytes: 40 * 30 * 4 * 2 - 1 });
    expect(half.reduced).toBe(2);
    expect(half.dimensions).toEqual([20, 15, 4]);
    expect(half.spacing).toEqual([1, 1.6, 2]);
    // The middle of four pixels.
    expect(half.origin).toEqual([5.25, 7.4, 0]);
    expect(planned(of, { ...LIMITS, voxels: 20 }).reduced).toBe(2);
    expect(planVolume(of, { ...LIMITS, bytes: 100 })).toBe('too-large');
    expect(planVolume(of, { ...LIMITS, voxels: 0 })).toBe('too-large');
    expect(planVolume(volume([0, 2], ['too-few']), LIMITS)).toBe('too-few');
  });

  test('the crosshair stays in the block, and steps are as long as voxels', () => {
    const plan = planned(volume([0, 2, 4, 6]));
    expect(within(plan, [500, 10, -3])).toEqual([5 + 19.5, 10, 0]);
    expect(stepAlong(plan, [0, 0, -1])).toBe(2);
    expect(stepAlong(plan, [0, 1, 0])).toBe(0.8);
  });
});

describe('pixels of a volume', () => {
  const slice = { columns: 3, rows: 2, data: [0, 10, 20, 30, 40, 50], slope: 2, intercept: -1 };

  test('are rescaled', () => {
    const target = new Int16Array(6);
    lay(slice, [0, 0], 1, target, 3, 2, -9);
    expect([...target]).toEqual([-1, 19, 39, 59, 79, 99]);
  });

  test('move by parts of a pixel, and beside the slice it is empty', () => {
    const target = new Float32Array(4 * 2);
    lay(slice, [0.5, 0], 1, target, 4, 2, -9);
    expect([...target]).toEqual([-9, 9, 29, -9, -9, 69, 89, -9]);
  });

  test('are means where they are reduced', () => {
    const target = new Int16Array(1);
    lay(slice, [0, 0], 2, target, 1, 1, -9);
    expect([...target]).toEqual([(0 + 10 + 30 + 40) / 2 - 1]);
  });

  test('are mixed by share', () => {
    const target = new Int16Array(2);
    blend(Int16Array.of(0, 100), Int16Array.of(100, 0), 0.25, target);
    expect([...target]).toEqual([25, 75]);
  });

  test('whole numbers of 16 bits are kept as such, others are not', () => {
    const kind = (values: Readonly<Record<string, unknown>>) =>
      voxelKind([{ instance: image(values), sopInstanceUid: '1', frame: 1 }]);
    const ct = { '00080060': 'CT', '00280101': 12, '00281052': -1024, '00281053': 1 };
    expect(kind(ct)).toEqual({ whole: true, bytes: 2, empty: -1024 });
    expect(kind({ ...ct, '00281053': 0.5 })).toMatchObject({ whole: false, bytes: 4 });
    expect(kind({ '00280101': 16 })).toMatchObject({ whole: false });
    expect(kind({ '00280101': 16, '00280103': 1 })).toEqual({ whole: true, bytes: 2, empty: 0 });
  });
});

describe('the three planes', () => {
  test('lie as radiologists look', () => {
    const rights = PLANES.map((name) => rightOf(STRAIGHT[name]).map((part) => part + 0));
    expect(rights).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
    ]);
  });

  test('stay at right angles to each other, however they are turned', () => {
    let orientation = STRAIGHT;
    for (const [name, angle] of [
      ['axial', 0.4],
      ['sagittal', -1.1],
      ['coronal', 2.5],
      ['axial', 0.2],
    ] as const)
      orientation = turnOthers(orientation, name, angle);
    for (const one of PLANES) {
      expect(dot(orientation[one].normal, orientation[one].up)).toBeCloseTo(0, 12);
      for (const other of PLANES)
        if (one !== other) expect(dot(orientation[one].normal, orientation[other].normal)).toBeCloseTo(0, 12);
    }
    expect(isStraight(orientation, 'axial')).toBe(false);
  });

  test('a line turns clockwise on the screen with the hand that turns it', () => {
    const before = cutOn(STRAIGHT.axial, STRAIGHT.coronal);
    expect([Math.abs(before[0]), Math.abs(before[1])]).toEqual([1, 0]);
    const orientation = turnOthers(STRAIGHT, 'axial', Math.PI / 6);
    const after = cutOn(orientation.axial, orientation.coronal);
    // Down on the right, as a clock's hand after three.
    expect(after[1] / after[0]).toBeCloseTo(Math.tan(Math.PI / 6), 9);
    expect(isStraight(orientation, 'axial')).toBe(true);
    expect(isStraight(orientation, 'coronal')).toBe(false);
  });

  test('turning is right-handed', () => {
    expect(turned([1, 0, 0], [0, 0, 1], Math.PI / 2).map((part) => Math.round(part * 1e9) / 1e9)).toEqual([0, 1, 0]);
  });
});

describe('which volume is shown', () => {
  const found: SeriesVolumes = {
    volumes: [
      volume([0, 1, 2]),
      { ...volume([5, 6, 7, 8]), slices: volume([5, 6, 7, 8]).slices.map((one) => ({ ...one, frame: 2 })) },
    ],
    left_out: [{ sop_instance_uid: '1.77', frame: 1, reason: 'localizer' }],
    left_out_count: { localizer: 1 },
  };

  test('the one of the image in view, or why there is none', () => {
    expect(volumeOf(found, '1.1', 1)).toBe(0);
    expect(volumeOf(found, '1.1', 2)).toBe(1);
    expect(volumeOf(found, '1.77', 1)).toBe('localizer');
    expect(volumeOf({ volumes: [], left_out: [], left_out_count: {} }, '1', 1)).toBe('not-found');
  });

  test('its slices are those of the series', () => {
    const slices = [2, 0, 1].map((at) => ({ instance: image(), sopInstanceUid: `1.${at}`, frame: 1 }));
    const set = { slices } as unknown as DisplaySet;
    const limits = { bytes: 1e9, voxels: 2048 };
    const offer = offerOf(volume([0, 1, 2]), [set], limits);
    if (typeof offer === 'string') throw new Error(offer);
    expect(offer.slices.map((slice) => slice.sopInstanceUid)).toEqual(['1.0', '1.1', '1.2']);
    expect(offerOf(volume([0, 1, 2, 3]), [set], limits)).toBe('not-found');
  });

  test('everything that is not plain is told', () => {
    const of = {
      ...volume([0, 2, 4, 10, 12], ['tilted', 'shifted', 'gaps', 'uneven']),
      tilt_degrees: 16.5,
      gaps: [{ after: 2, slices: 2 }],
    };
    const plan = { ...planned(of), reduced: 2 };
    const badges = remarksOn(of, plan, { loaded: 3, failed: 2, total: 5 }).map(({ badge }) => badge);
    expect(badges).toEqual([
      'TILT 16.5° corrected',
      'SHIFTED SLICES',
      'GAPS: 2 missing',
      'UNEVEN SLICES',
      'REDUCED 2×',
      'PARTIAL: 2 missing',
    ]);
    expect(remarksOn(volume([0, 1, 2]), planned(volume([0, 1, 2])), { loaded: 3, failed: 0, total: 3 })).toEqual([]);
  });
});
