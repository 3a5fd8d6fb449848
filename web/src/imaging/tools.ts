/** The tools a mouse button can have. */
import {
  AngleTool,
  ArrowAnnotateTool,
  addTool,
  BidirectionalTool,
  CobbAngleTool,
  EllipticalROITool,
  LabelTool,
  LengthTool,
  PanTool,
  PlanarFreehandROITool,
  ProbeTool,
  RectangleROITool,
  StackScrollTool,
  WindowLevelTool,
  ZoomTool,
} from '@cornerstonejs/tools';
import { CursorTool } from './cursorTool';
import { LensTool } from './lens';
import type { ToolName } from './toolNames';

const CLASSES = {
  window: WindowLevelTool,
  zoom: ZoomTool,
  pan: PanTool,
  scroll: StackScrollTool,
  cursor: CursorTool,
  magnify: LensTool,
  length: LengthTool,
  angle: AngleTool,
  cobb: CobbAngleTool,
  ellipse: EllipticalROITool,
  rectangle: RectangleROITool,
  bidirectional: BidirectionalTool,
  freehand: PlanarFreehandROITool,
  probe: ProbeTool,
  arrow: ArrowAnnotateTool,
  text: LabelTool,
} as const satisfies Record<ToolName, object>;

/** What the renderer calls them. */
export const TOOL_CLASSES = Object.fromEntries(
  Object.entries(CLASSES).map(([name, tool]) => [name, tool.toolName]),
) as Readonly<Record<ToolName, string>>;

/** Makes them known to the renderer; once a page. */
export function registerTools(): void {
  for (const tool of Object.values(CLASSES)) addTool(tool);
}
