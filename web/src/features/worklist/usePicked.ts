import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { StudyRow } from '../../api/types';
import { extended, MOST_PICKED, remaining, toggled } from './selection';

export interface Picked {
  uids: ReadonlySet<string>;
  toggle: (uid: string) => void;
  /** From the study that was picked last up to this one. */
  extendTo: (uid: string) => void;
  /** All of the list, or none where all are. */
  toggleAll: () => void;
  clear: () => void;
}

/** Studies picked for a deed on all of them; what leaves the list is not picked any more. */
export function usePicked(rows: readonly StudyRow[]): Picked {
  const [uids, setUids] = useState<ReadonlySet<string>>(new Set());
  const last = useRef('');
  const listed = useRef(rows);
  listed.current = rows;
  useEffect(() => {
    const inList = new Set(rows.map((row) => row.study_instance_uid));
    setUids((before) => remaining(before, inList));
  }, [rows]);
  const toggle = useCallback((uid: string) => {
    last.current = uid;
    setUids((before) => toggled(before, uid));
  }, []);
  const extendTo = useCallback((uid: string) => {
    const all = listed.current.map((row) => row.study_instance_uid);
    setUids((before) => extended(before, all, last.current, uid));
    last.current = uid;
  }, []);
  const toggleAll = useCallback(() => {
    const all = listed.current.map((row) => row.study_instance_uid).slice(0, MOST_PICKED);
    setUids((before) => (before.size >= all.length ? new Set() : new Set(all)));
  }, []);
  const clear = useCallback(() => setUids(new Set()), []);
  return useMemo(() => ({ uids, toggle, extendTo, toggleAll, clear }), [uids, toggle, extendTo, toggleAll, clear]);
}
