import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/api/client';
import type {
  KeyImageChanges,
  KeyImages,
  KeySelection,
  Measurement,
  MeasurementChanges,
  Measurements,
} from '../src/api/types';
import { draftKey, keepDraft, NO_DRAFT, readDraft, type Shelf } from '../src/features/viewer/measurements/draft';
import type { Server } from '../src/features/viewer/measurements/state';
import { MeasurementStore } from '../src/features/viewer/measurements/store';
import type { Mark } from '../src/imaging';
import type { MarkEvents } from '../src/imaging/marks';
import type { Point } from '../src/imaging/spacing';
import { thinned } from '../src/imaging/toolShapes';

function mark(uid: string, label = uid, x = 1): Mark {
  const points: Point[] = [
    [x, 1],
    [x + 4, 1],
  ];
  const length = { name: 'length', value: 4, unit: '{pixels}' };
  return {
    studyUid: '1.2',
    measurement: {
      tracking_uid: uid,
      label,
      kind: 'length',
      series_instance_uid: '1.2.3',
      sop_instance_uid: '1.2.3.4',
      frame: 1,
      points,
      values: [length],
      spacing: 'none',
      observer: '',
    },
  };
}

class Drawer {
  events: MarkEvents | undefined;
  shown: string[] = [];
  listen = (events: MarkEvents | undefined): void => {
    this.events = events;
  };
  show = (marks: readonly Mark[]): void => {
    this.shown = marks.map(({ measurement }) => measurement.label);
  };
}

function selection(code: string, images: KeySelection['images'], mine = true): KeySelection {
  const by = { description: '', observer: mine ? 'edgar' : 'flora', content_time: '20260101' };
  return { sop_instance_uid: `9.${code}`, code, words: '', mine, images, ...by };
}

/** A server in memory, as the real one behaves: the newest state of each measurement. */
class Archive implements Server {
  held = new Map<string, Measurement>();
  sent: MeasurementChanges[] = [];
  failure: Error | undefined;
  selections: KeySelection[] = [];
  sentKeys: KeyImageChanges[] = [];
  keyImages = async (): Promise<KeyImages> => {
    if (this.failure) throw this.failure;
    return { selections: this.selections, unread: [] };
  };
  saveKeyImages = async (_study: string, changes: KeyImageChanges): Promise<KeyImages> => {
    if (this.failure) throw this.failure;
    this.sentKeys.push(changes);
    const images = changes.images.map((image) => ({ ...image, series_instance_uid: '1.2.3' }));
    const others = this.selections.filter(({ mine, code }) => !mine || code !== changes.title);
    this.selections = images.length > 0 ? [...others, selection(changes.title, images)] : others;
    return this.keyImages();
  };
  measurements = async (): Promise<Measurements> => {
    if (this.failure) throw this.failure;
    return { measurements: [...this.held.values()], unread: [] };
  };
  saveMeasurements = async (_study: string, changes: MeasurementChanges): Promise<Measurements> => {
    if (this.failure) throw this.failure;
    this.sent.push(changes);
    for (const one of changes.measurements)
      this.held.set(one.tracking_uid, { ...one, series_instance_uid: '1.2.3', observer: 'edgar' });
    for (const one of changes.removed) this.held.delete(one.tracking_uid);
    return this.measurements();
  };
}

function shelfOf(): Shelf & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

function opened(archive = new Archive(), shelf: Shelf | undefined = shelfOf()) {
  const drawer = new Drawer();
  return { drawer, archive, shelf, store: new MeasurementStore(drawer, 'edgar', '1.2', shelf, archive) };
}

describe('texts on a picture', () => {
  it('are asked for, and keep what was typed', () => {
    const { store, drawer } = opened();
    const typed: string[] = [];
    drawer.events?.asked('', (text) => typed.push(text));
    expect(store.getState().question?.before).toBe('');
    store.answer(' new since June ');
    expect(typed).toEqual(['new since June']);
    expect(store.getState().question).toBeUndefined();
    drawer.events?.drawn(mark('1', 'new since June'));
    expect(drawer.shown).toEqual(['new since June']);
  });

  it('and outlines are no longer than can be saved', () => {
    const outline = Array.from({ length: 4001 }, (_, at): Point => [at, 0]);
    expect(thinned(outline)).toHaveLength(2000);
    expect(thinned(outline)[1999]?.[0]).toBeGreaterThan(3990);
  });
});

