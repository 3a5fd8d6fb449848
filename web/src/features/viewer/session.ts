/** What the viewer shows where: studies, series, layout, the active tile, the tool. One lives as long as the page. */
import { api } from '../../api/client';
import type { SeriesRow, StudyDetail } from '../../api/types';
import type { Stage, Tile } from '../../imaging';
import type { Arrangement } from '../../imaging/arrangement';
import { type DisplaySet, displaySetsOf } from '../../imaging/displaySets';
import { type MouseChoice, USUAL_MOUSE } from '../../imaging/mouse';
import type { CoverChoice } from '../../imaging/tileCover';
import type { ToolName } from '../../imaging/toolNames';
import { hasPictures } from '../../ui/modalities';
import { type Layout, MOST_TILES, tileCount } from './layout';

export type OverlayLevel = 'full' | 'short' | 'identity';

export interface Assignment {
  studyUid: string;
  seriesUid: string;
  /** Which display set of the series, 0-based. */
  set: number;
  /** Which of its slices is shown first, 0-based; the tile's own choice where absent. */
  slice?: number;
  /** How it is to lie in the tile. */
  arrangement?: Arrangement;
}

export interface ViewerState {
  studies: Readonly<Record<string, StudyDetail>>;
  layout: Layout;
  /** By position, row after row; those beyond the layout come back with a larger one. */
  tiles: ReadonlyArray<Assignment | undefined>;
  active: number;
  /** The active tile has the room of all; the others wait behind it. */
  maximised: boolean;
  /** What goes where is still being found out. */
  hanging: boolean;
  tool: ToolName;
  overlay: OverlayLevel;
  cover: CoverChoice;
  /** Display sets of the series whose metadata has been read. */
  sets: Readonly<Record<string, readonly DisplaySet[]>>;
}

export function seriesInOrder(detail: StudyDetail): SeriesRow[] {
  const weight = (series: SeriesRow): number => (hasPictures(series.modality) && series.modality !== 'SEG' ? 0 : 1);
  return [...detail.series].sort(
    (one, other) => weight(one) - weight(other) || (one.number ?? 1e9) - (other.number ?? 1e9),
  );
}

export class ViewerSession {
  private state: ViewerState;
  private readonly listeners = new Set<() => void>();
  private readonly metadata = new Map<string, Promise<readonly DisplaySet[]>>();
  private readonly tileObjects = new Map<number, Tile>();
  private mouse: MouseChoice = USUAL_MOUSE;
  private readonly offered = new Map<string, () => Promise<readonly DisplaySet[]>>();

