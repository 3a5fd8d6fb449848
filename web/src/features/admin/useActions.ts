import { useCallback, useState } from 'react';
import { reasonOf } from '../../ui/reason';

export interface Failure {
  text: string;
  again: () => void;
}

export interface Actions {
  /** What is under way, by the keys of `run`. */
  busy: ReadonlySet<string>;
  /** What went wrong last, by the same keys: it is told beside the thing that it happened to. */
  failures: Readonly<Record<string, Failure>>;
  /** Whether it worked. */
  run: (key: string, action: () => Promise<unknown>) => Promise<boolean>;
}

export function useActions(): Actions {
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [failures, setFailures] = useState<Readonly<Record<string, Failure>>>({});
  const run = useCallback(async (key: string, action: () => Promise<unknown>): Promise<boolean> => {
    setBusy((before) => new Set([...before, key]));
    setFailures(({ [key]: _, ...others }) => others);
    try {
      await action();
      return true;
    } catch (cause) {
      const failure = { text: reasonOf(cause), again: () => void run(key, action) };
      setFailures((before) => ({ ...before, [key]: failure }));
      return false;
    } finally {
      setBusy((before) => new Set([...before].filter((one) => one !== key)));
    }
  }, []);
  return { busy, failures, run };
}
