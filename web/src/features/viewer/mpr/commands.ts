/** What can be done while a series is reformatted; what is not listed is not offered there. */
import type { Command } from '../../../commands/registry';
import type { MessageKey } from '../../../i18n';
import type { Mpr } from '../../../imaging';
import { presetsFor } from '../../../imaging/presets';
import { rangeOf } from '../../../imaging/voi';
import { MPR_TOOLS, type MprTool, SLAB_MODES } from '../../../imaging/volume/mprState';
import { PLANES } from '../../../imaging/volume/planes';

const TOOLS: Readonly<Record<MprTool, { title: MessageKey; key: string }>> = {
  cursor: { title: 'cmd.mprCrosshair', key: 'c' },
  window: { title: 'cmd.toolWindow', key: 'w' },
  zoom: { title: 'cmd.toolZoom', key: 'z' },
  pan: { title: 'cmd.toolPan', key: 'p' },
  scroll: { title: 'cmd.toolScroll', key: 's' },
  length: { title: 'cmd.toolLength', key: 'l' },
};
export const SLAB_STEPS_MM = [0, 2, 5, 10, 20, 30, 50, 100] as const;

export interface MprSurroundings {
  close: () => void;
  toggleFullScreen: () => void;
  modality: string;
}

/** mpr: undefined while there are no pictures. */
export function mprCommands(mpr: Mpr | undefined, around: MprSurroundings): Command[] {
  const leave: Command[] = [
    { id: 'mpr', title: 'cmd.mprClose', group: 'layout', keys: ['m'], active: () => true, run: around.close },
    {
      id: 'worklist',
      title: 'cmd.mprClose',
      group: 'general',
      keys: ['Escape'],
      hidden: true,
      run: () => leaveOrCalm(mpr, around),
    },
    { id: 'fullScreen', title: 'cmd.fullScreen', group: 'view', keys: ['f'], run: around.toggleFullScreen },
  ];
  if (!mpr) return leave;
  const scroll = (id: string, title: MessageKey, keys: string[], run: () => void): Command => ({
    id,
    title,
    keys,
    group: 'navigate',
    repeats: true,
    run,
  });
  const active = () => mpr.getState().active;
  const thickness = (direction: 1 | -1) => () => {
    const now = SLAB_STEPS_MM.findIndex((step) => step >= mpr.getState().slab.thicknessMm);
    const next = SLAB_STEPS_MM[Math.max(0, now) + direction];
    if (next !== undefined) mpr.setSlab({ thicknessMm: next });
  };
  return [
    ...leave,
    scroll('slice.next', 'cmd.nextSlice', ['ArrowDown', 'ArrowRight'], () => mpr.scroll(active(), 1)),
    scroll('slice.previous', 'cmd.previousSlice', ['ArrowUp', 'ArrowLeft'], () => mpr.scroll(active(), -1)),
    scroll('slice.first', 'cmd.firstSlice', ['Home'], () => mpr.scrollToEnd(-1)),
    scroll('slice.last', 'cmd.lastSlice', ['End'], () => mpr.scrollToEnd(1)),
    {
      id: 'mpr.plane',
      title: 'cmd.mprPlane',
      group: 'navigate',
      keys: ['.'],
      run: () => mpr.activate(PLANES[(PLANES.indexOf(active()) + 1) % PLANES.length] ?? 'axial'),
    },
    { id: 'reset', title: 'cmd.reset', group: 'view', keys: ['0'], run: () => mpr.reset() },
    { id: 'invert', title: 'cmd.invert', group: 'view', keys: ['i'], run: () => mpr.invert() },
    ...presetsFor(around.modality).flatMap((preset, at): Command[] => {
      const { window } = preset;
      if (!window && preset.offered !== 0) return [];
      const range = window ? rangeOf(window.center, window.width) : mpr.source.window;
      return [
        {
          id: `preset.${at + 1}`,
          title: 'cmd.preset',
          titleKeys: { name: preset.name },
          group: 'window',
          keys: at < 9 ? [String(at + 1)] : [],
          run: () => mpr.setWindow(range),
        },
      ];
    }),
    ...MPR_TOOLS.map(
      (tool): Command => ({
        id: `tool.${tool}`,
        title: TOOLS[tool].title,
        group: 'tool',
        keys: [TOOLS[tool].key],
        active: () => mpr.getState().tool === tool,
        run: () => mpr.setTool(tool),
      }),
    ),
    {
      id: 'measurement.delete',
      title: 'cmd.mprDelete',
      group: 'tool',
      keys: ['Delete', 'Backspace'],
      run: () => mpr.deleteChosen(),
    },
    { id: 'slab.thicker', title: 'cmd.slab.thicker', group: 'view', keys: ['+'], run: thickness(1) },
    { id: 'slab.thinner', title: 'cmd.slab.thinner', group: 'view', keys: ['-'], run: thickness(-1) },
    ...SLAB_MODES.map(
      (mode): Command => ({
        id: `slab.${mode}`,
        title: `cmd.slab.${mode}`,
        group: 'view',
        active: () => mpr.getState().slab.mode === mode,
        run: () => mpr.setSlab({ mode, thicknessMm: mpr.getState().slab.thicknessMm || 10 }),
      }),
    ),
  ];
}

/** Esc first calms what is going on. */
function leaveOrCalm(mpr: Mpr | undefined, around: MprSurroundings): void {
  if (document.fullscreenElement) around.toggleFullScreen();
  else if (mpr && mpr.getState().tool !== 'cursor') mpr.setTool('cursor');
  else around.close();
}
