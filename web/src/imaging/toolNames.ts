export const MOVING_TOOLS = ['window', 'zoom', 'pan', 'scroll', 'cursor', 'magnify'] as const;
export const MEASURING_TOOLS = [
  'length',
  'bidirectional',
  'angle',
  'cobb',
  'ellipse',
  'rectangle',
  'freehand',
  'probe',
  'arrow',
  'text',
] as const;
export const TOOL_NAMES = [...MOVING_TOOLS, ...MEASURING_TOOLS] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

export function isMeasuring(tool: ToolName): boolean {
  return (MEASURING_TOOLS as readonly string[]).includes(tool);
}
