/** Loads the slices around the one in view, nearest first, a few at a time, within a share of memory. */
import { cache, Enums, imageLoader } from '@cornerstonejs/core';
import { number, TAG } from './dicom';
import type { DisplaySet } from './displaySets';
import { nearestFirst } from './prefetchOrder';

const AT_A_TIME = 4;
/** Decoded bytes that prefetching may take for one tile. */
const PREFETCH_BYTES = 200_000_000;

/** How many slices to each side are wanted, as memory allows. */
export function reachOf(displaySet: DisplaySet): number {
  const { instance } = displaySet.slices[0] ?? {};
  if (!instance) return 0;
  const samples = number(instance, TAG.samplesPerPixel) ?? 1;
  const perPixel = samples > 1 ? 4 : Math.max(2, (number(instance, TAG.bitsAllocated) ?? 16) / 8);
  const perSlice = (number(instance, TAG.rows) ?? 512) * (number(instance, TAG.columns) ?? 512) * perPixel;
  return Math.min(displaySet.slices.length, Math.max(2, Math.floor(PREFETCH_BYTES / perSlice / 2)));
}

export class Prefetcher {
  private waiting: number[] = [];
  private underWay = 0;
  private stopped = false;
  private readonly failed = new Set<string>();

  /** reach: how many slices to each side are wanted, as memory allows. */
  constructor(
    private readonly imageIds: readonly string[],
    private readonly reach: number,
    private readonly onFailed: (imageId: string, error: unknown) => void,
  ) {}

  around(index: number): void {
    this.waiting = nearestFirst(this.imageIds.length, index, this.reach);
    this.next();
  }

  stop(): void {
    this.stopped = true;
    this.waiting = [];
  }

  forgetFailures(): void {
    this.failed.clear();
  }

  private next(): void {
    while (!this.stopped && this.underWay < AT_A_TIME && this.waiting.length > 0) {
      const imageId = this.imageIds[this.waiting.shift() as number] as string;
      if (cache.getImageLoadObject(imageId) || this.failed.has(imageId)) continue;
      this.underWay += 1;
      imageLoader
        .loadAndCacheImage(imageId, { requestType: Enums.RequestType.Prefetch, priority: 0, useRGBA: false } as never)
        .catch((error: unknown) => {
          this.failed.add(imageId);
          this.onFailed(imageId, error);
        })
        .finally(() => {
          this.underWay -= 1;
          this.next();
        });
    }
  }
}
