/** Key Object Selections. */
import type { UnreadReport } from './measurements';

/** Titles of key images: code values of the scheme DCM (PS3.16 CID 7010). */
export type KeyTitle = '113000' | '113002' | '113003' | '113004' | '113005' | '113008' | '113009';

/** `frame` counts from 1; 0 stands for all. */
export interface KeyImageReference {
  series_instance_uid: string;
  sop_instance_uid: string;
  frame: number;
}

/** A Key Object Selection that counts. `mine`: a save under this title replaces it. */
export interface KeySelection {
  sop_instance_uid: string;
  code: string;
  words: string;
  description: string;
  observer: string;
  content_time: string;
  mine: boolean;
  images: KeyImageReference[];
}

export interface KeyImages {
  selections: KeySelection[];
  unread: UnreadReport[];
}

/** All that the reader points out under one title; none takes it back. */
export interface KeyImageChanges {
  title: KeyTitle;
  images: Array<Omit<KeyImageReference, 'series_instance_uid'>>;
  description: string;
}
