/** Tiles that go together: slices by position, the 3D cursor, and, where wanted, window and zoom. */
import { Enums } from '@cornerstonejs/core';
import { CURSOR_EVENT } from './cursorTool';
import { followed, type LinkedStack } from './following';
import type { Vector } from './orientation';
import { centreOf, isParallel, nearestTo, planesOf, sharesFrame, stepOf } from './planes';
import type { Tile } from './tile';

export interface Cursor {
  /** In the patient, mm. */
  point: Vector;
  frameOfReference: string;
}

export interface LinkState {
  /** Scrolling moves the others. */
  slices: boolean;
  /** Window and zoom of one are those of the others. */
  window: boolean;
  zoom: boolean;
  /** Where the picture of the active tile cuts the others. */
  lines: boolean;
  cursor: Cursor | undefined;
}

interface Anchor {
  set: string;
  index: number;
}

export class TileLinks {
  private state: LinkState = { slices: false, window: false, zoom: false, lines: true, cursor: undefined };
  private readonly listeners = new Set<() => void>();
  private anchors = new Map<Tile, Anchor>();
  private readonly scales = new Map<Tile, { zoom: number; pan: readonly [number, number]; set: string }>();
  private busy = false;

  constructor(private readonly tiles: () => Iterable<Tile>) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): LinkState => this.state;

  /** What happens on the tile's element from now on; goes with the element. */
  watch(tile: Tile): void {
    const { element } = tile;
    element.addEventListener(CURSOR_EVENT, (event) => {
      const [x = 0, y = 0, z = 0] = (event as CustomEvent<number[]>).detail;
      this.point(tile, [x, y, z]);
    });
    element.addEventListener(Enums.Events.VOI_MODIFIED, () => this.copyWindow(tile));
    element.addEventListener(Enums.Events.CAMERA_MODIFIED, () => this.copyScale(tile));
  }

  forget(tile: Tile): void {
    this.anchors.delete(tile);
    this.scales.delete(tile);
  }

  /** What is shown now belongs together. source: in one frame of reference the others go to its place at once. */
  linkSlices(on: boolean, source?: Tile): void {
    this.anchors = new Map();
    this.change({ slices: on });
    if (on && source) this.follow(source, source.index(), source.index());
  }

  toggle(what: 'window' | 'zoom' | 'lines'): void {
    this.change({ [what]: !this.state[what] });
  }

  hideCursor(): void {
    if (this.state.cursor) this.change({ cursor: undefined });
  }

  /** The others go along with a scroll of the source. */
  follow(source: Tile, from: number, to: number): void {
    if (!this.state.slices) return;
    this.alone(() => {
      this.anchorAll(source, from);
      const leading = this.stackOf(source);
      for (const tile of this.tiles()) {
        const target = tile === source ? undefined : this.stackOf(tile);
        const index = leading && target && followed(leading, to, target);
        if (index !== undefined) tile.scrollTo(index);
      }
    });
  }

  /** What was just brought in goes to where the others of its frame of reference are. */
  join(newcomer: Tile): void {
    if (!this.state.slices) return;
    const target = this.stackOf(newcomer);
    const planes = target?.planes ?? [];
    for (const tile of this.tiles()) {
      const { displaySet } = tile.getState();
      const here = tile !== newcomer && displaySet?.kind === 'image' && planesOf(displaySet)[tile.index()];
      const there = planes[newcomer.index()];
      if (!here || !there || !sharesFrame(here, there) || !isParallel(here, there)) continue;
      const found = nearestTo(planes, centreOf(here));
      if (found) this.alone(() => newcomer.scrollTo(found.index));
      return;
    }
  }

  /** Moves the cursor to a point of the source's slice; tiles of its frame of reference go to the slice that holds it. */
  private point(source: Tile, point: Vector): void {
    const { displaySet } = source.getState();
    const plane = displaySet && planesOf(displaySet)[source.index()];
    if (!plane?.frameOfReference) return;
    this.alone(() => {
      for (const tile of this.tiles()) {
        const shown = tile.getState().displaySet;
        if (tile === source || shown?.kind !== 'image') continue;
        const planes = planesOf(shown).map((one) => (one && sharesFrame(one, plane) ? one : undefined));
        const nearest = nearestTo(planes, point);
        // Beyond the last slice there is nothing to show of that place.
        if (nearest && nearest.distance <= Math.max(1, stepOf(planes))) tile.scrollTo(nearest.index);
      }
    });
    this.change({ cursor: { point, frameOfReference: plane.frameOfReference } });
  }

  private copyWindow(source: Tile): void {
    const range = source.display.range();
    const { displaySet, status } = source.getState();
    if (!this.state.window || !range || !displaySet || status !== 'ready') return;
    this.alone(() => {
      for (const tile of this.tiles())
        if (tile !== source && tile.getState().displaySet?.modality === displaySet.modality)
          tile.display.setRange(range);
    });
  }

  /** Zoomed by as much, moved by as much: pictures of different size keep their relation. */
  private copyScale(source: Tile): void {
    const now = { ...source.camera.scale(), set: source.getState().displaySet?.id ?? '' };
    const before = this.scales.get(source);
    this.scales.set(source, now);
    if (!this.state.zoom || !before || before.set !== now.set || source.getState().status !== 'ready') return;
    const factor = now.zoom / before.zoom;
    const move = [now.pan[0] - before.pan[0], now.pan[1] - before.pan[1]] as const;
    if (Math.abs(factor - 1) < 1e-6 && Math.hypot(...move) < 1e-3) return;
    this.alone(() => {
      for (const tile of this.tiles()) {
        if (tile === source || tile.getState().displaySet?.kind !== 'image') continue;
        tile.camera.scaleBy(factor, move);
        this.scales.set(tile, { ...tile.camera.scale(), set: tile.getState().displaySet?.id ?? '' });
      }
    });
  }

  /** Runs what changes tiles without the others following: what the reader did not do moves nothing. */
  alone(change: () => void): void {
    if (this.busy) return;
    this.busy = true;
    try {
      change();
    } finally {
      this.busy = false;
    }
  }

  private anchorAll(source: Tile, from: number): void {
    const shown = [...this.tiles()].filter((tile) => tile.getState().displaySet);
    if (shown.every((tile) => this.anchors.get(tile)?.set === tile.getState().displaySet?.id)) return;
    this.anchors = new Map(
      shown.map((tile) => {
        const set = tile.getState().displaySet?.id ?? '';
        return [tile, { set, index: tile === source ? from : tile.index() }];
      }),
    );
  }

  private stackOf(tile: Tile): LinkedStack | undefined {
    const { displaySet } = tile.getState();
    if (displaySet?.kind !== 'image') return undefined;
    return { planes: planesOf(displaySet), anchor: this.anchors.get(tile)?.index ?? tile.index() };
  }

  private change(part: Partial<LinkState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }
}
