/** The measurements of the opened studies: what is drawn, what is stored, what can be undone. One lives as long as the page. */
import { ApiError, api } from '../../../api/client';
import type { MeasurementKind, UnreadReport } from '../../../api/types';
import { t } from '../../../i18n';
import type { Mark, Marks } from '../../../imaging';
import { cleanLabel, draftOf, isStored, type Marked, requestsOf, withDraft } from './changes';
import { draftKey, keepDraft, readDraft, type Shelf } from './draft';

const MOST_STEPS = 100;

export type Saving = 'idle' | 'saving' | 'saved' | 'failed';

export interface Question {
  before: string;
  done: (text: string) => void;
}

export interface MeasurementState {
  items: readonly Mark[];
  /** How many changes the server does not have. */
  unsaved: number;
  saving: Saving;
  /** Why the last save failed, and why the server's could not be read; in words, empty where nothing failed. */
  saveProblem: string;
  loadProblem: string;
  unread: readonly UnreadReport[];
  canUndo: boolean;
  canRedo: boolean;
  /** A text that the picture waits for. */
  question: Question | undefined;
  /** The browser takes no drafts: what is not saved would be lost. */
  draftLost: boolean;
}

export interface Server {
  measurements: typeof api.measurements;
  saveMeasurements: typeof api.saveMeasurements;
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 0) return t('error.unreachable');
  if (error.status === 403) return t('measure.denied');
  return error.message || t('error.server', { status: error.status });
}

