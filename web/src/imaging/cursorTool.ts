/** The tool of the 3D cursor: tells where in the patient the pointer is, while it is pressed. What follows is the stage's. */
import { BaseTool, type Types } from '@cornerstonejs/tools';

export const CURSOR_EVENT = 'hounsfield-cursor';

type Interaction = { detail: { element: HTMLDivElement; currentPoints: { world: Types.IPoints['world'] } } };

export class CursorTool extends BaseTool {
  static override toolName = 'HounsfieldCursor';

  constructor(toolProps = {}, defaults = { supportedInteractionTypes: ['Mouse', 'Touch'], configuration: {} }) {
    super(toolProps, defaults as never);
  }

  /** True: no other tool need look at it. */
  readonly preMouseDownCallback = (event: Interaction): boolean => this.tell(event);
  readonly mouseDragCallback = (event: Interaction): boolean => this.tell(event);
  readonly preTouchStartCallback = (event: Interaction): boolean => this.tell(event);
  readonly touchDragCallback = (event: Interaction): boolean => this.tell(event);

  private tell({ detail: { element, currentPoints } }: Interaction): boolean {
    element.dispatchEvent(new CustomEvent(CURSOR_EVENT, { detail: [...currentPoints.world] }));
    return true;
  }
}
