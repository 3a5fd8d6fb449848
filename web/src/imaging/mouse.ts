/** Which tool each button of the mouse has, and what its wheel does; each person may choose. Pure. */
import { TOOL_NAMES, type ToolName } from './toolNames';

export const WHEEL_ACTIONS = ['scroll', 'zoom'] as const;
export type WheelAction = (typeof WHEEL_ACTIONS)[number];

/** left: to begin with; whichever tool is chosen takes its place. */
export interface MouseChoice {
  left: ToolName;
  middle: ToolName;
  right: ToolName;
  wheel: WheelAction;
  ctrlWheel: WheelAction;
}

export const USUAL_MOUSE: MouseChoice = {
  left: 'window',
  middle: 'pan',
  right: 'zoom',
  wheel: 'scroll',
  ctrlWheel: 'zoom',
};
export const BUTTONS = ['left', 'middle', 'right'] as const;
export const WHEELS = ['wheel', 'ctrlWheel'] as const;

/** What was kept; where a part of it is of no use, the usual. */
export function checkMouse(kept: unknown): MouseChoice | undefined {
  if (typeof kept !== 'object' || kept === null) return undefined;
  const wanted = kept as Partial<Record<keyof MouseChoice, unknown>>;
  const tool = (button: (typeof BUTTONS)[number]): ToolName =>
    TOOL_NAMES.find((name) => name === wanted[button]) ?? USUAL_MOUSE[button];
  const action = (wheel: (typeof WHEELS)[number]): WheelAction =>
    WHEEL_ACTIONS.find((name) => name === wanted[wheel]) ?? USUAL_MOUSE[wheel];
  return {
    left: tool('left'),
    middle: tool('middle'),
    right: tool('right'),
    wheel: action('wheel'),
    ctrlWheel: action('ctrlWheel'),
  };
}