describe('the list of measurements', () => {
  it('is undone and done again', () => {
    const { store, drawer } = opened();
    drawer.events?.drawn(mark('1', ''));
    drawer.events?.drawn(mark('2', ''));
    store.rename('1', ' Nodule ');
    store.remove(['2']);
    expect(drawer.shown).toEqual(['Nodule']);
    store.undo();
    store.undo();
    expect(drawer.shown).toEqual(['Length 1', 'Length 2']);
    store.redo();
    expect(drawer.shown).toEqual(['Nodule', 'Length 2']);
    drawer.events?.changed(mark('2', 'Length 2', 3));
    expect(store.getState().canRedo).toBe(false);
    for (let step = 0; step < 9; step += 1) store.undo();
    expect(drawer.shown).toEqual([]);
    expect(store.getState()).toMatchObject({ canUndo: false, unsaved: 0 });
  });

  it('is saved when the server says so, and sends what has changed alone', async () => {
    const { store, drawer, archive } = opened();
    drawer.events?.drawn(mark('1'));
    await store.save();
    expect(store.getState()).toMatchObject({ saving: 'saved', unsaved: 0 });
    drawer.events?.drawn(mark('2'));
    store.remove(['1']);
    expect(store.getState()).toMatchObject({ saving: 'idle', unsaved: 2 });
    await store.save();
    expect(archive.sent[1]?.measurements.map((one) => one.tracking_uid)).toEqual(['2']);
    expect(archive.sent[1]?.removed.map((one) => one.tracking_uid)).toEqual(['1']);
    await store.save();
    expect(archive.sent).toHaveLength(2);
  });

  it('can be undone beyond a save', async () => {
    const { store, drawer, archive } = opened();
    drawer.events?.drawn(mark('1'));
    await store.save();
    store.undo();
    expect(drawer.shown).toEqual([]);
    await store.save();
    expect([...archive.held.keys()]).toEqual([]);
  });

  it('keeps a draft through a failed save, a crash and a reload', async () => {
    const { store, drawer, archive, shelf } = opened();
    drawer.events?.drawn(mark('1', ''));
    for (const failure of [
      new ApiError(0, 'unreachable', ''),
      new ApiError(503, 'unavailable', 'The archive is away.'),
    ]) {
      archive.failure = failure;
      await store.save();
      expect(store.getState()).toMatchObject({ saving: 'failed', unsaved: 1 });
    }
    expect(store.getState().saveProblem).toContain('The archive is away.');
    archive.failure = undefined;
    archive.held.set('9', mark('9').measurement);
    const again = opened(archive, shelf);
    expect(again.drawer.shown).toEqual(['Length 1']);
    await again.store.load('1.2');
    expect(again.drawer.shown.sort()).toEqual(['9', 'Length 1']);
    await again.store.save();
    expect(again.store.getState().unsaved).toBe(0);
    expect(opened(archive, shelf).drawer.shown).toEqual([]);
  });

  it('keeps in mind what was taken away', async () => {
    const { store, archive, shelf } = opened();
    archive.held.set('9', mark('9').measurement);
    await store.load('1.2');
    store.remove(['9']);
    const again = opened(archive, shelf);
    await again.store.load('1.2');
    expect(again.store.getState()).toMatchObject({ items: [], unsaved: 1 });
    await again.store.save();
    expect(archive.held.size).toBe(0);
  });

  it('does not take away by undo what came from the server', async () => {
    const { store, drawer, archive } = opened();
    drawer.events?.drawn(mark('1'));
    archive.held.set('9', mark('9').measurement);
    await store.load('1.2');
    store.undo();
    expect(drawer.shown).toEqual(['9']);
  });

  it('says that the server could not be read until it could', async () => {
    const { store, drawer, archive } = opened();
    archive.failure = new ApiError(0, 'unreachable', '');
    await store.load('1.2');
    drawer.events?.drawn(mark('1'));
    expect(store.getState().loadProblem).not.toBe('');
    archive.failure = undefined;
    await store.load('1.2');
    expect(store.getState().loadProblem).toBe('');
  });

  it('says when the browser keeps no drafts', () => {
    for (const shelf of [
      undefined,
      {
        ...shelfOf(),
        setItem: () => {
          throw new Error('full');
        },
      },
    ]) {
      const { drawer, store } = withShelf(shelf);
      drawer.events?.drawn(mark('1'));
      expect(store.getState().draftLost).toBe(true);
    }
  });
});

