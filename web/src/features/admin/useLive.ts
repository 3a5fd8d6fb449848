import { useCallback, useEffect, useRef, useState } from 'react';
import { reasonOf } from '../../ui/reason';

/** How the server is asked; `background`: by a clock, not by a person, so that it keeps no session alive. */
export interface Asking {
  signal: AbortSignal;
  background: boolean;
}

export interface Live<T> {
  /** The latest that the server said; it stays while the server is asked again, and when it fails to answer. */
  value: T | undefined;
  /** Why the latest attempt failed, in words; empty where it did not. */
  problem: string;
  refresh: () => Promise<void>;
}

/**
 * What the server says, asked again `everyMs` after each answer while the page is in view; 0: only when told to.
 * An answer that says the same as the one before changes nothing, so that nothing on the page moves.
 */
export function useLive<T>(load: (asking: Asking) => Promise<T>, everyMs = 0): Live<T> {
  const [value, setValue] = useState<T>();
  const [problem, setProblem] = useState('');
  const said = useRef('');
  const abort = useRef<AbortController>(undefined);

  const ask = useCallback(
    async (background: boolean): Promise<void> => {
      abort.current?.abort();
      const mine = new AbortController();
      abort.current = mine;
      try {
        const answer = await load({ signal: mine.signal, background });
        if (mine.signal.aborted) return;
        const text = JSON.stringify(answer);
        if (said.current !== text) setValue(answer);
        said.current = text;
        setProblem('');
      } catch (cause) {
        if (!mine.signal.aborted) setProblem(reasonOf(cause));
      }
    },
    [load],
  );

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const next = (): void => {
      if (!over && everyMs > 0) timer = setTimeout(() => void again(), everyMs);
    };
    const again = async (): Promise<void> => {
      if (!document.hidden) await ask(true);
      next();
    };
    void ask(false).then(next);
    return () => {
      over = true;
      clearTimeout(timer);
      abort.current?.abort();
    };
  }, [ask, everyMs]);

  const refresh = useCallback(() => ask(false), [ask]);
  return { value, problem, refresh };
}
