/** What tools are called; keys of the message catalogue. */
import type { ToolName } from './toolNames';

export const TOOL_TITLES = {
  window: 'cmd.toolWindow',
  zoom: 'cmd.toolZoom',
  pan: 'cmd.toolPan',
  scroll: 'cmd.toolScroll',
  cursor: 'cmd.toolCursor',
  magnify: 'cmd.toolMagnify',
  length: 'cmd.toolLength',
  angle: 'cmd.toolAngle',
  cobb: 'cmd.toolCobb',
  ellipse: 'cmd.toolEllipse',
  rectangle: 'cmd.toolRectangle',
  bidirectional: 'cmd.toolBidirectional',
  probe: 'cmd.toolProbe',
  freehand: 'cmd.toolFreehand',
  arrow: 'cmd.toolArrow',
  text: 'cmd.toolText',
} as const satisfies Record<ToolName, string>;
