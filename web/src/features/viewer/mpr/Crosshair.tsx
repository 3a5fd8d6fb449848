import { type PointerEvent, useRef } from 'react';
import { t } from '../../../i18n';
import type { Mpr } from '../../../imaging';
import type { MprState } from '../../../imaging/volume/mprState';
import { cutOn, PLANES, type PlaneName } from '../../../imaging/volume/planes';

interface Props {
  mpr: Mpr;
  state: MprState;
  plane: PlaneName;
}

/** CSS pixels around the middle that stay free, so that what is there can be seen. */
const FREE = 14;
/** Of the shorter side of the picture: how far from the middle a line is taken to turn it. */
const GRIP = 0.36;

/** Where the two other planes cut this one. The middle moves all of them, the rings turn them. */
export function Crosshair({ mpr, state, plane }: Props) {
  const { centre, width, height } = state.views[plane];
  const angle = useRef<number>(undefined);
  const svg = useRef<SVGSVGElement>(null);
  const seen = state.orientation[plane];
  const far = width + height;
  const grip = Math.min(width, height) * GRIP;

  const place = (event: PointerEvent): readonly [number, number] => {
    const box = svg.current?.getBoundingClientRect();
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)];
  };
  const angleOf = (event: PointerEvent): number => {
    const [x, y] = place(event);
    return Math.atan2(y - centre[1], x - centre[0]);
  };
  const take = (event: PointerEvent<SVGElement>): void => {
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    angle.current = angleOf(event);
    mpr.activate(plane);
  };
  const holds = (event: PointerEvent<SVGElement>): boolean => event.currentTarget.hasPointerCapture(event.pointerId);
  const turn = (event: PointerEvent<SVGElement>): void => {
    if (!holds(event) || angle.current === undefined) return;
    const now = angleOf(event);
    mpr.turn(plane, now - angle.current);
    angle.current = now;
  };
  const move = (event: PointerEvent<SVGElement>): void => {
    if (holds(event)) mpr.pointAt(plane, place(event));
  };

  return (
    <svg className="mpr-crosshair" aria-hidden="true" ref={svg} data-testid={`mpr-cross-${plane}`}>
      {PLANES.filter((other) => other !== plane).map((other) => {
        const [x, y] = cutOn(seen, state.orientation[other]);
        const at = (distance: number) => [centre[0] + x * distance, centre[1] + y * distance] as const;
        return (
          <g key={other} className={`mpr-line mpr-line-${other}`} data-testid={`mpr-line-${other}`}>
            {[1, -1].map((side) => {
              const [from, to] = [at(FREE * side), at(far * side)];
              return <line key={side} x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} />;
            })}
            {[1, -1].map((side) => {
              const [gripX, gripY] = at(grip * side);
              return (
                <circle
                  key={side}
                  className="mpr-grip"
                  cx={gripX}
                  cy={gripY}
                  r={6}
                  onPointerDown={take}
                  onPointerMove={turn}
                >
                  <title>{t('mpr.turn')}</title>
                </circle>
              );
            })}
          </g>
        );
      })}
      <circle
        className="mpr-middle"
        cx={centre[0]}
        cy={centre[1]}
        r={FREE - 2}
        data-testid={`mpr-middle-${plane}`}
        onPointerDown={take}
        onPointerMove={move}
      >
        <title>{t('mpr.move')}</title>
      </circle>
    </svg>
  );
}
