/** Saved views: the presentation states of the opened studies, and which of them a tile shows. One lives as long as the page. */
import { annotationApi } from '../../../api/annotations';
import type { PresentationState, StateOver, ViewToSave } from '../../../api/types';
import { reasonOf } from '../measurements/state';

export interface ListedView {
  studyUid: string;
  state: PresentationState;
}

export interface ViewsState {
  views: readonly ListedView[];
  /** By position of the tile. */
  chosen: ReadonlyMap<number, ListedView>;
  saving: boolean;
  /** Why the last save or the last reading failed; empty where nothing failed. */
  problem: string;
}

export type ViewServer = Pick<typeof annotationApi, 'states' | 'saveView' | 'stateOver'>;

const NOTHING: ViewsState = { views: [], chosen: new Map(), saving: false, problem: '' };

/** Whether a state shows a frame (from 1) of an instance. */
export function shows({ shown }: PresentationState, sopInstanceUid: string, frame: number): boolean {
  return shown.some(
    (image) => image.sop_instance_uid === sopInstanceUid && (image.frames.length === 0 || image.frames.includes(frame)),
  );
}

/** Those of a series come first: a reader looks for what is about the picture that he sees. */
export function inOrder(views: readonly ListedView[], seriesUid: string): ListedView[] {
  const isHere = ({ state }: ListedView): number =>
    state.shown.some((image) => image.series_instance_uid === seriesUid) ? 0 : 1;
  return [...views].sort((one, other) => isHere(one) - isHere(other));
}

export class ViewStore {
  private state: ViewsState = NOTHING;
  private readonly listeners = new Set<() => void>();
  private readonly loaded = new Set<string>();
  private readonly found = new Map<string, Promise<StateOver>>();

  constructor(private readonly server: ViewServer = annotationApi) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): ViewsState => this.state;

  /** Once for each study; a failure can be tried again. */
  async load(studyUid: string): Promise<void> {
    if (this.loaded.has(studyUid)) return;
    this.loaded.add(studyUid);
    try {
      this.take(studyUid, (await this.server.states(studyUid)).states);
    } catch (error) {
      this.loaded.delete(studyUid);
      this.change({ problem: reasonOf(error) });
    }
  }

  /** Returns whether the server has it. */
  async save(studyUid: string, view: ViewToSave): Promise<boolean> {
    this.change({ saving: true, problem: '' });
    try {
      this.take(studyUid, (await this.server.saveView(studyUid, view)).states);
      return true;
    } catch (error) {
      this.change({ problem: reasonOf(error) });
      return false;
    } finally {
      this.change({ saving: false });
    }
  }

  choose(position: number, view: ListedView | undefined): void {
    const chosen = new Map(this.state.chosen);
    if (view) chosen.set(position, view);
    else chosen.delete(position);
    this.change({ chosen });
  }

  /** How a state shows a frame; asked for once, a failure can be tried again. */
  over({ studyUid, state }: ListedView, sopInstanceUid: string, frame: number): Promise<StateOver> {
    const key = `${state.sop_instance_uid}/${sopInstanceUid}/${frame}`;
    let found = this.found.get(key);
    if (!found) {
      found = this.server.stateOver(studyUid, state.sop_instance_uid, sopInstanceUid, frame);
      found.catch(() => this.found.delete(key));
      this.found.set(key, found);
    }
    return found;
  }

  fail(error: unknown): void {
    this.change({ problem: reasonOf(error) });
  }

  private take(studyUid: string, states: readonly PresentationState[]): void {
    const others = this.state.views.filter((view) => view.studyUid !== studyUid);
    this.change({ views: [...others, ...states.map((state) => ({ studyUid, state }))], problem: '' });
  }

  private change(part: Partial<ViewsState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }
}
