/** Brings the slices of a volume into its voxels, a few at a time, the middle first. */
import { cache, Enums, imageLoader, type Types } from '@cornerstonejs/core';
import { LANES } from '../prefetch';
import { mostUrgentFirst } from '../prefetchOrder';
import type { VolumePlan } from './plan';
import { blend, lay, type Values } from './resample';

export interface Progress {
  loaded: number;
  failed: number;
  total: number;
}

type Image = Types.IImage;

export class VolumeLoading {
  private waiting: number[];
  private readonly laid = new Map<number, Values>();
  /** By slice, the layers that wait for it. */
  private readonly layersOf = new Map<number, Set<number>>();
  private readonly failed = new Set<number>();
  private loaded = 0;
  private stopped = false;

  /** onLayers: their voxels have been written. */
  constructor(
    private readonly plan: VolumePlan,
    private readonly imageIds: readonly string[],
    private readonly voxels: Values,
    private readonly empty: number,
    private readonly onLayers: (layers: readonly number[], progress: Progress) => void,
  ) {
    for (const [number, layer] of plan.layers.entries()) {
      for (const slice of layer ? [layer.from, layer.to] : []) {
        this.layersOf.set(slice, (this.layersOf.get(slice) ?? new Set()).add(number));
      }
    }
    this.waiting = mostUrgentFirst(imageIds.length, Math.floor(imageIds.length / 2), imageIds.length);
  }

  start(): void {
    LANES.call(this);
  }

  /** Tries again what failed. */
  retry(): void {
    this.waiting.push(...this.failed);
    this.failed.clear();
    this.onLayers([], this.progress());
    LANES.call(this);
  }

  stop(): void {
    this.stopped = true;
    this.waiting = [];
    this.laid.clear();
    LANES.leave(this);
  }

  progress(): Progress {
    return { loaded: this.loaded, failed: this.failed.size, total: this.imageIds.length };
  }

  next(): Promise<void> | undefined {
    const slice = this.waiting.shift();
    if (slice === undefined) return undefined;
    const imageId = this.imageIds[slice] as string;
    // Not kept by itself: the voxels are the copy that counts.
    const options = { requestType: Enums.RequestType.Prefetch, priority: 0, useRGBA: false };
    return imageLoader.loadImage(imageId, options as never).then(
      (image) => this.take(slice, image as Image),
      () => this.fail(slice, imageId),
    );
  }

  private fail(slice: number, imageId: string): void {
    if (this.stopped) return;
    if (cache.getImageLoadObject(imageId) && !cache.isLoaded(imageId)) cache.removeImageLoadObject(imageId);
    this.failed.add(slice);
    this.onLayers([], this.progress());
  }

  private take(slice: number, image: Image): void {
    if (this.stopped) return;
    const [width, height] = this.plan.dimensions;
    const { columns, rows } = image;
    const scaled = image.preScale?.scaled;
    const pixels = {
      columns,
      rows,
      data: image.getPixelData(),
      slope: scaled ? 1 : (image.slope ?? 1),
      intercept: scaled ? 0 : (image.intercept ?? 0),
    };
    const Kind = this.voxels.constructor as Int16ArrayConstructor;
    const values: Values = new Kind(width * height);
    lay(pixels, this.plan.offsets[slice] ?? [0, 0], this.plan.reduced, values, width, height, this.empty);
    this.laid.set(slice, values);
    this.loaded += 1;
    const done = [...(this.layersOf.get(slice) ?? [])].filter((layer) => this.write(layer));
    this.onLayers(done, this.progress());
  }

  /** False while a slice that the layer is made of is missing. */
  private write(number: number): boolean {
    const layer = this.plan.layers[number];
    const [one, other] = layer ? [this.laid.get(layer.from), this.laid.get(layer.to)] : [];
    if (!layer || !one || !other) return false;
    const size = one.length;
    const target = this.voxels.subarray(number * size, (number + 1) * size) as Values;
    if (layer.share === 0) target.set(one);
    else blend(one, other, layer.share, target);
    for (const slice of new Set([layer.from, layer.to])) {
      const left = this.layersOf.get(slice);
      left?.delete(number);
      if (!left?.size) this.laid.delete(slice);
    }
    return true;
  }
}
