import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ApiError, api } from '../../api/client';
import type { StudyRow, Worklist } from '../../api/types';
import { currentLanguage } from '../../i18n';
import { type Filters, filtersToQuery } from './filters';
import { readerNow } from './reader';
import { useFeed } from './useFeed';

const PAGE = 100;
/** The most that one request gives. */
const MOST_ROWS = 500;

export interface WorklistData {
  rows: readonly StudyRow[];
  total: Worklist['total'] | undefined;
  /** The first page of the current filters is not here yet. */
  loading: boolean;
  hasMore: boolean;
  error: ApiError | undefined;
  more: () => void;
  /** From the first page on. */
  reload: () => void;
  /** What is shown, anew. */
  refresh: () => void;
  /** Shows something of these studies at once, before the server's list is here again. */
  assume: (uids: readonly string[], part: Partial<StudyRow>) => void;
  /** Shows these no longer. */
  forget: (uids: readonly string[]) => void;
}

/** Rows by filters, page after page; what changes in the archive is followed. */
export function useWorklist(filters: Filters): WorklistData {
  const [rows, setRows] = useState<readonly StudyRow[]>([]);
  const [total, setTotal] = useState<Worklist['total']>();
  const [next, setNext] = useState<string | null>(null);
  const [since, setSince] = useState<number>();
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError>();
  const [round, setRound] = useState(0);
  const fetching = useRef(false);
  const language = currentLanguage();
  const query = useCallback(
    (limit: number) => filtersToQuery(filters, readerNow(language), limit, null),
    [filters, language],
  );
  const base = query(PAGE);
  const latest = useRef(base);
  latest.current = base;
  /** An answer counts only while nothing else has been asked since. */
  const turns = useRef(0);
  const shown = useRef(rows);
  shown.current = rows;

  const fail = useCallback((cause: unknown) => {
    setError(cause instanceof ApiError ? cause : new ApiError(0, 'unknown', String(cause)));
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` only asks for another look
  useEffect(() => {
    const abort = new AbortController();
    turns.current += 1;
    setLoading(true);
    api
      .worklist(base, abort.signal)
      .then((page) => {
        setRows(page.rows);
        setTotal(page.total);
        setNext(page.next);
        setSince(page.change);
        setError(undefined);
        setLoading(false);
      })
      .catch((cause: unknown) => {
        if (abort.signal.aborted) return;
        fail(cause);
        setLoading(false);
      });
    return () => abort.abort();
  }, [base, round, fail]);

  /** As many rows as are shown, anew; what is beyond one request keeps its place. */
  const follow = useCallback(
    async (signal: AbortSignal) => {
      turns.current += 1;
      const turn = turns.current;
      const limit = Math.min(MOST_ROWS, Math.max(PAGE, shown.current.length));
      const page = await api.worklist(query(limit), signal, true);
      if (turn !== turns.current) return;
      const before = shown.current;
      if (before.length <= limit) {
        setRows(page.rows);
        setNext(page.next);
      } else {
        const fresh = new Set(page.rows.map((row) => row.study_instance_uid));
        setRows([...page.rows, ...before.slice(limit).filter((row) => !fresh.has(row.study_instance_uid))]);
      }
      setTotal(page.total);
      setSince(page.change);
      setError(undefined);
    },
    [query],
  );
  useFeed(loading ? undefined : since, follow);

  const more = useCallback(() => {
    if (!next || fetching.current) return;
    fetching.current = true;
    const asked = base;
    api
      .worklist(`${base}&after=${encodeURIComponent(next)}`)
      .then((page) => {
        // The filters may have changed meanwhile; these rows are then of another list.
        if (asked !== latest.current) return;
        setRows((before) => {
          const known = new Set(before.map((row) => row.study_instance_uid));
          return [...before, ...page.rows.filter((row) => !known.has(row.study_instance_uid))];
        });
        setNext(page.next);
        setTotal(page.total);
      })
      .catch(fail)
      .finally(() => {
        fetching.current = false;
      });
  }, [base, next, fail]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  const refresh = useCallback(() => void follow(new AbortController().signal).catch(fail), [follow, fail]);
  const forget = useCallback((uids: readonly string[]) => {
    const meant = new Set(uids);
    setRows((before) => before.filter((row) => !meant.has(row.study_instance_uid)));
  }, []);
  const assume = useCallback((uids: readonly string[], part: Partial<StudyRow>) => {
    const meant = new Set(uids);
    setRows((before) => before.map((row) => (meant.has(row.study_instance_uid) ? { ...row, ...part } : row)));
  }, []);
  return useMemo(
    () => ({ rows, total, loading, hasMore: next !== null, error, more, reload, refresh, assume, forget }),
    [rows, total, loading, next, error, more, reload, refresh, assume, forget],
  );
}
