/** Window presets by modality; keys 1 to 9 choose them in this order. Centre and width in the units after the modality LUT. */

export interface WindowPreset {
  /** Key of the message catalogue. */
  name:
    | 'preset.fromFile'
    | 'preset.brain'
    | 'preset.subdural'
    | 'preset.bone'
    | 'preset.lung'
    | 'preset.abdomen'
    | 'preset.mediastinum'
    | 'preset.liver'
    | 'preset.angio'
    | 'preset.full';
  /** Absent: as the object states, or the range of its values. */
  window?: { center: number; width: number };
}

const FROM_FILE: WindowPreset = { name: 'preset.fromFile' };

const CT: readonly WindowPreset[] = [
  FROM_FILE,
  { name: 'preset.abdomen', window: { center: 40, width: 400 } },
  { name: 'preset.lung', window: { center: -600, width: 1500 } },
  { name: 'preset.bone', window: { center: 480, width: 2500 } },
  { name: 'preset.brain', window: { center: 40, width: 80 } },
  { name: 'preset.subdural', window: { center: 75, width: 215 } },
  { name: 'preset.mediastinum', window: { center: 50, width: 350 } },
  { name: 'preset.liver', window: { center: 90, width: 150 } },
  { name: 'preset.angio', window: { center: 300, width: 600 } },
];

/** Modalities without a common unit have what the object states, and the full range of the image. */
const OTHERS: readonly WindowPreset[] = [FROM_FILE, { name: 'preset.full' }];

export function presetsFor(modality: string): readonly WindowPreset[] {
  return modality === 'CT' ? CT : OTHERS;
}

export interface WindowRange {
  lower: number;
  upper: number;
}

/** Centre and width to the interval of input values, linear (PS3.3 C.11.2.1.2.1: c - 0.5 - (w - 1) / 2 and so on). */
export function rangeOf(center: number, width: number): WindowRange {
  return { lower: center - 0.5 - (width - 1) / 2, upper: center - 0.5 + (width - 1) / 2 };
}

/** The other way round. */
export function windowOf({ lower, upper }: WindowRange): { center: number; width: number } {
  return { center: (lower + upper + 1) / 2, width: upper - lower + 1 };
}
