import { useCallback, useSyncExternalStore } from 'react';
import type { Tile, TileState } from '../../imaging';
import type { Vector } from '../../imaging/orientation';
import { crossing, distanceFrom, planesOf, stepOf } from '../../imaging/planes';
import { EMPTY_TILE } from '../../imaging/tileState';
import type { ViewerSession } from './session';

interface Props {
  session: ViewerSession;
  tile: Tile;
  state: TileState;
  /** The active tile, where it is another one. */
  active: Tile | undefined;
}

/** Drawn over a picture: where the active tile's slice cuts it, and the 3D cursor where this slice holds it. */
export function Crossings({ session, tile, state, active }: Props) {
  const { links } = session.stage;
  const link = useSyncExternalStore(links.subscribe, links.getState);
  const subscribe = useCallback((listener: () => void) => active?.subscribe(listener) ?? (() => {}), [active]);
  const other = useSyncExternalStore(subscribe, () => active?.getState() ?? EMPTY_TILE);
  const planes = state.displaySet ? planesOf(state.displaySet) : [];
  const plane = planes[state.index];
  if (!plane || state.status !== 'ready') return null;
  const source = other.displaySet && planesOf(other.displaySet)[other.index];
  const ends = link.lines && source ? crossing(source, plane) : undefined;
  const at = (point: Vector) => tile.canvasPoint(point);
  const cursor =
    link.cursor?.frameOfReference === plane.frameOfReference &&
    Math.abs(distanceFrom(plane, link.cursor.point)) <= Math.max(1, stepOf(planes) / 2 + 0.01)
      ? at(link.cursor.point)
      : undefined;
  const line = ends?.map(at);
  return (
    <svg className="crossings" aria-hidden="true">
      {line?.[0] && line[1] && (
        <line
          className="reference-line"
          data-testid="reference-line"
          x1={line[0][0]}
          y1={line[0][1]}
          x2={line[1][0]}
          y2={line[1][1]}
        />
      )}
      {cursor && (
        <path
          className="cursor-cross"
          data-testid="cursor"
          d={`M${cursor[0] - 14} ${cursor[1]}h10m8 0h10M${cursor[0]} ${cursor[1] - 14}v10m0 8v10`}
        />
      )}
    </svg>
  );
}
