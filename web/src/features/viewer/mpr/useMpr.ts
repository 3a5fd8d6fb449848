import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Command } from '../../../commands/registry';
import type { Mpr } from '../../../imaging';
import type { ViewerSession, ViewerState } from '../session';
import { mprCommands } from './commands';
import { MprRoom, requestOf } from './room';

interface OpenedMpr {
  /** Undefined while the tiles are shown. */
  room: MprRoom | undefined;
  /** Of the tiles, with the way in; of the reformat while it is shown. */
  commands: readonly Command[];
  onOpened: (mpr: Mpr | undefined) => void;
  close: () => void;
}

/** The reformat of the active tile's series. Whoever chooses another series or layout is back at the tiles. */
export function useMpr(
  session: ViewerSession,
  viewer: ViewerState,
  commandsOfTiles: readonly Command[],
  around: { toggleFullScreen: () => void; modality: string },
): OpenedMpr {
  const [room, setRoom] = useState<MprRoom>();
  const [mpr, setMpr] = useState<Mpr>();
  const close = useCallback(() => setRoom(undefined), []);
  const open = useCallback(() => {
    const request = requestOf(session.activeTile());
    if (request) setRoom(new MprRoom(request, (studyUid, seriesUid) => session.loadSeries(studyUid, seriesUid)));
  }, [session]);
  useEffect(() => () => room?.close(), [room]);

  const shown = viewer.tiles[viewer.active];
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shown has changed
  useEffect(() => close, [close, session, shown, viewer.layout]);

  const subscribe = useCallback((listener: () => void) => mpr?.subscribe(listener) ?? (() => {}), [mpr]);
  // The tool bar shows which tool is active.
  const tool = useSyncExternalStore(subscribe, () => mpr?.getState().tool);
  const { toggleFullScreen, modality } = around;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the commands say which tool is active
  const commands = useMemo((): readonly Command[] => {
    if (room) return mprCommands(mpr, { close, toggleFullScreen, modality });
    const way: Command = {
      id: 'mpr',
      title: 'cmd.mpr',
      group: 'layout',
      keys: ['m'],
      active: () => false,
      enabled: () => requestOf(session.activeTile()) !== undefined,
      run: open,
    };
    return [...commandsOfTiles, way];
  }, [room, mpr, tool, commandsOfTiles, session, open, close, toggleFullScreen, modality]);
  return { room, commands, onOpened: setMpr, close };
}
