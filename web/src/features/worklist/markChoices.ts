import type { ReadingPriority, ReadingStatus } from '../../api/types';

/** What the list may be narrowed to by one choice. */
export const STATUS_CHOICES: ReadonlyArray<readonly ReadingStatus[]> = [
  [],
  ['unread'],
  ['in-progress'],
  ['unread', 'in-progress'],
  ['read'],
];
export const PRIORITY_CHOICES: ReadonlyArray<readonly ReadingPriority[]> = [
  [],
  ['stat'],
  ['high', 'stat'],
  ['high'],
  ['routine'],
];
