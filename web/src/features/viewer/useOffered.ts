import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { ViewerSession } from './session';

/** What the image in the active tile offers to see, by name; the same array as long as the names are the same. */
export function useOffered(session: ViewerSession, active: number): readonly string[] {
  const state = useSyncExternalStore(session.subscribe, session.getState);
  // biome-ignore lint/correctness/useExhaustiveDependencies: which tile object is active follows from these
  const tile = useMemo(() => session.activeTile(), [session, active, state]);
  const subscribe = useCallback((listener: () => void) => tile?.subscribe(listener) ?? (() => {}), [tile]);
  const names = useSyncExternalStore(subscribe, () => JSON.stringify(tile?.getState().offered ?? []));
  return useMemo(() => JSON.parse(names) as string[], [names]);
}
