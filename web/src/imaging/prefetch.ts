/** Loads the slices around the one in view by urgency, a few at a time over all tiles, within a share of memory. */
import { cache, Enums, imageLoader } from '@cornerstonejs/core';
import { number, TAG } from './dicom';
import type { DisplaySet } from './displaySets';
import { Lanes } from './lanes';
import { mostUrgentFirst } from './prefetchOrder';

/** Requests of all tiles together, and of one: of a browser's six connections one is free for what somebody looks at. */
export const LANES = new Lanes(5, 4);
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
  private centre = -1;
  private readonly failed = new Set<string>();

  /** reach: how many slices to each side are wanted, as memory allows. */
  constructor(
    private readonly imageIds: readonly string[],
    private readonly reach: number,
    private readonly onFailed: (imageId: string, error: unknown) => void,
  ) {}

  /** The slice in view; where it was another before, that tells the direction. */
  around(index: number): void {
    const direction = this.centre < 0 ? 0 : (Math.sign(index - this.centre) as -1 | 0 | 1);
    this.centre = index;
    this.waiting = mostUrgentFirst(this.imageIds.length, index, this.reach, direction);
    LANES.call(this);
  }

  stop(): void {
    this.waiting = [];
    LANES.leave(this);
  }

  next(): Promise<void> | undefined {
    while (this.waiting.length > 0) {
      const imageId = this.imageIds[this.waiting.shift() as number] as string;
      if (cache.getImageLoadObject(imageId) || this.failed.has(imageId)) continue;
      return imageLoader
        .loadAndCacheImage(imageId, { requestType: Enums.RequestType.Prefetch, priority: 0, useRGBA: false } as never)
        .then(
          () => {},
          (error: unknown) => {
            this.failed.add(imageId);
            this.onFailed(imageId, error);
          },
        );
    }
    return undefined;
  }
}
