/** What the presets menu offers, by modality and by what the object itself has; keys 1 to 9 choose them in this order. */

/** How a window is found. One of `offered`, `window`, `share` and `clipped` is given. */
export interface WindowPreset {
  /** Key of the message catalogue. */
  name:
    | 'preset.fromFile'
    | 'preset.explained'
    | 'preset.automatic'
    | 'preset.full'
    | 'preset.share'
    | 'preset.brain'
    | 'preset.subdural'
    | 'preset.bone'
    | 'preset.lung'
    | 'preset.abdomen'
    | 'preset.mediastinum'
    | 'preset.liver'
    | 'preset.angio';
  /** For the name's placeholder: the object's own words, or a percentage. */
  text?: string;
  /** What the object offers, by its place there (from 0). */
  offered?: number;
  /** In the units after the modality LUT. */
  window?: { center: number; width: number };
  /** From 0 to this share of the brightest value. */
  share?: number;
  /** Over all values but this share of the darkest and of the brightest. */
  clipped?: number;
}

const FROM_FILE: WindowPreset = { name: 'preset.fromFile', offered: 0 };
const AUTOMATIC: WindowPreset = { name: 'preset.automatic', clipped: 0.01 };
const FULL: WindowPreset = { name: 'preset.full', clipped: 0 };

const CT: readonly WindowPreset[] = [
  { name: 'preset.abdomen', window: { center: 40, width: 400 } },
  { name: 'preset.lung', window: { center: -600, width: 1500 } },
  { name: 'preset.bone', window: { center: 480, width: 2500 } },
  { name: 'preset.brain', window: { center: 40, width: 80 } },
  { name: 'preset.subdural', window: { center: 75, width: 215 } },
  { name: 'preset.mediastinum', window: { center: 50, width: 350 } },
  { name: 'preset.liver', window: { center: 90, width: 150 } },
  { name: 'preset.angio', window: { center: 300, width: 600 } },
];

/** Counts and activities: what is little is hidden behind what is much. */
const SHARES: readonly WindowPreset[] = [100, 75, 50, 25, 10].map((percent) => ({
  name: 'preset.share',
  text: String(percent),
  share: percent / 100,
}));

/** explanations: of what the object offers, empty where it has no name for it. */
export function presetsFor(modality: string, explanations: readonly string[] = []): readonly WindowPreset[] {
  const own = explanations
    .slice(1)
    .map((text, at): WindowPreset => ({ name: 'preset.explained', text: text || String(at + 2), offered: at + 1 }));
  const first: WindowPreset = explanations[0]
    ? { name: 'preset.explained', text: explanations[0], offered: 0 }
    : FROM_FILE;
  if (modality === 'CT') return [first, ...CT, AUTOMATIC, ...own];
  if (modality === 'PT' || modality === 'NM') return [first, FULL, ...SHARES, ...own];
  // Modalities without a common unit have what their own values say.
  return [first, FULL, AUTOMATIC, ...own];
}
