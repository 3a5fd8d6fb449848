/** The magnifier: held over the picture while the button is down. Draws by itself, without a renderer's context. */
import { cache } from '@cornerstonejs/core';
import { BaseTool, Enums, type Types as ToolTypes } from '@cornerstonejs/tools';
import type { TileDisplay } from './display';
import { partInLens, placementInLens, shadesOfPart } from './lensPicture';
import type { TileCover } from './tileCover';

/** CSS pixels. */
const SIZE = 240;

interface Source {
  imageId: () => string;
  display: TileDisplay;
  cover: TileCover;
}

const sources = new WeakMap<HTMLElement, Source>();

/** Lets the magnifier look at what a tile shows. */
export function offerToLens(element: HTMLElement, source: Source): void {
  sources.set(element, source);
}

type Moved = ToolTypes.EventTypes.InteractionEventType;

export class LensTool extends BaseTool {
  static override toolName = 'Lens';
  private lens: HTMLCanvasElement | undefined;

  constructor(toolProps = {}, defaultToolProps = { supportedInteractionTypes: ['Mouse', 'Touch'] }) {
    super(toolProps, defaultToolProps);
  }

  preMouseDownCallback = (event: Moved): boolean => {
    const { element } = event.detail;
    const canvas = document.createElement('canvas');
    canvas.className = 'lens';
    const scale = window.devicePixelRatio || 1;
    canvas.width = SIZE * scale;
    canvas.height = SIZE * scale;
    canvas.style.width = `${SIZE}px`;
    canvas.style.height = `${SIZE}px`;
    element.append(canvas);
    this.lens = canvas;
    const move = (moved: Event): void => this.look(moved as unknown as Moved);
    const end = (): void => {
      canvas.remove();
      for (const name of [Enums.Events.MOUSE_DRAG, Enums.Events.TOUCH_DRAG]) element.removeEventListener(name, move);
      for (const name of ['mouseup', 'touchend', 'touchcancel', 'blur']) window.removeEventListener(name, end, true);
    };
    for (const name of [Enums.Events.MOUSE_DRAG, Enums.Events.TOUCH_DRAG]) element.addEventListener(name, move);
    // A button may be let go outside of the tile.
    for (const name of ['mouseup', 'touchend', 'touchcancel', 'blur']) window.addEventListener(name, end, true);
    this.look(event);
    return true;
  };

  preTouchStartCallback = (event: Moved): boolean => this.preMouseDownCallback(event);

  private look(event: Moved): void {
    const { element, currentPoints } = event.detail;
    const source = sources.get(element);
    const image = source && cache.getImage(source.imageId());
    const placement = source?.cover.placement();
    const context = this.lens?.getContext('2d');
    if (!this.lens || !source || !image || !placement || !context) return;
    const [x, y] = currentPoints.canvas;
    this.lens.style.left = `${x - SIZE / 2}px`;
    this.lens.style.top = `${y - SIZE / 2}px`;
    const scale = this.lens.width / SIZE;
    const inLens = placementInLens(placement, this.lens.width, [x * scale, y * scale]);
    const part = partInLens(inLens, this.lens.width, image.columns, image.rows);
    const [left, top, width, height] = part;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = '#000';
    context.fillRect(0, 0, this.lens.width, this.lens.height);
    if (width === 0 || height === 0) return;
    const drawn = document.createElement('canvas');
    drawn.width = width;
    drawn.height = height;
    const pixels = shadesOfPart(image, part, source.display.look());
    drawn.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0);
    context.setTransform(...inLens);
    context.drawImage(drawn, left - 0.5, top - 0.5);
    source.cover.paintOn(context, inLens);
  }
}
