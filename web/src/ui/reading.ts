/** Status and priority of the reading in words and signs. */
import type { ReadingPriority, ReadingStatus } from '../api/types';
import type { MessageKey } from '../i18n';

/** A shape for each, so that colour is not needed to tell them apart. */
export const STATUS_SIGNS: Readonly<Record<ReadingStatus, string>> = { unread: '○', 'in-progress': '◐', read: '✓' };

export function statusKey(status: ReadingStatus): MessageKey {
  return `reading.status.${status}`;
}

export function priorityKey(priority: ReadingPriority): MessageKey {
  return `reading.priority.${priority}`;
}
