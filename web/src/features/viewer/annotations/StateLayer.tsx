import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { StateOver, StateText } from '../../../api/types';
import { t } from '../../../i18n';
import type { Tile, TileState } from '../../../imaging';
import { number, TAG } from '../../../imaging/dicom';
import { cornersOf } from '../../../imaging/layOut';
import { type Place, pathOf, shutterPaths } from '../../../imaging/statePaths';
import { Icon } from '../../../ui/Icon';
import { applyState } from './applyState';
import { type ListedView, shows, type ViewStore } from './views';

interface Props {
  views: ViewStore;
  position: number;
  tile: Tile;
  state: TileState;
}

/** Over a picture: what the chosen view draws on this frame. It is laid out as the view says when the view is chosen. */
export function StateLayer({ views, position, tile, state }: Props) {
  const { chosen } = useSyncExternalStore(views.subscribe, views.getState);
  const view = chosen.get(position);
  const slice = state.displaySet?.slices[state.index];
  const ready = state.status === 'ready' && slice !== undefined;
  const over = useOver(views, view, tile, ready ? slice.sopInstanceUid : '', slice?.frame ?? 1);
  if (!view || !ready || !shows(view.state, slice.sopInstanceUid, slice.frame)) return null;
  const name = view.state.description || view.state.label;
  return (
    <>
      {over && <Drawn over={over} tile={tile} state={state} />}
      <div className="view-chip" data-testid="view-chip" title={over?.beyond.length ? t('view.beyond') : undefined}>
        <span>{t('view.shown', { name })}</span>
        {over && over.beyond.length > 0 && <Icon name="warning" size={13} />}
        <button
          type="button"
          aria-label={t('view.close', { name })}
          title={t('view.close', { name })}
          onClick={() => {
            views.choose(position, undefined);
            tile.reset();
          }}
        >
          <Icon name="close" size={12} />
        </button>
      </div>
    </>
  );
}

function useOver(
  views: ViewStore,
  view: ListedView | undefined,
  tile: Tile,
  sopInstanceUid: string,
  frame: number,
): StateOver | undefined {
  const [found, setFound] = useState<{ key: string; over: StateOver }>();
  const applied = useRef<ListedView>(undefined);
  const key = `${view?.state.sop_instance_uid}/${sopInstanceUid}/${frame}`;
  useEffect(() => {
    if (!view) applied.current = undefined;
    if (!view || sopInstanceUid === '' || !shows(view.state, sopInstanceUid, frame)) return;
    let live = true;
    views
      .over(view, sopInstanceUid, frame)
      .then((over) => {
        if (!live) return;
        if (applied.current !== view) applyState(tile, over);
        applied.current = view;
        setFound({ key, over });
      })
      .catch((error: unknown) => live && views.fail(error));
    return () => {
      live = false;
    };
  }, [views, view, tile, sopInstanceUid, frame, key]);
  return found?.key === key ? found.over : undefined;
}

function Drawn({ over, tile, state }: { over: StateOver; tile: Tile; state: TileState }) {
  const place: Place = (point) => tile.framing.place(point);
  const { clientWidth, clientHeight } = tile.element;
  const relative = relativePlace(over, state, place);
  const grey = (shade: number): string => `rgb(${shade} ${shade} ${shade})`;
  return (
    <svg className="state-layer" aria-hidden="true" data-testid="state-layer">
      {over.shutter &&
        shutterPaths(over.shutter, place, clientWidth, clientHeight).map((path) => (
          <path key={path} d={path} fill={grey(over.shutter?.shade ?? 0)} fillRule="evenodd" />
        ))}
      {over.graphics.map((graphic, at) => {
        const path = pathOf(graphic, graphic.relative ? relative : place);
        const colour = grey(graphic.shade);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: figures have no identity but their place in the state
          <g key={at} fill="none">
            <path className="state-halo" d={path} />
            <path d={path} stroke={colour} fill={graphic.filled ? colour : 'none'} />
          </g>
        );
      })}
      {over.texts.map((text, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: texts have no identity but their place in the state
        <Words key={at} text={text} place={place} relative={relative} />
      ))}
    </svg>
  );
}

/** Shares of the area shown, as it stands on the display (PS3.3 C.10.5.1.1). */
function relativePlace(over: StateOver, state: TileState, place: Place): Place {
  const size = (tag: string): number => number(state.instance ?? {}, tag) ?? 1;
  const [one, other] = cornersOf(over.area ?? [1, 1, size(TAG.columns), size(TAG.rows)]).map(place) as [
    readonly [number, number],
    readonly [number, number],
  ];
  const [left, top] = [Math.min(one[0], other[0]), Math.min(one[1], other[1])];
  const [width, height] = [Math.abs(other[0] - one[0]), Math.abs(other[1] - one[1])];
  return ([x, y]) => [left + x * width, top + y * height];
}

const LINE_HEIGHT = 15;
const ANCHORS: Readonly<Record<string, 'start' | 'middle' | 'end'>> = { LEFT: 'start', CENTER: 'middle', RIGHT: 'end' };

function Words({ text, place, relative }: { text: StateText; place: Place; relative: Place }) {
  const box = text.box?.map(text.box_relative ? relative : place);
  const anchor = text.anchor ? (text.anchor_relative ? relative : place)(text.anchor) : undefined;
  const [start, end] = box ?? [];
  const justification = start && end ? (ANCHORS[text.justification] ?? 'start') : 'start';
  const left = start && end ? Math.min(start[0], end[0]) : (anchor?.[0] ?? 0);
  const right = start && end ? Math.max(start[0], end[0]) : left;
  const x = justification === 'start' ? left : justification === 'end' ? right : (left + right) / 2;
  const y = start && end ? Math.min(start[1], end[1]) : (anchor?.[1] ?? 0);
  const colour = `rgb(${text.shade} ${text.shade} ${text.shade})`;
  return (
    <>
      {anchor && text.anchor_visible && start && end && (
        <path d={`M${(left + right) / 2} ${(start[1] + end[1]) / 2}L${anchor[0]} ${anchor[1]}`} stroke={colour} />
      )}
      <text x={x} y={y} fill={colour} textAnchor={justification}>
        {text.text.split(/\r\n|\n|\r/).map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
          <tspan key={at} x={x} dy={LINE_HEIGHT}>
            {line}
          </tspan>
        ))}
      </text>
    </>
  );
}
