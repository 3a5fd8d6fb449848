/** What stands between the wish for a reformat and its pictures: the server's judgement, a volume that fits, or why there is none. */
import { ApiError, api } from '../../../api/client';
import type { SeriesVolumes } from '../../../api/types';
import { type MessageKey, t } from '../../../i18n';
import { MOST_VOLUME_BYTES, mostVoxelsAlongAxis, type Tile, usesProcessorOnly } from '../../../imaging';
import type { DisplaySet, Slice } from '../../../imaging/displaySets';
import type { Range } from '../../../imaging/voi';
import { type Offer, offerOf, type RefusalReason, volumeOf } from '../../../imaging/volume/offer';

/** The image in view when the reformat was asked for, and how it was shown. */
export interface MprRequest {
  set: DisplaySet;
  slice: Slice;
  window: Range;
  inverted: boolean;
}

export interface RoomState {
  status: 'judging' | 'refused' | 'open';
  /** In words, where it was refused. */
  reason?: string;
  found?: SeriesVolumes;
  /** Which of the volumes. */
  chosen: number;
  offer?: Offer;
}

/** Undefined where the tile shows no picture. */
export function requestOf(tile: Tile | undefined): MprRequest | undefined {
  const state = tile?.getState();
  const slice = state?.displaySet?.slices[state.index];
  const window = tile?.display.range();
  if (!tile || !state?.displaySet || state.displaySet.kind !== 'image' || !slice || !window) return undefined;
  return { set: state.displaySet, slice, window, inverted: state.inverted };
}

export class MprRoom {
  private state: RoomState = { status: 'judging', chosen: 0 };
  private readonly listeners = new Set<() => void>();
  private sets: readonly DisplaySet[] = [];
  private closed = false;

  constructor(
    readonly request: MprRequest,
    private readonly setsOf: (studyUid: string, seriesUid: string) => Promise<readonly DisplaySet[]>,
  ) {
    void this.judge();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): RoomState => this.state;

  choose(index: number): void {
    const volume = this.state.found?.volumes[index];
    if (!volume) return;
    const offer = offerOf(volume, this.sets, { bytes: MOST_VOLUME_BYTES, voxels: mostVoxelsAlongAxis() });
    if (typeof offer === 'string') this.refuse(offer, index);
    else this.change({ status: 'open', chosen: index, offer, reason: undefined });
  }

  close(): void {
    this.closed = true;
    this.listeners.clear();
  }

  private async judge(): Promise<void> {
    if (usesProcessorOnly()) {
      this.change({ status: 'refused', reason: t('mpr.refused.no-webgl') });
      return;
    }
    const { set, slice } = this.request;
    try {
      const [found, sets] = await Promise.all([
        api.volumes(set.studyInstanceUid, set.seriesInstanceUid),
        this.setsOf(set.studyInstanceUid, set.seriesInstanceUid),
      ]);
      if (this.closed) return;
      this.sets = sets;
      this.change({ found });
      const index = volumeOf(found, slice.sopInstanceUid, slice.frame);
      if (typeof index === 'string') this.refuse(index);
      else this.choose(index);
    } catch (error) {
      if (this.closed) return;
      const reason =
        error instanceof ApiError && error.status > 0
          ? t('error.server', { status: error.status })
          : t('error.unreachable');
      this.change({ status: 'refused', reason: t('mpr.refused.unread', { reason }) });
    }
  }

  private refuse(reason: RefusalReason, chosen = this.state.chosen): void {
    const key: MessageKey = `mpr.refused.${reason}`;
    this.change({ status: 'refused', chosen, offer: undefined, reason: t(key, { size: MOST_VOLUME_BYTES / 1e9 }) });
  }

  private change(part: Partial<RoomState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }
}
