import { useId } from 'react';
import type { StorageShare } from '../../../api/types';
import { axisEnd } from './plot';

const WIDTH = 720;
const HEIGHT = 190;
const LEFT = 64;
const RIGHT = 18;
const BOTTOM = 22;
const TOP = 10;

interface Props {
  title: string;
  months: readonly StorageShare[];
  amountOf: (share: StorageShare) => number;
  say: (value: number) => string;
}

/** Bars by month. The same numbers stand in a table beside it, for those who do not see the picture. */
export function MonthChart({ title, months, amountOf, say }: Props) {
  const titleId = useId();
  const end = axisEnd(Math.max(0, ...months.map(amountOf)));
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, months.length);
  const high = HEIGHT - BOTTOM - TOP;
  const y = (value: number): number => TOP + high - (value / end) * high;
  const everyNth = Math.ceil(months.length / 12);
  return (
    <svg className="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={titleId}>
      <title id={titleId}>{title}</title>
      {[0, 0.5, 1].map((part) => (
        <g key={part}>
          <line className="chart-line" x1={LEFT} x2={WIDTH} y1={y(end * part)} y2={y(end * part)} />
          <text className="chart-text" x={LEFT - 8} y={y(end * part) + 4} textAnchor="end">
            {say(end * part)}
          </text>
        </g>
      ))}
      {months.map((month, at) => {
        const value = amountOf(month);
        const wide = Math.min(44, step * 0.7);
        const x = LEFT + step * at + (step - wide) / 2;
        return (
          <g key={month.name}>
            <rect
              className="chart-bar"
              x={x}
              width={wide}
              y={Math.min(y(value), value > 0 ? y(0) - 1 : y(0))}
              height={Math.max(value > 0 ? 1 : 0, y(0) - y(value))}
            >
              <title>{`${month.name}: ${say(value)}`}</title>
            </rect>
            {(months.length - 1 - at) % everyNth === 0 && (
              <text className="chart-text" x={x + wide / 2} y={HEIGHT - 6} textAnchor="middle">
                {month.name}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
