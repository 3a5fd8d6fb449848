/** The reader's key images against what is stored. Pure. */
import type { KeyImageChanges, KeySelection, KeyTitle } from '../../../api/types';

export const KEY_TITLES: readonly KeyTitle[] = ['113000', '113002', '113003', '113004', '113005', '113008', '113009'];

export interface KeyImage {
  studyUid: string;
  seriesUid: string;
  sopInstanceUid: string;
  /** From 1. */
  frame: number;
  title: KeyTitle;
}

export type Keys = ReadonlyMap<string, KeyImage>;

export interface KeyDraft {
  added: KeyImage[];
  /** Of stored ones that are no longer key images. */
  removed: string[];
}

export function keyId({ sopInstanceUid, frame }: Pick<KeyImage, 'sopInstanceUid' | 'frame'>): string {
  return `${sopInstanceUid}/${frame}`;
}

/** A key image under another title gets this one; under the same it is none any more. */
export function toggled(keys: Keys, key: KeyImage): Keys {
  const next = new Map(keys);
  if (keys.get(keyId(key))?.title === key.title) next.delete(keyId(key));
  else next.set(keyId(key), key);
  return next;
}

export function isKeyTitle(code: unknown): code is KeyTitle {
  return KEY_TITLES.some((title) => title === code);
}

/** The reader's own of a study. A selection that names no frame means the only one, or the first. */
export function ownKeys(studyUid: string, selections: readonly KeySelection[]): Keys {
  const keys = new Map<string, KeyImage>();
  for (const { mine, code, images } of selections) {
    if (!mine || !isKeyTitle(code)) continue;
    for (const { series_instance_uid: seriesUid, sop_instance_uid: sopInstanceUid, frame } of images) {
      const key = { studyUid, seriesUid, sopInstanceUid, frame: frame || 1, title: code };
      keys.set(keyId(key), key);
    }
  }
  return keys;
}

export function keyDraft(keys: Keys, saved: Keys): KeyDraft {
  return {
    added: [...keys].filter(([id, key]) => saved.get(id)?.title !== key.title).map(([, key]) => key),
    removed: [...saved.keys()].filter((id) => !keys.has(id)),
  };
}

export function withKeyDraft(saved: Keys, draft: KeyDraft): Keys {
  const keys = new Map([...saved].filter(([id]) => !draft.removed.includes(id)));
  for (const key of draft.added) keys.set(keyId(key), key);
  return keys;
}

/** The requests that store what differs: for each study and title that does, all of its images. */
export function keyRequests(keys: Keys, saved: Keys): Array<{ studyUid: string; changes: KeyImageChanges }> {
  const requests: Array<{ studyUid: string; changes: KeyImageChanges }> = [];
  for (const studyUid of new Set([...keys.values(), ...saved.values()].map((key) => key.studyUid))) {
    for (const title of KEY_TITLES) {
      const under = (all: Keys): KeyImage[] =>
        [...all.values()].filter((key) => key.studyUid === studyUid && key.title === title);
      const ids = (all: Keys): string => under(all).map(keyId).sort().join();
      if (ids(keys) === ids(saved)) continue;
      const images = under(keys).map(({ sopInstanceUid, frame }) => ({ sop_instance_uid: sopInstanceUid, frame }));
      requests.push({ studyUid, changes: { title, images, description: '' } });
    }
  }
  return requests;
}

export function isKeyImage(value: unknown): value is KeyImage {
  const key = value as Partial<KeyImage> | null;
  return (
    typeof key?.studyUid === 'string' &&
    typeof key.seriesUid === 'string' &&
    typeof key.sopInstanceUid === 'string' &&
    Number.isInteger(key.frame) &&
    isKeyTitle(key.title)
  );
}
