import { type ReactNode, useRef, useState } from 'react';
import { Icon, type IconName } from './Icon';
import './popover.css';

/** CSS pixels that stay free for a sheet to the right of its left edge. */
const ROOM = 330;

interface Props {
  icon: IconName;
  /** What the button and the sheet are called. */
  label: string;
  /** The button stands for something that is on. */
  pressed?: boolean;
  /** Drawn while it is open; `close` closes it. */
  children: (close: () => void) => ReactNode;
}

/** A button of a bar with a sheet below it, in the browser's own layer above everything, so that no bar cuts it. */
export function Popover({ icon, label, pressed, children }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(false);
  const toggle = (): void => {
    const box = button.current?.getBoundingClientRect();
    const element = sheet.current;
    if (!box || !element) return;
    element.style.top = `${box.bottom + 4}px`;
    element.style.left = `${Math.max(4, Math.min(box.left, window.innerWidth - ROOM))}px`;
    element.togglePopover();
  };
  return (
    <>
      <button
        type="button"
        ref={button}
        className="icon-button"
        aria-label={label}
        title={label}
        aria-haspopup="dialog"
        aria-expanded={shown}
        aria-pressed={pressed}
        onClick={toggle}
      >
        <Icon name={icon} />
      </button>
      <div
        ref={sheet}
        popover="auto"
        className="popover"
        data-owns-keys={shown || undefined}
        onToggle={(event) => setShown(event.newState === 'open')}
        role="dialog"
        aria-label={label}
      >
        {shown && children(() => sheet.current?.hidePopover())}
      </div>
    </>
  );
}
