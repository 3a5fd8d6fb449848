/** What is not saved yet, kept in the browser: it survives a reload, a crash and a failed save. */
import type { Mark } from '../../../imaging';
import { isKeyImage, type KeyDraft } from './keys';

/** removed: tracking UIDs of stored measurements that were taken away. */
export interface MarkDraft {
  changed: Mark[];
  removed: string[];
}

export interface Draft extends MarkDraft {
  keys: KeyDraft;
}

export const NO_DRAFT: Draft = { changed: [], removed: [], keys: { added: [], removed: [] } };
const VERSION = 1;

/** What of the browser's storage is used. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Of one person and one opened study. */
export function draftKey(user: string, studyUid: string): string {
  return `hounsfield.draft/${encodeURIComponent(user)}/${studyUid}`;
}

function isMark(value: unknown): value is Mark {
  const mark = value as Partial<Mark> | null;
  const found = mark?.measurement;
  return (
    typeof mark?.studyUid === 'string' &&
    typeof found?.tracking_uid === 'string' &&
    typeof found.label === 'string' &&
    typeof found.kind === 'string' &&
    typeof found.sop_instance_uid === 'string' &&
    Number.isInteger(found.frame) &&
    Array.isArray(found.values) &&
    Array.isArray(found.points) &&
    found.points.every((point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite))
  );
}

/** What cannot be read back is nothing. */
export function readDraft(shelf: Shelf | undefined, key: string): Draft {
  try {
    const kept = JSON.parse(shelf?.getItem(key) ?? 'null') as {
      version?: number;
      changed?: unknown;
      removed?: unknown;
      keys?: { added?: unknown; removed?: unknown };
    };
    const texts = (values: unknown): string[] =>
      Array.isArray(values) ? values.filter((uid): uid is string => typeof uid === 'string') : [];
    const added = kept?.keys?.added;
    if (kept?.version !== VERSION || !Array.isArray(kept.changed) || !Array.isArray(kept.removed)) return NO_DRAFT;
    return {
      changed: kept.changed.filter(isMark),
      removed: texts(kept.removed),
      keys: { added: Array.isArray(added) ? added.filter(isKeyImage) : [], removed: texts(kept.keys?.removed) },
    };
  } catch {
    return NO_DRAFT;
  }
}

/** Returns whether it is kept: the storage may be forbidden or full. */
export function keepDraft(shelf: Shelf | undefined, key: string, draft: Draft): boolean {
  try {
    const { added, removed } = draft.keys;
    if (draft.changed.length + draft.removed.length + added.length + removed.length === 0) shelf?.removeItem(key);
    else if (!shelf) return false;
    else shelf.setItem(key, JSON.stringify({ version: VERSION, ...draft }));
    return true;
  } catch {
    return false;
  }
}