  constructor(
    readonly stage: Stage,
    readonly main: StudyDetail,
  ) {
    const studyUid = main.study.study_instance_uid;
    this.state = {
      studies: { [studyUid]: main },
      layout: '1x1',
      tiles: new Array(MOST_TILES).fill(undefined),
      active: 0,
      maximised: false,
      hanging: true,
      tool: USUAL_MOUSE.left,
      overlay: 'full',
      cover: { overlays: true, shutter: true },
      sets: {},
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): ViewerState => this.state;

  /** Adds a prior's series to the rail. */
  async openStudy(studyUid: string): Promise<void> {
    if (this.state.studies[studyUid]) return;
    const detail = await api.study(studyUid);
    this.change({ studies: { ...this.state.studies, [studyUid]: detail } });
  }

  series(assignment: Assignment): SeriesRow | undefined {
    return this.state.studies[assignment.studyUid]?.series.find(
      (row) => row.series_instance_uid === assignment.seriesUid,
    );
  }

  /** Lets something be shown as if it were a series, under a name of its own. */
  offer(seriesUid: string, load: () => Promise<readonly DisplaySet[]>): void {
    this.offered.set(seriesUid, load);
  }

  loadSeries(studyUid: string, seriesUid: string): Promise<readonly DisplaySet[]> {
    const offered = this.offered.get(seriesUid);
    if (offered) return offered();
    let loading = this.metadata.get(seriesUid);
    if (!loading) {
      loading = api.seriesMetadata(studyUid, seriesUid).then((instances) => {
        const sets = displaySetsOf(instances);
        this.stage.marks.know(sets);
        this.change({ sets: { ...this.state.sets, [seriesUid]: sets } });
        return sets;
      });
      // A failure is not kept: Retry asks again.
      loading.catch(() => this.metadata.delete(seriesUid));
      this.metadata.set(seriesUid, loading);
    }
    return loading;
  }

  show(assignment: Assignment, position = this.state.active): void {
    const tiles = this.state.tiles.map((old, at) => (at === position ? assignment : old));
    this.change({ tiles, active: position });
  }

  /** Brings a frame (from 1) of an instance into the active tile. */
  async jumpTo(studyUid: string, seriesUid: string, sopInstanceUid: string, frame: number): Promise<void> {
    const sets = await this.loadSeries(studyUid, seriesUid);
    for (const [set, { slices }] of sets.entries()) {
      const slice = slices.findIndex((one) => one.sopInstanceUid === sopInstanceUid && one.frame === frame);
      if (slice < 0) continue;
      const shown = this.state.tiles[this.state.active];
      if (shown?.seriesUid === seriesUid && shown.set === set) this.activeTile()?.scrollTo(slice);
      else this.show({ studyUid, seriesUid, set, slice });
      return;
    }
  }

  activate(position: number): void {
    if (position !== this.state.active) this.change({ active: position });
  }

  nextTile(): void {
    this.activate((this.state.active + 1) % tileCount(this.state.layout));
  }

  /** Empty tiles of a larger layout take the series of the study that are not shown, but for those that are awaited. */
  setLayout(layout: Layout, awaited: ReadonlySet<number> = new Set()): void {
    const count = tileCount(layout);
    const tiles = [...this.state.tiles];
    const shown = new Set(tiles.slice(0, count).map((tile) => tile && `${tile.seriesUid} ${tile.set}`));
    const rest = this.assignments().filter(({ seriesUid, set }) => !shown.has(`${seriesUid} ${set}`));
    for (let position = 0; position < count; position += 1)
      if (!awaited.has(position)) tiles[position] ??= rest.shift();
    this.change({ layout, tiles, active: Math.min(this.state.active, count - 1), maximised: false });
  }

  /** Everything anew, as a hanging protocol says. */
  lay(layout: Layout, hung: ReadonlyArray<Assignment | undefined>): void {
    const tiles = this.state.tiles.map((_, position) => hung[position]);
    // What is hung is asked for before the page has drawn its tiles; each of them tells its own failure.
    for (const tile of tiles.slice(0, tileCount(layout)))
      if (tile) this.loadSeries(tile.studyUid, tile.seriesUid).catch(() => {});
    this.change({ layout, tiles, active: 0, maximised: false, hanging: false });
  }

  /** What is still empty takes what was hung for it. */
  fill(hung: ReadonlyArray<Assignment | undefined>): void {
    this.change({ tiles: this.state.tiles.map((tile, position) => tile ?? hung[position]) });
  }

  endHanging(): void {
    if (this.state.hanging) this.change({ hanging: false });
  }

  /** What the study offers, in order; a series whose objects are not read yet counts as one. */
  private assignments(): Assignment[] {
    const studyUid = this.main.study.study_instance_uid;
    return seriesInOrder(this.main)
      .filter(({ modality }, _, all) => hasPictures(modality) || !all.some((row) => hasPictures(row.modality)))
      .flatMap(({ series_instance_uid: seriesUid }) =>
        Array.from({ length: this.state.sets[seriesUid]?.length ?? 1 }, (_, set) => ({ studyUid, seriesUid, set })),
      );
  }

  /** The active tile takes the room of all, or gives it back. */
  toggleMaximised(): void {
    if (tileCount(this.state.layout) > 1) this.change({ maximised: !this.state.maximised });
  }

  /** The display set before (-1) or after (1) the active tile's, within its study. */
  step(direction: 1 | -1): void {
    const next = this.neighbour(this.state.tiles[this.state.active], direction);
    if (next) this.show(next);
  }

  /** Takes over what somebody has chosen for the mouse; a tool that was picked meanwhile stays. */
  setMouse(mouse: MouseChoice): void {
    const untouched = this.state.tool === this.mouse.left;
    this.mouse = mouse;
    this.stage.setMouse(mouse);
    if (untouched && this.state.tool !== mouse.left) this.setTool(mouse.left);
  }

  /** What the left button has while nobody picks another tool. */
  firstTool(): ToolName {
    return this.mouse.left;
  }

  setTool(tool: ToolName): void {
    this.stage.setTool(tool);
    this.change({ tool });
  }

  toggleLinked(): void {
    const { links } = this.stage;
    links.linkSlices(!links.getState().slices, this.activeTile());
  }

  toggleCover(what: keyof CoverChoice): void {
    const cover = { ...this.state.cover, [what]: !this.state.cover[what] };
    this.stage.setCover(cover);
    this.change({ cover });
  }

  nextOverlay(): void {
    const order: OverlayLevel[] = ['full', 'short', 'identity'];
    this.change({ overlay: order[(order.indexOf(this.state.overlay) + 1) % order.length] as OverlayLevel });
  }

  setTileObject(position: number, tile: Tile | undefined): void {
    if (tile) this.tileObjects.set(position, tile);
    else this.tileObjects.delete(position);
  }

  tileAt(position: number): Tile | undefined {
    return this.tileObjects.get(position);
  }

  activeTile(): Tile | undefined {
    return this.tileObjects.get(this.state.active);
  }

  private neighbour(from: Assignment | undefined, direction: 1 | -1): Assignment | undefined {
    if (!from) return undefined;
    const detail = this.state.studies[from.studyUid];
    if (!detail) return undefined;
    const sets = this.state.sets[from.seriesUid]?.length ?? 1;
    const within = from.set + direction;
    if (within >= 0 && within < sets) return { ...from, set: within };
    const order = seriesInOrder(detail);
    const at = order.findIndex((row) => row.series_instance_uid === from.seriesUid);
    const next = order[at + direction];
    if (at < 0 || !next) return undefined;
    const known = this.state.sets[next.series_instance_uid]?.length ?? 1;
    return { studyUid: from.studyUid, seriesUid: next.series_instance_uid, set: direction > 0 ? 0 : known - 1 };
  }

  private change(part: Partial<ViewerState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }
}
