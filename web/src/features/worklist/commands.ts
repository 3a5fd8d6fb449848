/** The worklist's commands; what a key means is looked up when it is pressed. */
import { READING_PRIORITIES, READING_STATUSES, type StudyRow } from '../../api/types';
import type { StudyMark } from '../../api/worklist';
import type { Command } from '../../commands/registry';
import { priorityKey, statusKey } from '../../ui/reading';

export interface ListActions {
  rows: () => readonly StudyRow[];
  /** Index of the row that the keys are on; -1: none. */
  chosen: () => number;
  choose: (row: number) => void;
  open: (studyUid: string) => void;
  pick: (studyUid: string) => void;
  togglePeek: () => void;
  focusSearch: () => void;
  /** First what is picked, then the filters. */
  clear: () => void;
  reload: () => void;
  /** Takes back what was done last, where that can be. */
  undo: () => void;
  /** The picked studies, or the one that the keys are on. */
  meant: () => readonly string[];
  mayEdit: boolean;
  mark: (uids: readonly string[], mark: StudyMark) => void;
  exportZip: (uids: readonly string[]) => void;
  send: () => void;
  reject: () => void;
}

export function listCommands(list: ListActions): Command[] {
  const step = (by: number) => () => {
    const last = list.rows().length - 1;
    if (last >= 0) list.choose(Math.min(last, Math.max(0, list.chosen() + by)));
  };
  const onChosen = (deed: (studyUid: string) => void) => () => {
    const row = list.rows()[list.chosen()];
    if (row) deed(row.study_instance_uid);
  };
  const some = (): boolean => list.meant().length > 0;
  const editing: Command[] = [
    ...READING_STATUSES.map(
      (status): Command => ({
        id: `list.status.${status}`,
        title: 'reading.markAs',
        titleKeys: { what: statusKey(status) },
        group: 'general',
        enabled: some,
        run: () => list.mark(list.meant(), { status }),
      }),
    ),
    ...READING_PRIORITIES.map(
      (priority): Command => ({
        id: `list.priority.${priority}`,
        title: 'reading.setPriority',
        titleKeys: { what: priorityKey(priority) },
        group: 'general',
        enabled: some,
        run: () => list.mark(list.meant(), { priority }),
      }),
    ),
    { id: 'list.send', title: 'bulk.send', group: 'general', enabled: some, run: list.send },
    { id: 'list.reject', title: 'bulk.reject', group: 'general', enabled: some, run: list.reject },
  ];
  return [
    {
      id: 'list.next',
      title: 'worklist.next',
      group: 'navigate',
      keys: ['j', 'ArrowDown'],
      repeats: true,
      run: step(1),
    },
    {
      id: 'list.previous',
      title: 'worklist.previous',
      group: 'navigate',
      keys: ['k', 'ArrowUp'],
      repeats: true,
      run: step(-1),
    },
    { id: 'list.open', title: 'worklist.open', group: 'navigate', keys: ['Enter'], run: onChosen(list.open) },
    { id: 'list.peek', title: 'worklist.peek', group: 'navigate', keys: ['Space'], run: list.togglePeek },
    { id: 'list.pick', title: 'worklist.pick', group: 'navigate', keys: ['x'], run: onChosen(list.pick) },
    { id: 'list.search', title: 'worklist.focusSearch', group: 'navigate', keys: ['/'], run: list.focusSearch },
    { id: 'list.clear', title: 'worklist.clear', group: 'navigate', keys: ['Escape'], run: list.clear },
    { id: 'list.refresh', title: 'worklist.refresh', group: 'general', keys: ['r'], run: list.reload },
    {
      id: 'list.export',
      title: 'bulk.export',
      group: 'general',
      enabled: some,
      run: () => list.exportZip(list.meant()),
    },
    { id: 'list.undo', title: 'cmd.undoDeed', group: 'general', keys: ['Ctrl+z'], run: list.undo },
    ...(list.mayEdit ? editing : []),
  ];
}
