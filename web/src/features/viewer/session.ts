/** What the viewer shows where: studies, series, layout, the active tile, the tool. One lives as long as the page. */
import { api } from '../../api/client';
import type { SeriesRow, StudyDetail } from '../../api/types';
import type { Stage, Tile } from '../../imaging';
import { type DisplaySet, displaySetsOf } from '../../imaging/displaySets';
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
}

export interface ViewerState {
  studies: Readonly<Record<string, StudyDetail>>;
  layout: Layout;
  /** By position, row after row; those beyond the layout come back with a larger one. */
  tiles: ReadonlyArray<Assignment | undefined>;
  active: number;
  /** The active tile has the room of all; the others wait behind it. */
  maximised: boolean;
  tool: ToolName;
  overlay: OverlayLevel;
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

  constructor(
    readonly stage: Stage,
    readonly main: StudyDetail,
  ) {
    const studyUid = main.study.study_instance_uid;
    const first = seriesInOrder(main)[0];
    this.state = {
      studies: { [studyUid]: main },
      layout: '1x1',
      tiles: Array.from({ length: MOST_TILES }, (_, position) =>
        first && position === 0 ? { studyUid, seriesUid: first.series_instance_uid, set: 0 } : undefined,
      ),
      active: 0,
      maximised: false,
      tool: 'window',
      overlay: 'full',
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

  loadSeries(studyUid: string, seriesUid: string): Promise<readonly DisplaySet[]> {
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

  /** Empty tiles of a larger layout take the series that follow. */
  setLayout(layout: Layout): void {
    const tiles = [...this.state.tiles];
    for (let position = 0; position < tileCount(layout); position += 1) {
      if (tiles[position]) continue;
      const next = this.neighbour(tiles[position - 1], 1);
      if (next && !tiles.some((shown) => shown && shown.seriesUid === next.seriesUid && shown.set === next.set)) {
        tiles[position] = next;
      }
    }
    this.change({
      layout,
      tiles,
      active: Math.min(this.state.active, tileCount(layout) - 1),
      maximised: false,
    });
    if (layout === '1x2' && !tiles[1]) void this.showPriorBeside();
  }

  /** The active tile takes the room of all, or gives it back. */
  toggleMaximised(): void {
    if (tileCount(this.state.layout) > 1) this.change({ maximised: !this.state.maximised });
  }

  /** The latest prior of the same modality goes into the second of two tiles, while that is empty. */
  private async showPriorBeside(): Promise<void> {
    const modality = this.state.tiles[0] && this.series(this.state.tiles[0])?.modality;
    const main = this.main.study;
    const prior = this.main.priors
      .filter((study) => study.modalities.includes(modality ?? '') && study.study_date <= main.study_date)
      .sort((one, other) => other.study_date.localeCompare(one.study_date))[0];
    if (!prior || !modality) return;
    try {
      await this.openStudy(prior.study_instance_uid);
    } catch {
      // The rail says it when the prior is opened by hand.
      return;
    }
    const detail = this.state.studies[prior.study_instance_uid];
    const series = detail && seriesInOrder(detail).find((row) => row.modality === modality);
    if (!series || this.state.tiles[1] || this.state.layout === '1x1') return;
    const assignment = { studyUid: prior.study_instance_uid, seriesUid: series.series_instance_uid, set: 0 };
    this.change({ tiles: this.state.tiles.map((old, at) => (at === 1 ? assignment : old)) });
  }

  /** The display set before (-1) or after (1) the active tile's, within its study. */
  step(direction: 1 | -1): void {
    const next = this.neighbour(this.state.tiles[this.state.active], direction);
    if (next) this.show(next);
  }

  setTool(tool: ToolName): void {
    this.stage.setTool(tool);
    this.change({ tool });
  }

  toggleLinked(): void {
    const { links } = this.stage;
    links.linkSlices(!links.getState().slices, this.activeTile());
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
