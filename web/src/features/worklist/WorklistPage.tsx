import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ServerStatus } from '../../api/types';
import { type Command, useCommands } from '../../commands/registry';
import { t } from '../../i18n';
import { EmptyState } from './EmptyState';
import { FilterBar } from './FilterBar';
import { type Filters, filtersFromUrl, filtersToUrl, isFiltered, NO_FILTERS } from './filters';
import { Peek } from './Peek';
import { StudyTable, type TableHandle } from './StudyTable';
import { useWorklist } from './useWorklist';
import './worklist.css';

interface Props {
  /** The query string of the page. */
  search: string;
  status: ServerStatus | undefined;
  onSearch: (search: string) => void;
  onOpen: (studyUid: string) => void;
  /** Somebody walks through the list: a study will soon be opened. */
  onChoosing: () => void;
}

export function WorklistPage({ search, status, onSearch, onOpen, onChoosing }: Props) {
  const filters = useMemo(() => filtersFromUrl(search), [search]);
  const version = status ? `${status.studies}/${status.instances}` : '';
  const list = useWorklist(filters, version);
  const [chosenUid, setChosenUid] = useState<string>();
  const table = useRef<TableHandle>(null);
  const searchField = useRef<HTMLInputElement>(null);

  const { rows } = list;
  const chosen = rows.findIndex((row) => row.study_instance_uid === chosenUid);

  const setFilters = useCallback(
    (part: Partial<Filters>) => {
      const url = filtersToUrl({ ...filters, ...part });
      onSearch(url ? `?${url}` : '');
      table.current?.scrollToTop();
    },
    [filters, onSearch],
  );

  // What the keys mean must not be rebuilt with every row that arrives.
  const now = useRef({ rows, chosen, chosenUid });
  now.current = { rows, chosen, chosenUid };
  const commands = useMemo<Command[]>(() => {
    const choose = (step: number): void => {
      const { rows: all, chosen: at } = now.current;
      const next = Math.min(all.length - 1, Math.max(0, at + step));
      const row = all[next];
      if (!row) return;
      setChosenUid(row.study_instance_uid);
      onChoosing();
      table.current?.show(next);
    };
    const open = (): void => {
      if (now.current.chosenUid) onOpen(now.current.chosenUid);
    };
    return [
      {
        id: 'list.next',
        title: 'worklist.next',
        group: 'navigate',
        keys: ['j', 'ArrowDown'],
        repeats: true,
        run: () => choose(1),
      },
      {
        id: 'list.previous',
        title: 'worklist.previous',
        group: 'navigate',
        keys: ['k', 'ArrowUp'],
        repeats: true,
        run: () => choose(-1),
      },
      { id: 'list.open', title: 'worklist.open', group: 'navigate', keys: ['Enter'], run: open },
      {
        id: 'list.search',
        title: 'worklist.focusSearch',
        group: 'navigate',
        keys: ['/'],
        run: () => {
          searchField.current?.focus();
          searchField.current?.select();
        },
      },
      {
        id: 'list.clear',
        title: 'worklist.clear',
        group: 'navigate',
        keys: ['Escape'],
        run: () => setFilters(NO_FILTERS),
      },
      { id: 'list.refresh', title: 'worklist.refresh', group: 'general', keys: ['r'], run: list.reload },
    ];
  }, [list.reload, onOpen, onChoosing, setFilters]);
  useCommands(commands);

  useEffect(() => {
    if (!chosenUid && rows[0]) setChosenUid(rows[0].study_instance_uid);
  }, [chosenUid, rows]);

  const empty = !list.loading && !list.error && rows.length === 0;
  const chosenRow = rows[chosen];
  return (
    <main className="worklist">
      <h1 className="visually-hidden">{t('worklist.title')}</h1>
      <FilterBar ref={searchField} filters={filters} total={list.total} loading={list.loading} onChange={setFilters} />
      <div className="worklist-body">
        {empty && !isFiltered(filters) ? (
          <EmptyState status={status} />
        ) : (
          <div className="worklist-list">
            <StudyTable
              ref={table}
              rows={rows}
              hasMore={list.hasMore}
              filters={filters}
              chosen={chosen}
              onChoose={(studyUid) => {
                setChosenUid(studyUid);
                onChoosing();
              }}
              onOpen={onOpen}
              onSort={(sort, descending) => setFilters({ sort, descending })}
              onMore={list.more}
            />
            {list.error && (
              <div className="list-message" role="alert">
                <p>
                  {t('worklist.failed')}{' '}
                  {list.error.status ? t('error.server', { status: list.error.status }) : t('error.unreachable')}
                </p>
                <button type="button" className="button" onClick={list.reload}>
                  {t('app.retry')}
                </button>
              </div>
            )}
            {empty && (
              <div className="list-message">
                <p>{t('worklist.nothing')}</p>
                <p className="muted">{t('worklist.nothingHint')}</p>
                <button type="button" className="button" onClick={() => setFilters(NO_FILTERS)}>
                  {t('worklist.clear')}
                </button>
              </div>
            )}
          </div>
        )}
        {rows.length > 0 && <Peek row={chosenRow} onOpen={onOpen} />}
      </div>
    </main>
  );
}
