export const MOVING_TOOLS = ['window', 'zoom', 'pan', 'scroll'] as const;
export const MEASURING_TOOLS = [
  'length',
  'angle',
  'cobb',
  'ellipse',
  'rectangle',
  'bidirectional',
  'probe',
  'arrow',
] as const;
export const TOOL_NAMES = [...MOVING_TOOLS, ...MEASURING_TOOLS] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

export function isMeasuring(tool: ToolName): boolean {
  return (MEASURING_TOOLS as readonly string[]).includes(tool);
}

/** What these draw cannot be saved yet. */
export function isUnsaved(tool: ToolName): boolean {
  return tool === 'cobb' || tool === 'bidirectional';
}
