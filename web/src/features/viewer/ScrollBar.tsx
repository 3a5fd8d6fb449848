import { type PointerEvent, useMemo } from 'react';
import { t } from '../../i18n';

interface Props {
  index: number;
  count: number;
  loaded: Uint8Array;
  /** 0-based indexes of key images. */
  keys: readonly number[];
  /** 0-based indexes of slices on which something was measured. */
  measured: readonly number[];
  onScroll: (index: number) => void;
}

/** Runs of loaded slices as fractions of the bar's height. */
export function loadedRuns(loaded: Uint8Array): Array<{ from: number; to: number }> {
  const runs: Array<{ from: number; to: number }> = [];
  loaded.forEach((isLoaded, at) => {
    const last = runs.at(-1);
    if (!isLoaded) return;
    if (last && last.to === at) last.to = at + 1;
    else runs.push({ from: at, to: at + 1 });
  });
  return runs.map(({ from, to }) => ({ from: from / loaded.length, to: to / loaded.length }));
}

/** The slider at the side of a tile: where in the stack one is, and which slices are in memory. */
export function ScrollBar({ index, count, loaded, keys, measured, onScroll }: Props) {
  const runs = useMemo(() => loadedRuns(loaded), [loaded]);
  const goTo = (event: PointerEvent<HTMLDivElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientY - box.top) / Math.max(1, box.height);
    onScroll(Math.min(count - 1, Math.max(0, Math.floor(share * count))));
  };
  return (
    <div
      className="scrollbar"
      role="slider"
      tabIndex={-1}
      aria-label={t('viewer.scroll')}
      aria-orientation="vertical"
      aria-valuemin={1}
      aria-valuemax={count}
      aria-valuenow={index + 1}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        goTo(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) goTo(event);
      }}
    >
      {runs.map(({ from, to }) => (
        <i key={from} className="scrollbar-run" style={{ top: `${from * 100}%`, height: `${(to - from) * 100}%` }} />
      ))}
      {measured.map((at) => (
        <i
          key={`measured ${at}`}
          className="scrollbar-measured"
          data-testid="scroll-measured"
          style={{ top: `${((at + 0.5) / count) * 100}%` }}
        />
      ))}
      {keys.map((at) => (
        <i
          key={at}
          className="scrollbar-key"
          data-testid="scroll-key"
          style={{ top: `${((at + 0.5) / count) * 100}%` }}
        />
      ))}
      <b className="scrollbar-thumb" style={{ top: `${((index + 0.5) / count) * 100}%` }} />
    </div>
  );
}
