/** Everything the viewer can do, as commands for menu, keys, palette and help. */
import type { Command } from '../../commands/registry';
import type { MessageKey } from '../../i18n';
import type { Tile } from '../../imaging';
import { TOOL_NAMES, type ToolName } from '../../imaging/toolNames';
import { TOOL_TITLES } from '../../imaging/toolTitles';
import { toggleKeyImage } from './annotations/keyFrames';
import { type DisplaySurroundings, displayCommands } from './displayCommands';
import type { Hanger } from './hanging/hanger';
import { LAYOUTS, type Layout, shapeOf } from './layout';
import type { MeasurementStore } from './measurements/store';
import type { ViewerSession } from './session';

const TOOL_KEYS: Readonly<Record<ToolName, string>> = {
  window: 'w',
  zoom: 'z',
  pan: 'p',
  scroll: 's',
  magnify: '+',
  cursor: 'c',
  length: 'l',
  angle: 'a',
  cobb: 'b',
  ellipse: 'e',
  rectangle: 'r',
  bidirectional: 'd',
  probe: 'q',
  freehand: 'u',
  arrow: 't',
  text: 'y',
};

const LAYOUT_KEYS: Readonly<Partial<Record<Layout, string>>> = {
  '1x1': 'F1',
  '1x2': 'F2',
  '2x1': 'F3',
  '2x2': 'F4',
  '2x3': 'F6',
  '2x4': 'F8',
  '3x3': 'F9',
};

export interface Surroundings extends DisplaySurroundings {
  backToWorklist: () => void;
  /** The study after (1) or before (-1) this one in the worklist. */
  goTo: (direction: 1 | -1) => void;
  toggleFullScreen: () => void;
  measurements: Pick<MeasurementStore, 'undo' | 'redo' | 'save' | 'remove' | 'toggleKey' | 'getState'>;
  maySave: boolean;
  hanger: Pick<Hanger, 'chooseLayout'>;
  keepHanging: () => void;
  editHanging: () => void;
  togglePanel: () => void;
}

