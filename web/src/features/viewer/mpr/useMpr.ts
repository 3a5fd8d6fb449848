import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Command } from '../../../commands/registry';
import type { Mpr } from '../../../imaging';
import type { ViewerSession, ViewerState } from '../session';
import { mprCommands } from './commands';
import { sliceAt } from './place';
import { MprRoom, requestOf } from './room';

interface OpenedMpr {
  /** Undefined while the tiles are shown. */
  room: MprRoom | undefined;
  /** Of the tiles, with the way in; of the reformat while it is shown. */
  commands: readonly Command[];
  onOpened: (mpr: Mpr | undefined) => void;
  /** To the images as they are. */
  close: () => void;
  /** To the images, at the slice of the crosshair where that was moved. */
  goBack: () => void;
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
  // Whoever went somewhere in the volume is there in the images as well.
  const goBack = useCallback(() => {
    const tile = session.activeTile();
    const { displaySet } = tile?.getState() ?? {};
    const moved = mpr?.hasMoved() && displaySet ? sliceAt(displaySet, mpr.getState().centre) : undefined;
    if (moved !== undefined) tile?.scrollTo(moved);
    close();
  }, [session, mpr, close]);
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
    if (room) return mprCommands(mpr, { close: goBack, toggleFullScreen, modality });
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
  }, [room, mpr, tool, commandsOfTiles, session, open, goBack, toggleFullScreen, modality]);
  return { room, commands, onOpened: setMpr, close, goBack };
}
