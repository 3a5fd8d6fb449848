import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { EMPTY_TILE, type TileState } from '../../imaging/tileState';
import type { ViewerSession } from './session';

/** Some of the state of the active tile, as text; the caller is drawn anew when that changes. */
function useOfActiveTile(session: ViewerSession, active: number, read: (state: TileState) => string): string {
  const state = useSyncExternalStore(session.subscribe, session.getState);
  // biome-ignore lint/correctness/useExhaustiveDependencies: which tile object is active follows from these
  const tile = useMemo(() => session.activeTile(), [session, active, state]);
  const subscribe = useCallback((listener: () => void) => tile?.subscribe(listener) ?? (() => {}), [tile]);
  return useSyncExternalStore(subscribe, () => read(tile?.getState() ?? EMPTY_TILE));
}

/** What the image in the active tile offers to see, by name; the same array as long as the names are the same. */
export function useOffered(session: ViewerSession, active: number): readonly string[] {
  const names = useOfActiveTile(session, active, ({ offered }) => JSON.stringify(offered));
  return useMemo(() => JSON.parse(names) as string[], [names]);
}

/** Draws the caller anew when the window of the active tile changes. */
export function useWindowOfActiveTile(session: ViewerSession, active: number): void {
  useOfActiveTile(session, active, ({ window, tableName }) => `${window?.center}/${window?.width}/${tableName}`);
}
