/** Loads the slices around the one in view, nearest first, a few at a time, within a share of memory. */
import { cache, Enums, imageLoader } from '@cornerstonejs/core';
import { nearestFirst } from './prefetchOrder';

const AT_A_TIME = 4;

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
