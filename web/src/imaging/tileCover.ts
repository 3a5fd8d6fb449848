/** Draws over the picture what lies over its pixels: padding, overlays, shutters. */
import { cache, type Types } from '@cornerstonejs/core';
import { coverPixels, hasSupplement } from './cover';
import { type DicomInstance, TAG } from './dicom';
import { frameOf, planesWithinSamples } from './images';
import { paletteOf } from './lookUpTables';
import { overlaysOver } from './overlays';
import { emptyPixels, storedValues } from './padding';
import { type Shutter, shutterOf } from './shutters';
import type { TileState } from './tileState';

/** What the reader wants to see of it. */
export interface CoverChoice {
  overlays: boolean;
  shutter: boolean;
}

/** Columns and rows of the image, counted from 0 at the middle of a pixel, to pixels of the canvas. */
export type Placement = readonly [number, number, number, number, number, number];

export class TileCover {
  private imageId = '';
  private choice: CoverChoice = { overlays: true, shutter: true };
  private mask: HTMLCanvasElement | undefined;
  private shutter: Shutter | undefined;
  private has: CoverChoice = { overlays: false, shutter: false };

  constructor(private readonly viewport: Types.IStackViewport) {}

  forget(): void {
    this.imageId = '';
    this.mask = undefined;
    this.shutter = undefined;
    this.has = { overlays: false, shutter: false };
  }

  state(): Pick<TileState, 'hidden'> {
    return { hidden: (['overlays', 'shutter'] as const).filter((what) => this.has[what] && !this.choice[what]) };
  }

  /** Another image is about to be drawn. */
  take(imageId: string): void {
    this.imageId = imageId;
    this.prepare();
  }

  choose(choice: CoverChoice): void {
    this.choice = choice;
    if (this.imageId === '') return;
    this.prepare();
    this.viewport.render();
  }

  /** After the renderer has drawn the picture, before anybody sees it. */
  paint(): void {
    if (!this.mask && !this.shutter) return;
    const context = this.viewport.canvas.getContext('2d');
    const placement = this.placement();
    if (context && placement) this.paintOn(context, placement);
  }

  /** On any canvas on which the image lies so. */
  paintOn(context: CanvasRenderingContext2D, placement: Placement): void {
    const image = cache.getImage(this.imageId);
    if (!image) return;
    context.save();
    context.setTransform(...placement);
    if (this.mask) {
      const zoom = Math.hypot(placement[0], placement[1]);
      // Thin lines must not fall between the pixels of a small picture.
      context.imageSmoothingEnabled = zoom < 1;
      context.imageSmoothingQuality = 'medium';
      context.drawImage(this.mask, -0.5, -0.5);
    }
    if (this.shutter) closeShutter(context, this.shutter, image.columns, image.rows);
    context.restore();
  }

  /** Where the image lies on the canvas now. */
  placement(): Placement | undefined {
    const data = (this.viewport.getImageData() as Types.IImageData | undefined)?.imageData;
    if (!data) return undefined;
    const scale = this.viewport.canvas.width / Math.max(1, this.viewport.canvas.clientWidth);
    const at = (column: number, row: number): [number, number] => {
      const [x, y] = this.viewport.worldToCanvas(data.indexToWorld([column, row, 0]) as Types.Point3);
      return [x * scale, y * scale];
    };
    // Far apart, so that rounding does not count.
    const [origin, right, down] = [at(0, 0), at(1000, 0), at(0, 1000)];
    const step = (end: [number, number], axis: 0 | 1): number => (end[axis] - origin[axis]) / 1000;
    return [step(right, 0), step(right, 1), step(down, 0), step(down, 1), origin[0], origin[1]];
  }

  private prepare(): void {
    const known = frameOf(this.imageId);
    const image = cache.getImage(this.imageId);
    if (!known || !image) return;
    const { instance, frame } = known;
    const { overlays } = this.choice;
    const within = planesWithinSamples(this.imageId);
    const planes = overlaysOver(instance, frame - 1);
    const shutter = shutterOf(instance);
    this.has = { overlays: within.length + planes.length > 0, shutter: shutter !== undefined };
    this.shutter = this.choice.shutter ? shutter : undefined;
    const pixels = coverPixels({
      rows: image.rows,
      columns: image.columns,
      empty: image.color ? undefined : emptyPixels(image, instance),
      within: overlays ? within : [],
      planes: overlays ? planes : [],
      supplement: supplementOf(instance, image),
    });
    this.mask = pixels && asCanvas(pixels, image.columns, image.rows);
  }
}

function supplementOf(instance: DicomInstance, image: Types.IImage) {
  const palette = !image.color && hasSupplement(instance) ? paletteOf(instance) : undefined;
  // Behind a modality LUT the stored values are gone.
  const known = !instance[TAG.modalityLutSequence];
  return palette && known ? { palette, stored: storedValues(image) } : undefined;
}

function asCanvas(pixels: Uint8ClampedArray<ArrayBuffer>, columns: number, rows: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, columns, rows), 0, 0);
  return canvas;
}

/** All that lies outside of any of the shapes is hidden (PS3.3 C.7.6.11). */
function closeShutter(context: CanvasRenderingContext2D, shutter: Shutter, columns: number, rows: number): void {
  const hideOutside = (shape: (path: Path2D) => void): void => {
    const path = new Path2D();
    path.rect(-0.5, -0.5, columns, rows);
    shape(path);
    context.fill(path, 'evenodd');
  };
  context.beginPath();
  context.rect(-0.5, -0.5, columns, rows);
  context.clip();
  context.fillStyle = `rgb(${shutter.shade} ${shutter.shade} ${shutter.shade})`;
  const { rectangle, circle, polygon } = shutter;
  if (rectangle) {
    const { left, right, upper, lower } = rectangle;
    hideOutside((path) => path.rect(left, upper, right - left, lower - upper));
  }
  if (circle) {
    const { column, row, radius, ratio } = circle;
    hideOutside((path) => path.ellipse(column, row, radius, radius / ratio, 0, 0, 2 * Math.PI));
  }
  if (polygon) {
    hideOutside((path) => {
      for (const [at, [column, row]] of polygon.entries()) {
        if (at === 0) path.moveTo(column, row);
        else path.lineTo(column, row);
      }
      path.closePath();
    });
  }
}
