import { forwardRef, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react';
import type { StudyRow } from '../../api/types';
import { type MessageKey, t } from '../../i18n';
import { count, dicomDate, dicomTime, moment, personName } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { hasPictures, picturesFirst } from '../../ui/modalities';
import { priorityKey, STATUS_SIGNS, statusKey } from '../../ui/reading';
import type { Filters, SortKey } from './filters';
import type { Picked } from './usePicked';
import { ROW_PX, scrollToShow, visibleRows } from './visibleRows';

export interface TableHandle {
  show: (row: number) => void;
  scrollToTop: () => void;
}

interface Props {
  rows: readonly StudyRow[];
  hasMore: boolean;
  filters: Filters;
  chosen: number;
  picked: Picked;
  onChoose: (studyUid: string) => void;
  onOpen: (studyUid: string) => void;
  onSort: (sort: SortKey, descending: boolean) => void;
  onMore: () => void;
}

const COLUMNS: ReadonlyArray<{ id: string; title: MessageKey; sort?: SortKey }> = [
  { id: 'priority', title: 'worklist.col.priority', sort: 'priority' },
  { id: 'status', title: 'worklist.col.status', sort: 'status' },
  { id: 'patient', title: 'worklist.col.patient', sort: 'patient_name' },
  { id: 'id', title: 'worklist.col.id', sort: 'patient_id' },
  { id: 'birth', title: 'worklist.col.birth' },
  { id: 'date', title: 'worklist.col.date', sort: 'study_date' },
  { id: 'modality', title: 'worklist.col.modality', sort: 'modality' },
  { id: 'description', title: 'worklist.col.description', sort: 'description' },
  { id: 'accession', title: 'worklist.col.accession', sort: 'accession_number' },
  { id: 'images', title: 'worklist.col.images' },
  { id: 'received', title: 'worklist.col.received', sort: 'received_at' },
];

/** Dates and counts are wanted newest or largest first, names from A. */
const DESCENDING_FIRST: ReadonlySet<SortKey> = new Set(['study_date', 'received_at', 'priority']);
const ROWS_BEFORE_END = 20;

/** Rows in view only, whatever the length of the list. */
export const StudyTable = forwardRef<TableHandle, Props>(function StudyTable(props, handle) {
  const { rows, hasMore, filters, chosen, picked, onChoose, onOpen, onSort, onMore } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const { first, last } = visibleRows(view.top, view.height - ROW_PX, rows.length);
  useEffect(() => {
    if (hasMore && last >= rows.length - ROWS_BEFORE_END) onMore();
  }, [hasMore, last, rows.length, onMore]);

  useImperativeHandle(
    handle,
    () => ({
      show: (row) => {
        const element = scroller.current;
        if (element) element.scrollTop = scrollToShow(row, element.scrollTop, element.clientHeight - ROW_PX);
      },
      scrollToTop: () => scroller.current?.scrollTo({ top: 0 }),
    }),
    [],
  );

  return (
    <div
      className="table"
      ref={scroller}
      role="grid"
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-label={t('worklist.title')}
      onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
    >
      <div className="table-head" role="row" aria-rowindex={1}>
        <span className="cell cell-pick" role="columnheader">
          <input
            type="checkbox"
            aria-label={t('worklist.pickAll')}
            ref={(box) => {
              if (box) box.indeterminate = picked.uids.size > 0 && picked.uids.size < rows.length;
            }}
            checked={rows.length > 0 && picked.uids.size >= rows.length}
            onChange={picked.toggleAll}
          />
        </span>
        <span className="cell cell-thumb" role="columnheader" aria-hidden="true" />
        {COLUMNS.map((column) => {
          const sorted = column.sort !== undefined && column.sort === filters.sort;
          return (
            <span
              key={column.id}
              className={`cell cell-${column.id}`}
              role="columnheader"
              aria-sort={sorted ? (filters.descending ? 'descending' : 'ascending') : undefined}
            >
              {column.sort ? (
                <button
                  type="button"
                  className="sort"
                  onClick={() => {
                    const key = column.sort as SortKey;
                    onSort(key, sorted ? !filters.descending : DESCENDING_FIRST.has(key));
                  }}
                >
                  {t(column.title)}
                  {sorted && <Icon name={filters.descending ? 'down' : 'up'} size={12} />}
                </button>
              ) : (
                t(column.title)
              )}
            </span>
          );
        })}
      </div>
      <div role="rowgroup" style={{ height: (rows.length + (hasMore ? 1 : 0)) * ROW_PX, position: 'relative' }}>
        {rows.slice(first, last).map((row, at) => (
          <Row
            key={row.study_instance_uid}
            row={row}
            index={first + at}
            chosen={first + at === chosen}
            isPicked={picked.uids.has(row.study_instance_uid)}
            picked={picked}
            onChoose={onChoose}
            onOpen={onOpen}
          />
        ))}
        {hasMore && (
          <div className="row-more muted" style={{ top: rows.length * ROW_PX }}>
            {t('worklist.loadingMore')}
          </div>
        )}
      </div>
    </div>
  );
});

interface RowProps {
  row: StudyRow;
  index: number;
  chosen: boolean;
  isPicked: boolean;
  picked: Picked;
  onChoose: (studyUid: string) => void;
  onOpen: (studyUid: string) => void;
}

function Row({ row, index, chosen, isPicked, picked, onChoose, onOpen }: RowProps) {
  const uid = row.study_instance_uid;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter do the same from anywhere on the page
    <div
      role="row"
      tabIndex={chosen ? 0 : -1}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      className={`study-row${index % 2 ? ' odd' : ''}${isPicked ? ' picked' : ''}`}
      data-testid="study-row"
      style={{ top: index * ROW_PX }}
      onClick={(event) => {
        if (event.shiftKey) picked.extendTo(uid);
        else if (event.ctrlKey || event.metaKey) picked.toggle(uid);
        onChoose(uid);
      }}
      onDoubleClick={() => onOpen(uid)}
    >
      <span className="cell cell-pick" role="gridcell">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={t('worklist.pickOne', { name: personName(row.patient_name) || row.patient_id })}
          checked={isPicked}
          onChange={() => {}}
          onClick={(event) => {
            event.stopPropagation();
            if (event.shiftKey) picked.extendTo(uid);
            else picked.toggle(uid);
          }}
          onDoubleClick={(event) => event.stopPropagation()}
        />
      </span>
      <span className="cell cell-thumb" role="gridcell">
        {row.modalities.some(hasPictures) && (
          <img
            src={row.thumbnail}
            alt=""
            loading="lazy"
            decoding="async"
            onError={(event) => event.currentTarget.remove()}
          />
        )}
      </span>
      <span className="cell cell-priority" role="gridcell">
        {row.priority !== 'routine' && (
          <span className={`priority priority-${row.priority}`}>
            {t(row.priority === 'stat' ? 'reading.pill.stat' : priorityKey(row.priority))}
          </span>
        )}
      </span>
      <span className={`cell cell-status status-${row.status}`} role="gridcell">
        <span aria-hidden="true">{STATUS_SIGNS[row.status]}</span> {t(statusKey(row.status))}
      </span>
      <span className="cell cell-patient" role="gridcell" title={personName(row.patient_name)}>
        {personName(row.patient_name) || <span className="muted">{t('worklist.noName')}</span>}
      </span>
      <span className="cell cell-id" role="gridcell" title={row.patient_id}>
        {row.patient_id}
      </span>
      <span className="cell cell-birth muted" role="gridcell">
        {[dicomDate(row.birth_date), row.sex].filter(Boolean).join(' ')}
      </span>
      <span className="cell cell-date" role="gridcell">
        {dicomDate(row.study_date)} <span className="muted">{dicomTime(row.study_time)}</span>
      </span>
      <span className="cell cell-modality" role="gridcell" title={row.modalities.join(' ')}>
        {picturesFirst(row.modalities).join(' ')}
      </span>
      <span className="cell cell-description" role="gridcell" title={row.description}>
        {row.description || <span className="muted">{t('worklist.noDescription')}</span>}
      </span>
      <span className="cell cell-accession" role="gridcell" title={row.accession_number}>
        {row.accession_number}
      </span>
      <span className="cell cell-images" role="gridcell">
        {count(row.series_count)} <span className="muted">/ {count(row.instance_count)}</span>
      </span>
      <span className="cell cell-received muted" role="gridcell">
        {moment(row.received_at)}
      </span>
    </div>
  );
}
