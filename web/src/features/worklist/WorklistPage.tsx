import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ServerStatus } from '../../api/types';
import { useCommands } from '../../commands/registry';
import { t } from '../../i18n';
import { BulkBar } from './BulkBar';
import { listCommands } from './commands';
import { EmptyState } from './EmptyState';
import { FilterBar } from './FilterBar';
import { type Filters, filtersFromUrl, filtersToUrl, isFiltered, NO_FILTERS } from './filters';
import { NoticeBar } from './NoticeBar';
import { Peek } from './Peek';
import { RejectDialog } from './RejectDialog';
import { SendDialog } from './SendDialog';
import { StudyTable, type TableHandle } from './StudyTable';
import { useDeeds } from './useDeeds';
import { usePicked } from './usePicked';
import { useWorklist } from './useWorklist';
import './worklist.css';

interface Props {
  /** The query string of the page. */
  search: string;
  status: ServerStatus | undefined;
  /** Whether the person may change, send and reject studies. */
  mayEdit: boolean;
  /** How files are chosen for an upload, where there is nothing to list yet. */
  upload: ReactNode;
  onSearch: (search: string) => void;
  onOpen: (studyUid: string) => void;
  /** Somebody walks through the list: a study will soon be opened. */
  onChoosing: () => void;
}

export function WorklistPage({ search, status, mayEdit, upload, onSearch, onOpen, onChoosing }: Props) {
  const filters = useMemo(() => filtersFromUrl(search), [search]);
  const list = useWorklist(filters);
  const { rows } = list;
  const deeds = useDeeds(list);
  const picked = usePicked(rows);
  const [chosenUid, setChosenUid] = useState<string>();
  const [peeking, setPeeking] = useState(true);
  const [dialog, setDialog] = useState<'send' | 'reject'>();
  const table = useRef<TableHandle>(null);
  const searchField = useRef<HTMLInputElement>(null);
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
  const meant = picked.uids.size > 0 ? [...picked.uids] : chosenUid ? [chosenUid] : [];
  const meantRows = rows.filter((row) => meant.includes(row.study_instance_uid));
  const now = useRef({ rows, chosen, meant, picked, undo: deeds.notice?.undo });
  now.current = { rows, chosen, meant, picked, undo: deeds.notice?.undo };
  const { reload } = list;
  const { mark, exportZip } = deeds;
  const commands = useMemo(
    () =>
      listCommands({
        rows: () => now.current.rows,
        chosen: () => now.current.chosen,
        choose: (row) => {
          setChosenUid(now.current.rows[row]?.study_instance_uid);
          onChoosing();
          table.current?.show(row);
        },
        open: onOpen,
        pick: (uid) => now.current.picked.toggle(uid),
        togglePeek: () => setPeeking((before) => !before),
        focusSearch: () => {
          searchField.current?.focus();
          searchField.current?.select();
        },
        clear: () => {
          if (now.current.picked.uids.size > 0) now.current.picked.clear();
          else setFilters(NO_FILTERS);
        },
        reload,
        undo: () => now.current.undo?.(),
        meant: () => now.current.meant,
        mayEdit,
        mark,
        exportZip,
        send: () => setDialog('send'),
        reject: () => setDialog('reject'),
      }),
    [reload, mark, exportZip, mayEdit, onOpen, onChoosing, setFilters],
  );
  useCommands(commands);

  useEffect(() => {
    // After a search Enter opens what was found.
    if (chosen < 0 && rows[0]) setChosenUid(rows[0].study_instance_uid);
  }, [chosen, rows]);

  const closeDialog = useCallback(() => setDialog(undefined), []);
  const empty = !list.loading && !list.error && rows.length === 0;
  return (
    <main className="worklist">
      <h1 className="visually-hidden">{t('worklist.title')}</h1>
      <FilterBar
        ref={searchField}
        filters={filters}
        total={list.total}
        loading={list.loading}
        onChange={setFilters}
        onSearch={onSearch}
      />
      {picked.uids.size > 0 && (
        <BulkBar
          picked={picked.uids.size}
          mayEdit={mayEdit}
          busy={deeds.busy}
          onMark={(said) => deeds.mark(meant, said)}
          onExport={() => deeds.exportZip(meant)}
          onSend={() => setDialog('send')}
          onReject={() => setDialog('reject')}
          onClear={picked.clear}
        />
      )}
      <div className="worklist-body">
        {empty && !isFiltered(filters) ? (
          <EmptyState status={status}>{upload}</EmptyState>
        ) : (
          <div className="worklist-list">
            <StudyTable
              ref={table}
              rows={rows}
              hasMore={list.hasMore}
              filters={filters}
              chosen={chosen}
              picked={picked}
              onChoose={(studyUid) => {
                setChosenUid(studyUid);
                onChoosing();
              }}
              onOpen={onOpen}
              onSort={(sort, descending) => setFilters({ sort, descending })}
              onMore={list.more}
            />
            {list.error && rows.length === 0 && (
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
        {peeking && rows.length > 0 && (
          <Peek
            row={rows[chosen]}
            onOpen={onOpen}
            onMark={mayEdit ? (uid, said) => deeds.mark([uid], said) : undefined}
          />
        )}
      </div>
      <NoticeBar notice={deeds.notice} onDismiss={deeds.dismiss} />
      {dialog === 'reject' && (
        <RejectDialog
          studies={meantRows}
          onClose={closeDialog}
          onReject={(code, reason) => {
            deeds.reject(meant, code, reason);
            picked.clear();
          }}
        />
      )}
      {dialog === 'send' && (
        <SendDialog studies={meantRows} onClose={closeDialog} onSend={(aeTitle) => deeds.send(meant, aeTitle)} />
      )}
    </main>
  );
}
