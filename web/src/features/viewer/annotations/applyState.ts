/** Between a tile and presentation states: what it shows as a view to be saved, and a state's picture on it. */
import type { Measurement, StateOver, ViewToSave } from '../../../api/types';
import type { Tile } from '../../../imaging';
import { number, TAG, text } from '../../../imaging/dicom';
import { figuresOf } from '../../../imaging/viewFigures';
import { rangeOf, windowOf } from '../../../imaging/voi';

export function applyState(tile: Tile, over: StateOver): void {
  tile.framing.set({ quarterTurns: over.quarter_turns, flipped: over.flipped }, over.area ?? undefined);
  if (over.window) {
    const { center, width, function: curve } = over.window;
    const known = curve === 'SIGMOID' || curve === 'LINEAR_EXACT' ? curve : 'LINEAR';
    const range = rangeOf(center, width, known !== 'LINEAR');
    tile.display.adopt({ explanation: '', curve: known, range }, over.inverted);
  } else tile.display.adopt(undefined, over.inverted);
  tile.render();
}

/** Of the picture on the tile, with what is drawn on it; undefined where there is none. */
export function viewOf(tile: Tile, name: string, measurements: readonly Measurement[]): ViewToSave | undefined {
  const state = tile.getState();
  const slice = state.displaySet?.slices[state.index];
  if (!slice || !state.drawn || state.status !== 'ready') return undefined;
  const { sopInstanceUid: uid, frame, instance } = slice;
  const { curve, range, inverted } = tile.display.look();
  const isColour =
    (number(instance, TAG.samplesPerPixel) ?? 1) > 1 || text(instance, TAG.photometric).startsWith('PALETTE');
  const { area, quarterTurns, flipped } = tile.framing.read();
  const here = measurements.filter((one) => one.sop_instance_uid === uid && one.frame === frame);
  // A table is the object's own: what is kept of it is the interval that it is spread over.
  const known = typeof curve === 'string' ? curve : 'LINEAR_EXACT';
  return {
    name,
    sop_instance_uid: uid,
    frame,
    window: isColour ? null : { ...windowOf(known, range), function: known },
    inverted: !isColour && inverted,
    quarter_turns: quarterTurns,
    flipped,
    area,
    ...figuresOf(here, state.zoom),
  };
}
