/** The tools of a reformat. What is measured on one is not saved: it lies on no image of the archive. */
import { eventTarget } from '@cornerstonejs/core';
import { annotation, Enums, ToolGroupManager, type Types } from '@cornerstonejs/tools';
import { t } from '../../i18n';
import { valueText } from '../measuredText';
import { UNIT } from '../measuring';
import type { MouseChoice } from '../mouse';
import type { Vector } from '../orientation';
import type { ToolName } from '../toolNames';
import { TOOL_CLASSES } from '../tools';
import { minus } from '../vectors';
import { MPR_TOOLS, type MprTool } from './mprState';

const { MouseBindings, Events } = Enums;

interface LengthData {
  handles?: { points?: Vector[] };
}

function offered(tool: ToolName): MprTool | undefined {
  return MPR_TOOLS.find((name) => name === tool);
}

export class MprTools {
  private readonly group: Types.IToolGroup;
  private readonly drawn = new Set<string>();

  constructor(
    private readonly engineId: string,
    private readonly viewportIds: readonly string[],
  ) {
    const group = ToolGroupManager.createToolGroup(engineId);
    if (!group) throw new Error('the tool group could not be created');
    this.group = group;
    for (const name of MPR_TOOLS)
      group.addTool(
        TOOL_CLASSES[name],
        name === 'length' ? { getTextLines: (data: LengthData) => this.linesOf(data) } : {},
      );
    for (const id of viewportIds) group.addViewport(id, engineId);
    eventTarget.addEventListener(Events.ANNOTATION_ADDED, this.onAdded);
  }

  /** mouse: what the reader has on the other buttons; a tool that is not offered here leaves its button as usual. */
  choose(tool: MprTool, mouse: MouseChoice): void {
    for (const name of MPR_TOOLS) {
      if (name === 'length') this.group.setToolPassive(TOOL_CLASSES[name], { removeAllBindings: true });
      else this.group.setToolDisabled(TOOL_CLASSES[name]);
    }
    const bindings = new Map<MprTool, Types.IToolBinding[]>();
    const bind = (name: MprTool, binding: Types.IToolBinding): void => {
      bindings.set(name, [...(bindings.get(name) ?? []), binding]);
    };
    bind(tool, { mouseButton: MouseBindings.Primary });
    bind(tool, { numTouchPoints: 1 });
    bind(offered(mouse.middle) ?? 'pan', { mouseButton: MouseBindings.Auxiliary });
    bind(offered(mouse.right) ?? 'zoom', { mouseButton: MouseBindings.Secondary });
    bind('zoom', { numTouchPoints: 2 });
    for (const [name, list] of bindings) this.group.setToolActive(TOOL_CLASSES[name], { bindings: list });
  }

  /** Those chosen by a click. */
  deleteChosen(): void {
    for (const uid of annotation.selection.getAnnotationsSelected()) if (this.drawn.has(uid)) this.remove(uid);
  }

  destroy(): void {
    eventTarget.removeEventListener(Events.ANNOTATION_ADDED, this.onAdded);
    for (const uid of this.drawn) this.remove(uid);
    ToolGroupManager.destroyToolGroup(this.engineId);
  }

  /** What was measured on the images is shown here too, and may well be saved. */
  private linesOf(data: LengthData): string[] {
    const [start, end] = data.handles?.points ?? [];
    if (!start || !end) return [];
    const text = valueText({ name: 'length', value: Math.hypot(...minus(end, start)), unit: UNIT.millimetres });
    const here = [...this.drawn].some((uid) => annotation.state.getAnnotation(uid)?.data === data);
    return [here ? `${text} · ${t('viewer.notSavedShort')}` : text];
  }

  private remove(uid: string): void {
    annotation.state.removeAnnotation(uid);
    this.drawn.delete(uid);
  }

  private readonly onAdded = (event: Event): void => {
    const { annotation: added, viewportId } = (
      event as CustomEvent<{ annotation: Types.Annotation; viewportId: string }>
    ).detail;
    if (added.annotationUID && this.viewportIds.includes(viewportId)) this.drawn.add(added.annotationUID);
  };
}
