import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, api } from '../../api/client';
import type { StudyRow, Worklist } from '../../api/types';
import { type Filters, filtersToQuery } from './filters';

const PAGE = 100;

export interface WorklistData {
  rows: readonly StudyRow[];
  total: Worklist['total'] | undefined;
  /** The first page of the current filters is not here yet. */
  loading: boolean;
  hasMore: boolean;
  error: ApiError | undefined;
  more: () => void;
  reload: () => void;
}

/**
 * Rows by filters, page after page.
 * version: changes when the archive holds more; the list then follows, as long as only its first page is shown.
 */
export function useWorklist(filters: Filters, version: string): WorklistData {
  const [rows, setRows] = useState<readonly StudyRow[]>([]);
  const [total, setTotal] = useState<Worklist['total']>();
  const [next, setNext] = useState<string | null>(null);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError>();
  const [round, setRound] = useState(0);
  const fetching = useRef(false);
  const paged = useRef(false);
  const seen = useRef(version);
  const base = filtersToQuery(filters, new Date(), PAGE, null);
  const latest = useRef(base);
  latest.current = base;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` only asks for another look
  useEffect(() => {
    const abort = new AbortController();
    paged.current = false;
    setLoading(true);
    api
      .worklist(base, abort.signal)
      .then((page) => {
        setRows(page.rows);
        setTotal(page.total);
        setNext(page.next);
        setError(undefined);
        setLoading(false);
      })
      .catch((cause: unknown) => {
        if (abort.signal.aborted) return;
        setError(cause instanceof ApiError ? cause : new ApiError(0, 'unknown', String(cause)));
        setLoading(false);
      });
    return () => abort.abort();
  }, [base, round]);

  useEffect(() => {
    if (seen.current === version) return;
    seen.current = version;
    if (!paged.current) setRound((before) => before + 1);
  }, [version]);

  const more = useCallback(() => {
    if (!next || fetching.current) return;
    fetching.current = true;
    paged.current = true;
    const asked = base;
    api
      .worklist(`${base}&after=${encodeURIComponent(next)}`)
      .then((page) => {
        // The filters may have changed meanwhile; these rows are then of another list.
        if (asked !== latest.current) return;
        setRows((before) => [...before, ...page.rows]);
        setNext(page.next);
        setTotal(page.total);
      })
      .catch((cause: unknown) => setError(cause instanceof ApiError ? cause : undefined))
      .finally(() => {
        fetching.current = false;
      });
  }, [base, next]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { rows, total, loading, hasMore: next !== null, error, more, reload };
}
