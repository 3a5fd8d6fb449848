import { describe, expect, it } from 'vitest';
import { displaySetsOf, positionAlongNormal } from '../src/imaging/displaySets';
import { image, instance } from './instances';

const AXIAL = [1, 0, 0, 0, 1, 0];

function slice(uid: string, number: number, z: number, orientation: number[] = AXIAL) {
  return image({ '00080018': uid, '00200013': number, '00200032': [0, 0, z], '00200037': orientation });
}

function order(instances: Parameters<typeof displaySetsOf>[0]): string[] {
  return displaySetsOf(instances)[0]?.slices.map((one) => one.sopInstanceUid) ?? [];
}

describe('display sets', () => {
  it('put a volume in the order of space, whatever the numbers say', () => {
    expect(order([slice('b', 7, 20), slice('c', 2, 30), slice('a', 1, 10)])).toEqual(['a', 'b', 'c']);
  });

  it('keep the scanner’s direction', () => {
    expect(order([slice('a', 3, 10), slice('b', 2, 20), slice('c', 1, 30)])).toEqual(['c', 'b', 'a']);
  });

  it('keep the numbering where several images share a place', () => {
    expect(order([slice('d', 4, 20), slice('a', 1, 10), slice('c', 3, 10), slice('b', 2, 20)])).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
  });

  it('keep the numbering where planes differ', () => {
    const sagittal = [0, 1, 0, 0, 0, -1];
    expect(order([slice('c', 3, 0), slice('a', 1, 50), slice('b', 2, 99, sagittal)])).toEqual(['a', 'b', 'c']);
  });

  it('give each multi-frame object a set of its own, with frames from 1', () => {
    const sets = displaySetsOf([
      image({ '00080018': 'loop2', '00200013': 2, '00280008': 3 }),
      image({ '00080018': 'loop1', '00200013': 1, '00280008': 2 }),
    ]);
    expect(sets.map((set) => set.slices.map((one) => one.frame))).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
    expect(sets.every((set) => set.multiframe)).toBe(true);
  });

  it('tell images, videos, documents and the rest apart', () => {
    const kind = (values: Record<string, unknown>) => displaySetsOf([image(values)])[0]?.kind;
    expect(kind({})).toBe('image');
    expect(kind({ '00083002': '1.2.840.10008.1.2.4.102', '00280008': 500 })).toBe('video');
    const plain = (sopClass: string) => displaySetsOf([instance({ '00080016': sopClass, '0020000E': '1' })])[0]?.kind;
    expect(plain('1.2.840.10008.5.1.4.1.1.104.1')).toBe('document');
    expect(plain('1.2.840.10008.5.1.4.1.1.88.11')).toBe('report');
    expect(plain('1.2.840.10008.5.1.4.1.1.9.1.1')).toBe('other');
  });

  it('do not read a missing position as zero', () => {
    const [set] = displaySetsOf([image()]);
    expect(positionAlongNormal(set?.slices[0] as never)).toBeUndefined();
  });
});
