import { useEffect, useRef } from 'react';
import { shapeOf, tileCount } from './layout';
import type { ViewerSession, ViewerState } from './session';
import { TileView } from './TileView';

interface Props {
  session: ViewerSession;
  viewer: ViewerState;
  /** Series of which something was measured that the server does not have. */
  unsaved: ReadonlySet<string>;
}

/** The tiles, in rows and columns; the renderer follows every change of their size. */
export function Grid({ session, viewer, unsaved }: Props) {
  const grid = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the tiles observed change with the layout
  useEffect(() => {
    const observed = grid.current;
    if (!observed) return;
    let request = 0;
    const observer = new ResizeObserver(() => {
      cancelAnimationFrame(request);
      request = requestAnimationFrame(() => session.stage.resize());
    });
    observer.observe(observed);
    for (const tile of observed.children) observer.observe(tile);
    return () => {
      cancelAnimationFrame(request);
      observer.disconnect();
    };
  }, [session, viewer.layout]);

  const { rows, columns } = shapeOf(viewer.layout);
  const alone = viewer.maximised || tileCount(viewer.layout) === 1;
  return (
    <main
      className={`grid${alone ? ' grid-alone' : ''}`}
      style={{ gridTemplate: `repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))` }}
      ref={grid}
    >
      {Array.from({ length: rows * columns }, (_, position) => (
        <TileView
          // biome-ignore lint/suspicious/noArrayIndexKey: a tile is its position
          key={position}
          session={session}
          viewer={viewer}
          position={position}
          area={`${Math.floor(position / columns) + 1} / ${(position % columns) + 1}`}
          assignment={viewer.tiles[position]}
          unsaved={unsaved.has(viewer.tiles[position]?.seriesUid ?? '')}
        />
      ))}
    </main>
  );
}
