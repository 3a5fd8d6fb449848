/** The rendering engine with its tiles and the tools on the mouse buttons. One stage lives as long as a study is open. */
import { Enums, RenderingEngine, type Types } from '@cornerstonejs/core';
import { annotation, Enums as ToolEnums, ToolGroupManager, type Types as ToolTypes } from '@cornerstonejs/tools';
import { destroyEngine, growContexts, keepFirstContext } from './contexts';
import { TileLinks } from './links';
import { Marks } from './marks';
import { type MouseChoice, USUAL_MOUSE } from './mouse';
import { Tile } from './tile';
import type { CoverChoice } from './tileCover';
import { isMeasuring, TOOL_NAMES, type ToolName } from './toolNames';
import { TOOL_CLASSES } from './tools';

const { MouseBindings } = ToolEnums;
let counter = 0;

export class Stage {
  private readonly engine: RenderingEngine;
  private readonly group: ToolTypes.IToolGroup;
  private readonly tiles = new Map<string, Tile>();
  /** What is measured. */
  readonly marks = new Marks(() => [...this.tiles.keys()]);
  /** What goes together. */
  readonly links = new TileLinks(() => this.tiles.values());
  private tool: ToolName = USUAL_MOUSE.left;
  private mouse: MouseChoice = USUAL_MOUSE;
  private cover: CoverChoice = { overlays: true, shutter: true };

  constructor() {
    counter += 1;
    this.engine = new RenderingEngine(`hounsfield-${counter}`);
    const group = ToolGroupManager.createToolGroup(this.engine.id);
    if (!group) throw new Error('the tool group could not be created');
    this.group = group;
    for (const name of TOOL_NAMES) {
      group.addTool(TOOL_CLASSES[name], this.configurationOf(name));
    }
    this.setTool(this.tool);
  }

  private configurationOf(tool: ToolName): object {
    if (!isMeasuring(tool)) return {};
    const lines = { getTextLines: (data: object) => this.marks.linesOf(data) };
    const changeTextCallback = (
      annotation: { data?: { label?: string } },
      _event: unknown,
      done: (text: string) => void,
    ) => this.marks.askText(annotation.data?.label?.trim() ?? '', done);
    switch (tool) {
      case 'text':
        return { changeTextCallback, getTextCallback: (done: (text: string) => void) => this.marks.askText('', done) };
      case 'arrow':
        // An arrow without a text would be taken away again.
        return { ...lines, changeTextCallback, getTextCallback: (done: (text: string) => void) => done(' ') };
      case 'freehand':
        return { ...lines, allowOpenContours: false, decimate: { enabled: true, epsilon: 0.3 } };
      default:
        return lines;
    }
  }

  /**
   * Tiles must leave in the reverse of the order in which they came: the engine gives the n-th viewport the n-th
   * context, and two viewports in one context show each other's scale.
   */
  attach(id: string, element: HTMLDivElement): Tile {
    growContexts(this.engine, this.tiles.size + 1);
    this.engine.enableElement({
      viewportId: id,
      element,
      type: Enums.ViewportType.STACK,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.group.addViewport(id, this.engine.id);
    const tile = new Tile(
      id,
      element,
      this.engine.getViewport(id) as Types.IStackViewport,
      (source, from, to) => this.links.follow(source, from, to),
      (shown) => this.links.join(shown),
      (withCtrl) => (withCtrl ? this.mouse.ctrlWheel : this.mouse.wheel),
    );
    tile.cover.choose(this.cover);
    this.tiles.set(id, tile);
    this.links.watch(tile);
    return tile;
  }

  detach(id: string): void {
    const tile = this.tiles.get(id);
    if (tile) this.links.forget(tile);
    tile?.destroy();
    this.tiles.delete(id);
    if (this.engine.hasBeenDestroyed) return;
    this.group.removeViewports(this.engine.id, id);
    this.engine.disableElement(id);
  }

  /** Compulsory after every change of size: the picture would be stretched. */
  resize(): void {
    if (this.engine.hasBeenDestroyed || this.tiles.size === 0) return;
    const fitted = [...this.tiles.values()].filter((tile) => tile.camera.isFitted());
    this.links.alone(() => {
      this.engine.resize(true, true);
      // What filled its tile fills it still; what was zoomed or moved stays as it was.
      for (const tile of fitted) tile.camera.fit();
    });
  }

  /** What of all that lies over pixels is to be seen. */
  setCover(cover: CoverChoice): void {
    this.cover = cover;
    for (const tile of this.tiles.values()) tile.cover.choose(cover);
  }

  activeTool(): ToolName {
    return this.tool;
  }

  /** The active tool stays. */
  setMouse(mouse: MouseChoice): void {
    this.mouse = mouse;
    this.setTool(this.tool);
  }

  /** It has the left button, and one finger. */
  setTool(tool: ToolName): void {
    for (const name of TOOL_NAMES) {
      if (isMeasuring(name)) this.group.setToolPassive(TOOL_CLASSES[name], { removeAllBindings: true });
      else this.group.setToolDisabled(TOOL_CLASSES[name]);
    }
    const bindings = new Map<ToolName, ToolTypes.IToolBinding[]>();
    const bind = (name: ToolName, binding: ToolTypes.IToolBinding): void => {
      bindings.set(name, [...(bindings.get(name) ?? []), binding]);
    };
    bind(tool, { mouseButton: MouseBindings.Primary });
    bind(tool, { numTouchPoints: 1 });
    bind(this.mouse.middle, { mouseButton: MouseBindings.Auxiliary });
    bind(this.mouse.right, { mouseButton: MouseBindings.Secondary });
    bind('zoom', { numTouchPoints: 2 });
    for (const [name, list] of bindings) this.group.setToolActive(TOOL_CLASSES[name], { bindings: list });
    this.tool = tool;
    if (!bindings.has('cursor')) this.links.hideCursor();
  }

  /** Gives up a figure that is being drawn. False where none is. */
  abandonDrawing(): boolean {
    return this.marks.abandon([...this.tiles.values()].map((tile) => tile.element));
  }

  /** Removes what was chosen by a click. Returns the tracking UIDs of the measurements among it, which the list gives up. */
  deleteChosen(): string[] {
    const measurements = this.marks.chosen();
    for (const uid of annotation.selection.getAnnotationsSelected()) annotation.state.removeAnnotation(uid);
    for (const tile of this.tiles.values()) tile.render();
    return measurements;
  }

  destroy(): void {
    for (const tile of this.tiles.values()) tile.destroy();
    this.tiles.clear();
    this.marks.destroy();
    annotation.state.removeAllAnnotations();
    ToolGroupManager.destroyToolGroup(this.engine.id);
    keepFirstContext(this.engine);
    destroyEngine(this.engine);
  }
}
