/** What a reader makes of the opened studies: what is measured and pointed out, what is stored, what can be undone. */
import { annotationApi } from '../../../api/annotations';
import { api } from '../../../api/client';
import type {
  KeyImages,
  KeySelection,
  KeyTitle,
  MeasurementKind,
  Measurements,
  UnreadReport,
} from '../../../api/types';
import { t } from '../../../i18n';
import type { Mark, Marks } from '../../../imaging';
import { cleanLabel, draftOf, isStored, type Marked, requestsOf, withDraft } from './changes';
import { draftKey, keepDraft, readDraft, type Shelf } from './draft';
import { History } from './history';
import {
  type KeyDraft,
  type KeyImage,
  type Keys,
  keyDraft,
  keyId,
  keyRequests,
  ownKeys,
  toggled,
  withKeyDraft,
} from './keys';
import { type MeasurementState, type Question, reasonOf, type Saving, type Server } from './state';

interface Work {
  marks: Marked;
  keys: Keys;
}

export class MeasurementStore {
  private readonly history: History<Work>;
  private saved: Work = { marks: new Map(), keys: new Map() };
  private readonly others = new Map<string, readonly KeySelection[]>();
  private readonly unread = new Map<string, readonly UnreadReport[]>();
  private readonly loaded = new Set<string>();
  private readonly key: string;
  /** What the draft of an earlier visit took away; it is held against what the server has, once that is known. */
  private removedBefore: { marks: string[]; keys: string[] };
  private title: KeyTitle = '113000';
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
    private readonly server: Server = { ...api, ...annotationApi },
  ) {
    this.key = draftKey(user, studyUid);
    const draft = readDraft(shelf, this.key);
    this.history = new History<Work>({ marks: withDraft(new Map(), draft), keys: withKeyDraft(new Map(), draft.keys) });
    this.removedBefore = { marks: draft.removed, keys: draft.keys.removed };
    this.state = this.snapshot();
    marks.listen({
      drawn: (mark) => {
        const label = cleanLabel(mark.measurement.label, this.nextLabel(mark.measurement.kind));
        this.put({ ...mark, measurement: { ...mark.measurement, label } });
      },
      changed: (mark) => this.put(mark),
      asked: (before, done) => {
        this.question = { before, done };
        this.publish();
      },
    });
    marks.show([...this.work.marks.values()]);
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
      const [measured, keys] = await Promise.all([this.server.measurements(studyUid), this.server.keyImages(studyUid)]);
      this.takeMarks(studyUid, measured);
      this.takeKeys(studyUid, keys);
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
    const mark = this.work.marks.get(uid);
    if (!mark) return;
    const cleaned = cleanLabel(label, mark.measurement.label);
    if (cleaned !== mark.measurement.label) this.put({ ...mark, measurement: { ...mark.measurement, label: cleaned } });
  }

  remove(uids: readonly string[]): void {
    if (!uids.some((uid) => this.work.marks.has(uid))) return;
    this.change({ marks: new Map([...this.work.marks].filter(([uid]) => !uids.includes(uid))) });
  }

  /** Makes a frame a key image under the chosen title, or none any more. */
  toggleKey(frame: Omit<KeyImage, 'title'>): void {
    this.change({ keys: toggled(this.work.keys, { ...frame, title: this.title }) });
  }

  removeKey(id: string): void {
    this.change({ keys: new Map([...this.work.keys].filter(([known]) => known !== id)) });
  }

  chooseTitle(title: KeyTitle): void {
    this.title = title;
    this.publish();
  }

  undo(): void {
    if (this.history.undo()) this.moved();
  }

  redo(): void {
    if (this.history.redo()) this.moved();
  }

  /** One report a study, one selection a title. What the server did not store stays a draft, and the state says why. */
  async save(): Promise<void> {
    if (this.saving === 'saving' || this.unsaved() === 0) return;
    this.saving = 'saving';
    this.saveProblem = '';
    this.publish();
    try {
      await this.saveMarks();
      for (const { studyUid, changes } of keyRequests(this.work.keys, this.saved.keys))
        this.takeKeys(studyUid, await this.server.saveKeyImages(studyUid, changes));
      this.saving = 'saved';
    } catch (error) {
      this.saving = 'failed';
      this.saveProblem = t('measure.saveFailed', { reason: reasonOf(error) });
    }
    this.marks.show([...this.work.marks.values()]);
    this.publish();
  }

  destroy(): void {
    this.marks.listen(undefined);
    this.listeners.clear();
  }

  isStored(mark: Mark): boolean {
    return isStored(mark, this.saved.marks);
  }

  private get work(): Work {
    return this.history.current;
  }

  private async saveMarks(): Promise<void> {
    const draft = draftOf(this.work.marks, this.saved.marks);
    const sent = new Map(draft.changed.map((mark) => [mark.measurement.tracking_uid, mark]));
    for (const [studyUid, request] of requestsOf(draft, this.saved.marks)) {
      const found = await this.server.saveMeasurements(studyUid, request);
      // What was not touched meanwhile is from now on what is stored.
      const current = new Map(this.work.marks);
      for (const measurement of found.measurements) {
        const uid = measurement.tracking_uid;
        if (sent.has(uid) && current.get(uid) === sent.get(uid)) current.set(uid, { studyUid, measurement });
      }
      this.history.replace({ ...this.work, marks: current });
      this.takeMarks(studyUid, found, sent);
    }
  }

  /** What the server has of a study now. */
  private takeMarks(studyUid: string, found: Measurements, sent: Marked = new Map()): void {
    const known = this.saved.marks;
    const stored = found.measurements.map((measurement): Mark => ({ studyUid, measurement }));
    const removed = new Set(this.removedBefore.marks);
    const marks = new Map([
      ...[...known].filter(([, mark]) => mark.studyUid !== studyUid),
      ...stored.map((mark) => [mark.measurement.tracking_uid, mark] as const),
    ]);
    this.saved = { ...this.saved, marks };
    this.unread.set(`${studyUid}/measurements`, found.unread);
    const arrived = stored.filter(
      ({ measurement: { tracking_uid: uid } }) => !known.has(uid) && !removed.has(uid) && !sent.has(uid),
    );
    this.removedBefore.marks = this.removedBefore.marks.filter((uid) => !marks.has(uid));
    // In the steps that can be undone as well: to undo is not to take away what others measured.
    const before = arrived.map((mark) => [mark.measurement.tracking_uid, mark] as const);
    this.history.amend((step) => ({ ...step, marks: new Map([...before, ...step.marks]) }));
    this.marks.show([...this.work.marks.values()]);
  }

  private takeKeys(studyUid: string, found: KeyImages): void {
    const stored = ownKeys(studyUid, found.selections);
    const known = this.saved.keys;
    const removed = new Set(this.removedBefore.keys);
    const arrived = [...stored].filter(([id]) => !known.has(id) && !removed.has(id));
    const elsewhere = [...known].filter(([, key]) => key.studyUid !== studyUid);
    this.saved = { ...this.saved, keys: new Map([...elsewhere, ...stored]) };
    this.removedBefore.keys = this.removedBefore.keys.filter((id) => !stored.has(id));
    this.others.set(
      studyUid,
      found.selections.filter((selection) => !selection.mine),
    );
    this.unread.set(`${studyUid}/keys`, found.unread);
    // What is being saved is in the newest step already; undoing it must stay possible.
    if (this.saving !== 'saving')
      this.history.amend((step) => ({ ...step, keys: new Map([...arrived, ...step.keys]) }));
  }

  private nextLabel(kind: MeasurementKind): string {
    const taken = new Set([...this.work.marks.values()].map((mark) => mark.measurement.label));
    for (let number = 1; ; number += 1) {
      const label = `${t(`measure.kind.${kind}`)} ${number}`;
      if (!taken.has(label)) return label;
    }
  }

  private put(mark: Mark): void {
    this.change({ marks: new Map(this.work.marks).set(mark.measurement.tracking_uid, mark) });
  }

  private change(part: Partial<Work>): void {
    this.history.change({ ...this.work, ...part });
    this.moved();
  }

  private moved(): void {
    if (this.saving !== 'saving') {
      this.saving = 'idle';
      this.saveProblem = '';
    }
    this.marks.show([...this.work.marks.values()]);
    this.publish();
  }

  private keyDraft(): KeyDraft {
    return keyDraft(this.work.keys, this.saved.keys);
  }

  private unsaved(): number {
    const [marks, keys] = [draftOf(this.work.marks, this.saved.marks), this.keyDraft()];
    return marks.changed.length + marks.removed.length + keys.added.length + keys.removed.length;
  }

  private unsavedSeries(): ReadonlySet<string> {
    const [marks, keys] = [draftOf(this.work.marks, this.saved.marks), this.keyDraft()];
    const removedMarks = marks.removed.flatMap((uid) => this.saved.marks.get(uid) ?? []);
    const removedKeys = keys.removed.flatMap((id) => this.saved.keys.get(id) ?? []);
    return new Set([
      ...[...marks.changed, ...removedMarks].map(({ measurement }) => measurement.series_instance_uid),
      ...[...keys.added, ...removedKeys].map(({ seriesUid }) => seriesUid),
    ]);
  }

  private publish(): void {
    const marks = draftOf(this.work.marks, this.saved.marks);
    const keys = this.keyDraft();
    this.draftLost = !keepDraft(this.shelf, this.key, {
      changed: marks.changed,
      removed: [...marks.removed, ...this.removedBefore.marks],
      keys: { added: keys.added, removed: [...keys.removed, ...this.removedBefore.keys] },
    });
    this.state = this.snapshot();
    for (const listener of this.listeners) listener();
  }

  private snapshot(): MeasurementState {
    return {
      items: [...this.work.marks.values()],
      keys: this.work.keys,
      selections: [...this.others.values()].flat(),
      title: this.title,
      unsaved: this.unsaved(),
      unsavedSeries: this.unsavedSeries(),
      unsavedKeys: new Set(this.keyDraft().added.map(keyId)),
      saving: this.saving,
      saveProblem: this.saveProblem,
      loadProblem: this.loadProblem,
      unread: [...this.unread.values()].flat(),
      canUndo: this.history.canUndo,
      canRedo: this.history.canRedo,
      question: this.question,
      draftLost: this.draftLost,
    };
  }
}
