/** How the picture in the active tile is shown: windows and tables, what lies over the pixels, its size. */
import type { Command } from '../../commands/registry';
import { presetsFor, type WindowPreset } from '../../imaging/presets';
import type { TileState } from '../../imaging/tileState';
import type { ViewerSession } from './session';
import { showTrueSize, type TrueSizeAnswer } from './trueSize';

export interface DisplaySurroundings {
  /** Modality shown in the active tile: its presets have the number keys. */
  modality: string;
  /** What the image in it offers to see, by name. */
  offered: readonly string[];
  /** True size cannot be shown as things are, or the screen is to be calibrated. */
  askSize: (answer: Exclude<TrueSizeAnswer, 'shown'>) => void;
}

/** Whether the greys are just those of a preset with a window of its own. */
function isShown(state: TileState | undefined, { window: wanted }: WindowPreset): boolean {
  const { window, tableName } = state ?? {};
  if (!window || !wanted || tableName !== undefined) return false;
  return Math.abs(window.center - wanted.center) < 0.5 && Math.abs(window.width - wanted.width) < 0.5;
}

export function displayCommands(session: ViewerSession, around: DisplaySurroundings): Command[] {
  const presets = presetsFor(around.modality, around.offered).map(
    (preset, at): Command => ({
      id: `preset.${at + 1}`,
      title: 'cmd.preset',
      titleKeys: { name: preset.name },
      titleValues: { text: preset.text ?? '' },
      group: 'window',
      keys: at < 9 ? [String(at + 1)] : [],
      active: () => isShown(session.activeTile()?.getState(), preset),
      run: () => session.activeTile()?.display.applyPreset(preset),
    }),
  );
  const covers = (['overlays', 'shutter'] as const).map(
    (what): Command => ({
      id: `cover.${what}`,
      title: `cmd.${what}`,
      group: 'view',
      keys: [what === 'overlays' ? ',' : ';'],
      active: () => session.getState().cover[what],
      run: () => session.toggleCover(what),
    }),
  );
  return [
    ...presets,
    ...covers,
    {
      id: 'trueSize',
      title: 'cmd.trueSize',
      group: 'view',
      run: () => {
        const tile = session.activeTile();
        const answer = tile ? showTrueSize(tile) : 'noSpacing';
        if (answer !== 'shown') around.askSize(answer);
      },
    },
    { id: 'calibrate', title: 'cmd.calibrate', group: 'view', run: () => around.askSize('uncalibrated') },
  ];
}
