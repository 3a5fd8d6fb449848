import { useEffect, useState } from 'react';
import { worklistApi } from '../../api/worklist';

/** The list is asked for again no more often than this, however much arrives. */
const REST_MS = 2_000;
const RETRY_MS = [5_000, 15_000, 60_000];

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** While the page is in view: a connection that is held for a page nobody sees is one that another page lacks. */
function useVisible(): boolean {
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const look = (): void => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return visible;
}

/**
 * Waits for something to happen after the change `since`, then calls `changed`, which is to lead to another `since`.
 * The server holds one request open and looks once for all who wait.
 */
export function useFeed(since: number | undefined, changed: (signal: AbortSignal) => Promise<void>): void {
  const visible = useVisible();
  useEffect(() => {
    if (since === undefined || !visible) return;
    const abort = new AbortController();
    const { signal } = abort;
    const follow = async (): Promise<void> => {
      let failures = 0;
      while (!signal.aborted) {
        await rest(failures ? (RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] as number) : REST_MS, signal);
        if (signal.aborted) return;
        try {
          const answer = await worklistApi.changes(since, signal);
          if (answer.changes.length > 0) await changed(signal);
          failures = 0;
        } catch {
          failures += 1;
        }
      }
    };
    void follow();
    return () => abort.abort();
  }, [since, visible, changed]);
}