export function viewerCommands(session: ViewerSession, around: Surroundings): Command[] {
  const onTile = (verb: (tile: Tile) => void) => () => {
    const tile = session.activeTile();
    if (tile) verb(tile);
  };
  const view = (id: string, title: MessageKey, keys: string[], verb: (tile: Tile) => void): Command => ({
    id,
    title,
    keys,
    group: 'view',
    run: onTile(verb),
  });
  const move = (id: string, title: MessageKey, keys: string[], verb: (tile: Tile) => void): Command => ({
    id,
    title,
    keys,
    group: 'navigate',
    repeats: true,
    run: onTile(verb),
  });
  return [
    {
      id: 'worklist',
      title: 'cmd.worklist',
      group: 'general',
      keys: ['Escape'],
      run: () => leaveOrCalm(session, around),
    },
    { id: 'study.next', title: 'cmd.nextStudy', group: 'navigate', keys: ['n'], run: () => around.goTo(1) },
    {
      id: 'study.previous',
      title: 'cmd.previousStudy',
      group: 'navigate',
      keys: ['Ctrl+ArrowUp'],
      run: () => around.goTo(-1),
    },
    move('slice.next', 'cmd.nextSlice', ['ArrowDown', 'ArrowRight'], (tile) => tile.scrollBy(1)),
    move('slice.previous', 'cmd.previousSlice', ['ArrowUp', 'ArrowLeft'], (tile) => tile.scrollBy(-1)),
    move('slice.first', 'cmd.firstSlice', ['Home'], (tile) => tile.scrollTo(0)),
    move('slice.last', 'cmd.lastSlice', ['End'], (tile) => tile.scrollTo(Number.MAX_SAFE_INTEGER)),
    { id: 'series.next', title: 'cmd.nextSeries', group: 'navigate', keys: ['PageDown'], run: () => session.step(1) },
    {
      id: 'series.previous',
      title: 'cmd.previousSeries',
      group: 'navigate',
      keys: ['PageUp'],
      run: () => session.step(-1),
    },
    { id: 'tile.next', title: 'cmd.nextTile', group: 'navigate', keys: ['.'], run: () => session.nextTile() },
    { ...move('cine', 'cmd.cine', ['Space'], (tile) => tile.toggleCine()), repeats: false },
    ...([2, 0.5] as const).map(
      (factor): Command => ({
        id: factor > 1 ? 'cine.faster' : 'cine.slower',
        title: factor > 1 ? 'cmd.cineFaster' : 'cmd.cineSlower',
        group: 'navigate',
        keys: [factor > 1 ? '>' : '<'],
        run: onTile((tile) => tile.speedUp(factor)),
      }),
    ),
    {
      id: 'link',
      title: 'cmd.link',
      group: 'navigate',
      keys: ['x'],
      active: () => session.stage.links.getState().slices,
      run: () => session.toggleLinked(),
    },
    ...(['window', 'zoom', 'lines'] as const).map(
      (what): Command => ({
        id: `link.${what}`,
        title: `cmd.link.${what}`,
        group: 'navigate',
        keys: what === 'lines' ? ['j'] : [],
        active: () => session.stage.links.getState()[what],
        run: () => session.stage.links.toggle(what),
      }),
    ),
    view('reset', 'cmd.reset', ['0'], (tile) => tile.reset()),
    view('fit', 'cmd.fit', ['='], (tile) => tile.camera.fit()),
    view('actual', 'cmd.actual', ['g'], (tile) => tile.camera.actualSize()),
    view('invert', 'cmd.invert', ['i'], (tile) => tile.display.invert()),
    view('flip.horizontal', 'cmd.flipHorizontal', ['h'], (tile) => tile.camera.flip('horizontal')),
    view('flip.vertical', 'cmd.flipVertical', ['v'], (tile) => tile.camera.flip('vertical')),
    view('rotate.left', 'cmd.rotateLeft', ['['], (tile) => tile.camera.rotate(-1)),
    view('rotate.right', 'cmd.rotateRight', [']'], (tile) => tile.camera.rotate(1)),
    { id: 'overlay', title: 'cmd.overlay', group: 'view', keys: ['o'], run: () => session.nextOverlay() },
    { id: 'fullScreen', title: 'cmd.fullScreen', group: 'view', keys: ['f'], run: around.toggleFullScreen },
    ...displayCommands(session, around),
    ...TOOL_NAMES.map(
      (tool): Command => ({
        id: `tool.${tool}`,
        title: TOOL_TITLES[tool],
        group: 'tool',
        keys: [TOOL_KEYS[tool]],
        active: () => session.getState().tool === tool,
        run: () => session.setTool(tool),
      }),
    ),
    {
      id: 'key.toggle',
      title: 'cmd.keyImage',
      group: 'tool',
      keys: ['k'],
      run: () => toggleKeyImage(session, around.measurements),
    },
    {
      id: 'measurement.delete',
      title: 'cmd.deleteMeasurement',
      group: 'tool',
      keys: ['Delete', 'Backspace'],
      run: () => around.measurements.remove(session.stage.deleteChosen()),
    },
    {
      id: 'measurement.undo',
      title: 'cmd.undo',
      group: 'tool',
      keys: ['Ctrl+z'],
      repeats: true,
      run: () => around.measurements.undo(),
    },
    {
      id: 'measurement.redo',
      title: 'cmd.redo',
      group: 'tool',
      keys: ['Ctrl+y'],
      repeats: true,
      run: () => around.measurements.redo(),
    },
    {
      id: 'measurement.save',
      title: 'cmd.saveMeasurements',
      group: 'tool',
      keys: ['Ctrl+s'],
      enabled: () => around.maySave,
      run: () => void around.measurements.save(),
    },
    { id: 'panel.measurements', title: 'cmd.togglePanel', group: 'view', run: around.togglePanel },
    {
      id: 'maximise',
      title: 'cmd.maximise',
      group: 'layout',
      keys: ['Enter'],
      active: () => session.getState().maximised,
      run: () => session.toggleMaximised(),
    },
    { id: 'hanging.keep', title: 'hanging.keep', group: 'layout', run: around.keepHanging },
    { id: 'hanging.edit', title: 'hanging.edit', group: 'layout', run: around.editHanging },
    ...LAYOUTS.map((layout): Command => {
      const key = LAYOUT_KEYS[layout];
      return {
        id: `layout.${layout}`,
        title: 'cmd.layout',
        titleValues: { ...shapeOf(layout) },
        group: 'layout',
        keys: key ? [key] : [],
        active: () => session.getState().layout === layout,
        run: () => around.hanger.chooseLayout(layout),
      };
    }),
  ];
}

/** Esc first calms what is going on, and leaves the page only when nothing is. */
function leaveOrCalm(session: ViewerSession, around: Surroundings): void {
  const tile = session.activeTile();
  if (session.stage.abandonDrawing()) return;
  if (document.fullscreenElement) around.toggleFullScreen();
  else if (tile?.isPlaying()) tile.toggleCine();
  else if (session.getState().maximised) session.toggleMaximised();
  else if (session.getState().tool !== session.firstTool()) session.setTool(session.firstTool());
  else around.backToWorklist();
}
