import { type ReactNode, useState } from 'react';
import { t } from '../../i18n';
import { Popover } from '../../ui/Popover';
import { type Layout, layoutOf, MOST_COLUMNS, MOST_ROWS, type Shape, shapeOf } from './layout';
import './layoutPicker.css';

interface Props {
  layout: Layout;
  onChoose: (layout: Layout) => void;
  /** Below the grid. */
  children: (close: () => void) => ReactNode;
}

const CELLS: readonly Shape[] = Array.from({ length: MOST_ROWS * MOST_COLUMNS }, (_, at) => ({
  rows: Math.floor(at / MOST_COLUMNS) + 1,
  columns: (at % MOST_COLUMNS) + 1,
}));

/** Rows and columns chosen on a small grid. */
export function LayoutPicker({ layout, onChoose, children }: Props) {
  return (
    <Popover icon="grid4" label={t('layout.choose')}>
      {(close) => (
        <>
          <Cells
            layout={layout}
            onChoose={(chosen) => {
              close();
              onChoose(chosen);
            }}
          />
          {children(close)}
        </>
      )}
    </Popover>
  );
}

function Cells({ layout, onChoose }: Omit<Props, 'children'>) {
  const [pointed, setPointed] = useState<Shape>();
  const marked = pointed ?? shapeOf(layout);
  return (
    <>
      <div className="layout-cells" onPointerLeave={() => setPointed(undefined)}>
        {CELLS.map((cell) => {
          const name = layoutOf(cell);
          const inside = cell.rows <= marked.rows && cell.columns <= marked.columns;
          return (
            <button
              type="button"
              key={name}
              className={`layout-cell${inside ? ' layout-cell-in' : ''}`}
              aria-label={t('layout.shape', { ...cell })}
              aria-pressed={name === layout}
              onPointerEnter={() => setPointed(cell)}
              onFocus={() => setPointed(cell)}
              onClick={() => onChoose(name)}
            />
          );
        })}
      </div>
      <p className="layout-name">{t('layout.shape', { ...marked })}</p>
    </>
  );
}
