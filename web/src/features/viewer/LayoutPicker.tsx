import { type ReactNode, useRef, useState } from 'react';
import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { type Layout, layoutOf, MOST_COLUMNS, MOST_ROWS, type Shape, shapeOf } from './layout';
import './layoutPicker.css';

interface Props {
  layout: Layout;
  onChoose: (layout: Layout) => void;
  /** Below the grid, while the sheet is open. */
  children: (close: () => void) => ReactNode;
}

const CELLS: readonly Shape[] = Array.from({ length: MOST_ROWS * MOST_COLUMNS }, (_, at) => ({
  rows: Math.floor(at / MOST_COLUMNS) + 1,
  columns: (at % MOST_COLUMNS) + 1,
}));

/** Rows and columns chosen on a small grid, in the browser's own layer above everything. */
export function LayoutPicker({ layout, onChoose, children }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<Shape>();
  const [shown, setShown] = useState(false);
  const marked = pointed ?? shapeOf(layout);
  const open = (): void => {
    const box = button.current?.getBoundingClientRect();
    const element = sheet.current;
    if (!box || !element) return;
    element.style.top = `${box.bottom + 4}px`;
    element.style.left = `${Math.min(box.left, window.innerWidth - 320)}px`;
    element.togglePopover();
  };
  return (
    <>
      <button
        type="button"
        ref={button}
        className="icon-button"
        aria-label={t('layout.choose')}
        title={t('layout.choose')}
        aria-haspopup="dialog"
        aria-expanded={shown}
        onClick={open}
      >
        <Icon name="grid4" />
      </button>
      <div
        ref={sheet}
        popover="auto"
        className="layout-sheet"
        data-owns-keys={shown || undefined}
        onToggle={(event) => setShown(event.newState === 'open')}
        role="dialog"
        aria-label={t('layout.choose')}
        onPointerLeave={() => setPointed(undefined)}
      >
        <div className="layout-cells">
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
                onClick={() => {
                  sheet.current?.hidePopover();
                  setPointed(undefined);
                  onChoose(name);
                }}
              />
            );
          })}
        </div>
        <p className="layout-name">{t('layout.shape', { ...marked })}</p>
        {shown && children(() => sheet.current?.hidePopover())}
      </div>
    </>
  );
}