export class MeasurementStore {
  private items: Marked;
  private saved: Marked = new Map();
  private past: Marked[] = [];
  private future: Marked[] = [];
  private readonly unread = new Map<string, readonly UnreadReport[]>();
  private readonly loaded = new Set<string>();
  private readonly key: string;
  /** What the draft of an earlier visit took away; it is held against what the server has, once that is known. */
  private removedBefore: string[];
  private saving: Saving = 'idle';
  private saveProblem = '';
  private loadProblem = '';
  private draftLost = false;
  private question: Question | undefined;
  private state: MeasurementState;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly marks: Pick<Marks, 'show' | 'listen'>,
    user: string,
    studyUid: string,
    private readonly shelf: Shelf | undefined,
    private readonly server: Server = api,
  ) {
    this.key = draftKey(user, studyUid);
    const draft = readDraft(shelf, this.key);
    this.items = withDraft(new Map(), draft);
    this.removedBefore = draft.removed;
    this.state = this.snapshot();
    marks.listen({
      drawn: (mark) => {
        const label = cleanLabel(mark.measurement.label, this.nextLabel(mark.measurement.kind));
        this.change(this.with({ ...mark, measurement: { ...mark.measurement, label } }));
      },
      changed: (mark) => this.change(this.with(mark)),
      asked: (before, done) => {
        this.question = { before, done };
        this.publish();
      },
    });
    marks.show([...this.items.values()]);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): MeasurementState => this.state;

  /** Reads what the server has of a study, once; a failure can be tried again. */
  async load(studyUid: string): Promise<void> {
    if (this.loaded.has(studyUid)) return;
    this.loaded.add(studyUid);
    try {
      const found = await this.server.measurements(studyUid);
      this.take(
        studyUid,
        found.measurements.map((measurement) => ({ studyUid, measurement })),
        found.unread,
      );
      this.loadProblem = '';
    } catch (error) {
      this.loaded.delete(studyUid);
      this.loadProblem = t('measure.loadFailed', { reason: reasonOf(error) });
    }
    this.publish();
  }

  /** Empty: the text is given up. */
  answer(text: string): void {
    const asked = this.question;
    this.question = undefined;
    this.publish();
    asked?.done(text.trim());
  }

  rename(uid: string, label: string): void {
    const mark = this.items.get(uid);
    if (!mark) return;
    const cleaned = cleanLabel(label, mark.measurement.label);
    if (cleaned !== mark.measurement.label)
      this.change(this.with({ ...mark, measurement: { ...mark.measurement, label: cleaned } }));
  }

  remove(uids: readonly string[]): void {
    if (!uids.some((uid) => this.items.has(uid))) return;
    this.change(new Map([...this.items].filter(([uid]) => !uids.includes(uid))));
  }

  undo(): void {
    const before = this.past.pop();
    if (!before) return;
    this.future.push(this.items);
    this.go(before);
  }

  redo(): void {
    const after = this.future.pop();
    if (!after) return;
    this.past.push(this.items);
    this.go(after);
  }

  /** One report a study. What the server did not store stays a draft, and the state says why. */
  async save(): Promise<void> {
    const draft = draftOf(this.items, this.saved);
    if (this.saving === 'saving' || draft.changed.length + draft.removed.length === 0) return;
    this.saving = 'saving';
    this.saveProblem = '';
    this.publish();
    const sent = new Map(draft.changed.map((mark) => [mark.measurement.tracking_uid, mark]));
    try {
      for (const [studyUid, request] of requestsOf(draft, this.saved)) {
        const found = await this.server.saveMeasurements(studyUid, request);
        const stored = found.measurements.map((measurement) => ({ studyUid, measurement }));
        // What was not touched meanwhile is from now on what is stored.
        const current = new Map(this.items);
        for (const mark of stored) {
          const uid = mark.measurement.tracking_uid;
          if (sent.has(uid) && current.get(uid) === sent.get(uid)) current.set(uid, mark);
        }
        this.items = current;
        this.take(studyUid, stored, found.unread, sent);
      }
      this.saving = 'saved';
    } catch (error) {
      this.saving = 'failed';
      this.saveProblem = t('measure.saveFailed', { reason: reasonOf(error) });
    }
    this.marks.show([...this.items.values()]);
    this.publish();
  }

  destroy(): void {
    this.marks.listen(undefined);
    this.listeners.clear();
  }

  /** What the server has of a study now. */
  private take(
    studyUid: string,
    stored: readonly Mark[],
    unread: readonly UnreadReport[],
    sent: Marked = new Map(),
  ): void {
    const known = this.saved;
    const removed = new Set(this.removedBefore);
    this.saved = new Map([
      ...[...known].filter(([, mark]) => mark.studyUid !== studyUid),
      ...stored.map((mark) => [mark.measurement.tracking_uid, mark] as const),
    ]);
    this.unread.set(studyUid, unread);
    const arrived = stored.filter(
      ({ measurement: { tracking_uid: uid } }) => !known.has(uid) && !removed.has(uid) && !sent.has(uid),
    );
    this.removedBefore = this.removedBefore.filter((uid) => !this.saved.has(uid));
    // In the steps that can be undone as well: to undo is not to take away what others measured.
    const add = (items: Marked): Marked =>
      new Map([...arrived.map((mark) => [mark.measurement.tracking_uid, mark] as const), ...items]);
    this.items = add(this.items);
    this.past = this.past.map(add);
    this.future = this.future.map(add);
    this.marks.show([...this.items.values()]);
  }

  private nextLabel(kind: MeasurementKind): string {
    const taken = new Set([...this.items.values()].map((mark) => mark.measurement.label));
    for (let number = 1; ; number += 1) {
      const label = `${t(`measure.kind.${kind}`)} ${number}`;
      if (!taken.has(label)) return label;
    }
  }

  private with(mark: Mark): Marked {
    return new Map(this.items).set(mark.measurement.tracking_uid, mark);
  }

  private change(items: Marked): void {
    this.past = [...this.past, this.items].slice(-MOST_STEPS);
    this.future = [];
    this.go(items);
  }

  private go(items: Marked): void {
    this.items = items;
    if (this.saving !== 'saving') {
      this.saving = 'idle';
      this.saveProblem = '';
    }
    this.marks.show([...items.values()]);
    this.publish();
  }

  private publish(): void {
    const draft = draftOf(this.items, this.saved);
    this.draftLost = !keepDraft(this.shelf, this.key, { ...draft, removed: [...draft.removed, ...this.removedBefore] });
    this.state = this.snapshot();
    for (const listener of this.listeners) listener();
  }

  private snapshot(): MeasurementState {
    const draft = draftOf(this.items, this.saved);
    return {
      items: [...this.items.values()],
      unsaved: draft.changed.length + draft.removed.length,
      saving: this.saving,
      saveProblem: this.saveProblem,
      loadProblem: this.loadProblem,
      unread: [...this.unread.values()].flat(),
      canUndo: this.past.length > 0,
      canRedo: this.future.length > 0,
      question: this.question,
      draftLost: this.draftLost,
    };
  }

  isStored(mark: Mark): boolean {
    return isStored(mark, this.saved);
  }
}