function withShelf(shelf: Shelf | undefined) {
  const drawer = new Drawer();
  return { drawer, store: new MeasurementStore(drawer, 'edgar', '1.2', shelf, new Archive()) };
}

describe('key images', () => {
  const frame = (number: number) => ({
    studyUid: '1.2',
    seriesUid: '1.2.3',
    sopInstanceUid: `1.2.3.${number}`,
    frame: 1,
  });
  const image = (number: number) => ({ series_instance_uid: '1.2.3', sop_instance_uid: `1.2.3.${number}`, frame: 0 });

  it('are toggled, saved by title with all of its images, undone, and taken back', async () => {
    const { store, archive } = opened();
    store.toggleKey(frame(1));
    store.toggleKey(frame(2));
    store.chooseTitle('113004');
    store.toggleKey(frame(2));
    expect(store.getState()).toMatchObject({ unsaved: 2, canUndo: true });
    await store.save();
    expect(archive.sentKeys).toEqual([
      { title: '113000', images: [{ sop_instance_uid: '1.2.3.1', frame: 1 }], description: '' },
      { title: '113004', images: [{ sop_instance_uid: '1.2.3.2', frame: 1 }], description: '' },
    ]);
    expect(store.getState()).toMatchObject({ unsaved: 0, saving: 'saved' });
    store.undo();
    expect([...store.getState().keys.values()].map((key) => key.title)).toEqual(['113000', '113000']);
    store.redo();
    store.toggleKey(frame(2));
    await store.save();
    expect(archive.sentKeys.slice(2)).toEqual([{ title: '113004', images: [], description: '' }]);
  });

  it('of the server are the reader’s own or another’s, and undo with what was measured', async () => {
    const { store, drawer, archive } = opened();
    archive.selections = [selection('113000', [image(1)]), selection('113000', [image(3)], false)];
    await store.load('1.2');
    expect([...store.getState().keys.keys()]).toEqual(['1.2.3.1/1']);
    expect(store.getState().selections.map((one) => one.observer)).toEqual(['flora']);
    expect(store.getState()).toMatchObject({ unsaved: 0, canUndo: false });
    drawer.events?.drawn(mark('1', ''));
    store.removeKey('1.2.3.1/1');
    store.undo();
    store.undo();
    expect(drawer.shown).toEqual([]);
    expect([...store.getState().keys.keys()]).toEqual(['1.2.3.1/1']);
  });

  it('survive a failed save and a reload, also those that were taken away', async () => {
    const { store, archive, shelf } = opened();
    archive.selections = [selection('113000', [image(1)])];
    await store.load('1.2');
    store.removeKey('1.2.3.1/1');
    store.toggleKey(frame(2));
    archive.failure = new ApiError(503, 'unavailable', 'away');
    await store.save();
    expect(store.getState()).toMatchObject({ saving: 'failed', unsaved: 2 });
    archive.failure = undefined;
    const again = opened(archive, shelf);
    await again.store.load('1.2');
    expect([...again.store.getState().keys.keys()]).toEqual(['1.2.3.2/1']);
    await again.store.save();
    expect(archive.sentKeys.at(-1)?.images).toEqual([{ sop_instance_uid: '1.2.3.2', frame: 1 }]);
    expect(again.store.getState().unsaved).toBe(0);
  });
});

describe('drafts', () => {
  it('are of one person and one study', () => {
    expect(draftKey('a.b', '1')).not.toBe(draftKey('a', 'b.1'));
    const shelf = shelfOf();
    keepDraft(shelf, draftKey('edgar', '1.2'), { ...NO_DRAFT, changed: [mark('1')] });
    expect(readDraft(shelf, draftKey('flora', '1.2')).changed).toEqual([]);
  });

  it('that are broken are none', () => {
    const shelf = shelfOf();
    for (const text of ['', '{', '[]', '{"version":1}', '{"version":2,"changed":[],"removed":[]}']) {
      shelf.kept.set('k', text);
      expect(readDraft(shelf, 'k')).toEqual({ changed: [], removed: [], keys: { added: [], removed: [] } });
    }
    const broken = { studyUid: '1.2', measurement: { ...mark('1').measurement, points: [[1, null]] } };
    shelf.kept.set('k', JSON.stringify({ version: 1, changed: [broken, mark('2')], removed: [3, '4'] }));
    expect(readDraft(shelf, 'k')).toEqual({ ...NO_DRAFT, changed: [mark('2')], removed: ['4'] });
  });
});
