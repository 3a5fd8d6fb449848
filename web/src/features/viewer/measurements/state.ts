/** What the viewer knows of a reader's work, and of whether the server has it. */
import type { annotationApi } from '../../../api/annotations';
import { ApiError, type api } from '../../../api/client';
import type { KeySelection, KeyTitle, UnreadReport } from '../../../api/types';
import { t } from '../../../i18n';
import type { Mark } from '../../../imaging';
import { reasonOf as toldReason } from '../../../ui/reason';
import type { Keys } from './keys';

export type Saving = 'idle' | 'saving' | 'saved' | 'failed';

export interface Question {
  before: string;
  done: (text: string) => void;
}

export interface MeasurementState {
  items: readonly Mark[];
  /** The reader's own key images. */
  keys: Keys;
  /** Selections by others. */
  selections: readonly KeySelection[];
  /** Under which title a frame becomes a key image. */
  title: KeyTitle;
  /** How many changes the server does not have, and to which series. */
  unsaved: number;
  unsavedSeries: ReadonlySet<string>;
  /** Key images that the server does not have, by `keyId`. */
  unsavedKeys: ReadonlySet<string>;
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

export type Server = Pick<typeof api, 'measurements' | 'saveMeasurements'> &
  Pick<typeof annotationApi, 'keyImages' | 'saveKeyImages'>;

/** In words; what an account may not do here is told as what it may not save. */
export function reasonOf(error: unknown): string {
  return error instanceof ApiError && error.status === 403 ? t('measure.denied') : toldReason(error);
}
