import { type ReactNode, useEffect, useRef, useState } from 'react';

interface Props {
  label: ReactNode;
  /** For tests. */
  testId: string;
  disabled?: boolean;
  /** Which edge of the button the list is in line with. */
  side?: 'left' | 'right';
  /** Drawn while it is open; `close` closes it. */
  children: (close: () => void) => ReactNode;
}

/** A button with something below it, which owns the keyboard while it is open. */
export function Menu({ label, testId, disabled = false, side = 'left', children }: Props) {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent): void => {
      if (!menu.current?.contains(event.target as Node)) setOpen(false);
    };
    const onEscape = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      setOpen(false);
      menu.current?.querySelector('button')?.focus();
    };
    window.addEventListener('pointerdown', outside);
    window.addEventListener('keydown', onEscape, true);
    return () => {
      window.removeEventListener('pointerdown', outside);
      window.removeEventListener('keydown', onEscape, true);
    };
  }, [open]);
  return (
    <div className="menu" ref={menu}>
      <button
        type="button"
        className="button"
        aria-expanded={open}
        aria-haspopup="true"
        data-testid={testId}
        disabled={disabled}
        onClick={() => setOpen(!open)}
      >
        {label}
      </button>
      {open && (
        <div className={side === 'left' ? 'menu-list menu-list-left' : 'menu-list'} data-owns-keys="">
          {children(() => setOpen(false))}
        </div>
      )}
    </div>
  );
}
