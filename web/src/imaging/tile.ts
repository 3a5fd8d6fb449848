/** One viewport: what it shows, how, and what is known about it. The rest of the app sees only `TileState` and verbs. */
import { cache, Enums, eventTarget, type Types } from '@cornerstonejs/core';
import { type DicomInstance, functionalGroup, number, numbers, TAG, texts } from './dicom';
import { cineRate, type DisplaySet } from './displaySets';
import {
  type EdgeLetters,
  edgeLetters,
  edgeLettersFromPatientOrientation,
  NO_LETTERS,
  type Vector,
} from './orientation';
import { Prefetcher } from './prefetch';
import { rangeOf, type WindowPreset, windowOf } from './presets';
import { pixelScale, type SpacingSource } from './spacing';
import { imageIdFor } from './start';

export interface TileFailure {
  kind: 'http' | 'network' | 'decode';
  status?: number;
}

export interface TileState {
  status: 'empty' | 'loading' | 'ready' | 'failed';
  failure?: TileFailure;
  /** A picture of this display set is on the canvas; it may still be that of another slice (`status` says). */
  drawn: boolean;
  displaySet?: DisplaySet;
  instance?: DicomInstance;
  /** 0-based. */
  index: number;
  count: number;
  window?: { center: number; width: number };
  /** CSS pixels per image pixel. */
  zoom: number;
  letters: EdgeLetters;
  scaleSource: SpacingSource;
  /** mm per CSS pixel along the screen's horizontal and vertical; absent without a spacing. */
  mmPerPixel?: { x: number; y: number };
  inverted: boolean;
  /** One byte a slice: 1 where it is in memory. */
  loaded: Uint8Array;
  loadedCount: number;
  /** Frames per second while cine runs, else 0. */
  playing: number;
}

const EVENTS = Enums.Events;

const EMPTY: TileState = {
  status: 'empty',
  drawn: false,
  index: 0,
  count: 0,
  zoom: 1,
  letters: NO_LETTERS,
  scaleSource: 'none',
  inverted: false,
  loaded: new Uint8Array(0),
  loadedCount: 0,
  playing: 0,
};

/** Decoded bytes that prefetching may take for one tile. */
const PREFETCH_BYTES = 200_000_000;

function failureOf(error: unknown): TileFailure {
  const seen = (error as { error?: unknown })?.error ?? error;
  const status =
    (seen as { status?: unknown })?.status ?? (seen as { request?: { status?: unknown } })?.request?.status;
  if (typeof status === 'number') {
    if (status === 0) return { kind: 'network' };
    if (status >= 400) return { kind: 'http', status };
  }
  return { kind: 'decode' };
}

export class Tile {
  private state: TileState = EMPTY;
  private readonly listeners = new Set<() => void>();
  private imageIds: string[] = [];
  private readonly indexOfImage = new Map<string, number>();
  private readonly failures = new Map<string, TileFailure>();
  private prefetcher: Prefetcher | undefined;
  private showing = 0;
  /** The image on the canvas; empty before the first of a display set. */
  private drawnImage = '';
  private frameRequest = 0;
  private cineTimer = 0;
  private wheelRest = 0;
  private destroyed = false;
  private readonly cleanUps: Array<() => void> = [];

  constructor(
    readonly id: string,
    readonly element: HTMLDivElement,
    private readonly viewport: Types.IStackViewport,
    private readonly onScroll: (tile: Tile, from: number, to: number) => void,
  ) {
    const onElement = (name: string, listener: () => void): void => {
      element.addEventListener(name, listener);
      this.cleanUps.push(() => element.removeEventListener(name, listener));
    };
    const newImage = (event: Event): void => {
      this.drawnImage = (event as CustomEvent<{ imageId: string }>).detail.imageId;
      this.refresh();
    };
    element.addEventListener(EVENTS.STACK_NEW_IMAGE, newImage);
    this.cleanUps.push(() => element.removeEventListener(EVENTS.STACK_NEW_IMAGE, newImage));
    for (const name of [EVENTS.IMAGE_RENDERED, EVENTS.VOI_MODIFIED, EVENTS.CAMERA_MODIFIED])
      onElement(name, () => this.refresh());
    const onPage = (name: string, listener: (event: Event) => void): void => {
      eventTarget.addEventListener(name, listener as EventListener);
      this.cleanUps.push(() => eventTarget.removeEventListener(name, listener as EventListener));
    };
    const changedCache = (): void => this.refresh();
    onPage(EVENTS.IMAGE_CACHE_IMAGE_ADDED, changedCache);
    onPage(EVENTS.IMAGE_CACHE_IMAGE_REMOVED, changedCache);
    onPage(EVENTS.IMAGE_LOAD_ERROR, (event) => {
      const { imageId, error } = (event as CustomEvent<{ imageId?: string; error?: unknown }>).detail ?? {};
      if (imageId) this.noteFailure(imageId, error);
    });
    // Some decoding errors reach nobody: the loader never settles, and the tile would wait for ever.
    const lost = (event: PromiseRejectionEvent): void => {
      // A failed request is told by the ordinary way as well, and may be another tile's.
      if (event.reason instanceof XMLHttpRequest) return;
      const imageId = this.imageIds[this.viewport.getCurrentImageIdIndex()];
      if (imageId && this.state.status === 'loading' && !cache.isLoaded(imageId))
        this.noteFailure(imageId, event.reason);
    };
    window.addEventListener('unhandledrejection', lost);
    this.cleanUps.push(() => window.removeEventListener('unhandledrejection', lost));
    const wheel = (event: WheelEvent): void => this.onWheel(event);
    element.addEventListener('wheel', wheel, { passive: false });
    this.cleanUps.push(() => element.removeEventListener('wheel', wheel));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): TileState => this.state;

  /** Shows a display set from the given slice (0-based; the middle of a plain stack by default). */
  async show(displaySet: DisplaySet, index?: number): Promise<void> {
    this.showing += 1;
    const ticket = this.showing;
    this.stopCine();
    this.prefetcher?.stop();
    this.failures.clear();
    this.drawnImage = '';
    this.indexOfImage.clear();
    const isImage = displaySet.kind === 'image';
    this.imageIds = isImage ? displaySet.slices.map(imageIdFor) : [];
    for (const [at, imageId] of this.imageIds.entries()) this.indexOfImage.set(imageId, at);
    const start = Math.min(
      Math.max(index ?? (displaySet.multiframe ? 0 : Math.floor((this.imageIds.length - 1) / 2)), 0),
      Math.max(0, this.imageIds.length - 1),
    );
    this.state = {
      ...EMPTY,
      status: isImage ? 'loading' : 'ready',
      displaySet,
      instance: displaySet.slices[start]?.instance,
      index: start,
      count: this.imageIds.length,
      loaded: new Uint8Array(this.imageIds.length),
    };
    this.tell();
    if (!isImage) return;
    this.prefetcher = new Prefetcher(this.imageIds, this.reach(displaySet), (imageId, error) =>
      this.noteFailure(imageId, error),
    );
    await this.viewport.setStack(this.imageIds, start);
    if (ticket !== this.showing) return;
    this.checkDrawn(start);
    this.viewport.render();
    this.prefetcher.around(this.state.index);
    this.refresh();
  }

  /** Forgets what failed and loads again. */
  async retry(): Promise<void> {
    const { displaySet, index } = this.state;
    if (!displaySet) return;
    for (const imageId of this.failures.keys()) {
      if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId);
    }
    await this.show(displaySet, index);
  }

  scrollTo(index: number, loop = false): void {
    const count = this.imageIds.length;
    if (count === 0) return;
    const wanted = loop ? ((index % count) + count) % count : Math.min(Math.max(index, 0), count - 1);
    const from = this.state.index;
    if (wanted === from) return;
    const ticket = this.showing;
    this.viewport.setImageIdIndex(wanted).then(
      () => {
        if (ticket === this.showing) this.checkDrawn(wanted);
      },
      (error: unknown) => this.noteFailure(this.imageIds[wanted] as string, error),
    );
    this.refresh();
    this.prefetcher?.around(wanted);
    this.onScroll(this, from, wanted);
  }

  scrollBy(slices: number, loop = false): void {
    this.scrollTo(this.state.index + slices, loop);
  }

  setWindow(center: number, width: number): void {
    if (!this.drawn()) return;
    this.viewport.setProperties({ voiRange: rangeOf(center, width) });
    this.viewport.render();
  }

  applyPreset(preset: WindowPreset): void {
    if (!this.drawn()) return;
    if (preset.window) {
      this.setWindow(preset.window.center, preset.window.width);
      return;
    }
    const image = this.viewport.getCornerstoneImage() as Types.IImage | undefined;
    if (!image) return;
    if (preset.name === 'preset.full') {
      this.viewport.setProperties({ voiRange: { lower: image.minPixelValue, upper: image.maxPixelValue } });
    } else {
      const [center] = [image.windowCenter].flat();
      const [width] = [image.windowWidth].flat();
      if (center !== undefined && width !== undefined)
        this.viewport.setProperties({ voiRange: rangeOf(center, width) });
    }
    this.viewport.render();
  }

  invert(): void {
    if (!this.drawn()) return;
    this.viewport.setProperties({ invert: !this.viewport.getProperties().invert });
    this.viewport.render();
  }

  flip(axis: 'horizontal' | 'vertical'): void {
    if (!this.drawn()) return;
    const { flipHorizontal = false, flipVertical = false } = this.viewport.getCamera();
    this.viewport.setCamera(
      axis === 'horizontal' ? { flipHorizontal: !flipHorizontal } : { flipVertical: !flipVertical },
    );
    this.viewport.render();
  }

  /** quarters: turns of 90 degrees clockwise, as seen. */
  rotate(quarters: number): void {
    if (!this.drawn()) return;
    const { rotation = 0 } = this.viewport.getViewPresentation();
    this.viewport.setViewPresentation({ rotation: (((rotation + quarters * 90) % 360) + 360) % 360 });
    this.viewport.render();
  }

  fit(): void {
    if (!this.drawn()) return;
    this.viewport.resetCamera({ resetPan: true, resetZoom: true });
    this.viewport.render();
  }

  /** Neither zoomed nor moved. */
  isFitted(): boolean {
    if (!this.drawn()) return false;
    const [panX, panY] = this.viewport.getPan();
    return Math.abs(this.viewport.getZoom() - 1) < 0.001 && Math.hypot(panX, panY) < 0.5;
  }

  zoomBy(factor: number): void {
    if (!this.drawn()) return;
    this.viewport.setZoom(Math.min(64, Math.max(0.05, this.viewport.getZoom() * factor)));
    this.viewport.render();
  }

  /** One image pixel on one CSS pixel. */
  actualSize(): void {
    if (this.drawn() && this.state.zoom > 0) this.zoomBy(1 / this.state.zoom);
  }

  reset(): void {
    if (!this.drawn()) return;
    this.viewport.setViewPresentation({ rotation: 0, flipHorizontal: false, flipVertical: false });
    this.viewport.resetCamera();
    this.viewport.resetProperties();
    this.viewport.render();
  }

  toggleCine(): void {
    if (this.cineTimer) this.stopCine();
    else this.startCine();
  }

  isPlaying(): boolean {
    return this.cineTimer !== 0;
  }

  render(): void {
    if (this.drawn()) this.viewport.render();
  }

  destroy(): void {
    this.destroyed = true;
    this.showing += 1;
    this.stopCine();
    this.prefetcher?.stop();
    cancelAnimationFrame(this.frameRequest);
    for (const cleanUp of this.cleanUps) cleanUp();
    this.listeners.clear();
  }

  private drawn(): boolean {
    return this.drawnImage !== '';
  }

  private startCine(): void {
    const { displaySet, count } = this.state;
    if (!displaySet || count < 2) return;
    const rate = cineRate(displaySet.slices[0]?.instance ?? {});
    this.cineTimer = window.setInterval(() => {
      const next = (this.state.index + 1) % count;
      // Waits for a slice under way rather than skipping it; a failed one is stepped over.
      if (this.state.loaded[next] || this.failures.has(this.imageIds[next] as string)) this.scrollTo(next);
    }, 1000 / rate);
    this.state = { ...this.state, playing: rate };
    this.tell();
  }

  private stopCine(): void {
    window.clearInterval(this.cineTimer);
    this.cineTimer = 0;
    if (this.state.playing) {
      this.state = { ...this.state, playing: 0 };
      this.tell();
    }
  }

  private onWheel(event: WheelEvent): void {
    event.preventDefault();
    if (event.ctrlKey) {
      this.zoomBy(event.deltaY < 0 ? 1.1 : 1 / 1.1);
      return;
    }
    // Mouse wheels come in steps of about 100, touch pads in many small ones.
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 33 : event.deltaY;
    if (Math.abs(pixels) >= 50) {
      this.wheelRest = 0;
      this.scrollBy(Math.sign(pixels));
      return;
    }
    this.wheelRest += pixels;
    const steps = Math.trunc(this.wheelRest / 30);
    if (steps !== 0) {
      this.wheelRest -= steps * 30;
      this.scrollBy(steps);
    }
  }

  private reach(displaySet: DisplaySet): number {
    const { instance } = displaySet.slices[0] ?? {};
    if (!instance) return 0;
    const samples = number(instance, TAG.samplesPerPixel) ?? 1;
    const perPixel = samples > 1 ? 4 : Math.max(2, (number(instance, TAG.bitsAllocated) ?? 16) / 8);
    const perSlice = (number(instance, TAG.rows) ?? 512) * (number(instance, TAG.columns) ?? 512) * perPixel;
    return Math.min(displaySet.slices.length, Math.max(2, Math.floor(PREFETCH_BYTES / perSlice / 2)));
  }

  /** The renderer may refuse an image that was loaded, without a word. */
  private checkDrawn(index: number): void {
    const imageId = this.imageIds[index];
    if (!imageId || this.viewport.getCurrentImageIdIndex() !== index) return;
    if (this.drawnImage !== imageId && cache.isLoaded(imageId)) this.noteFailure(imageId, undefined);
  }

  private noteFailure(imageId: string, error: unknown): void {
    if (!this.indexOfImage.has(imageId)) return;
    this.failures.set(imageId, failureOf(error));
    this.refresh();
  }

  /** Recomputes the state once per frame, whatever number of events came; a load may still fail after the tile has gone. */
  private refresh(): void {
    if (this.frameRequest || this.destroyed) return;
    this.frameRequest = requestAnimationFrame(() => {
      this.frameRequest = 0;
      this.compute();
    });
  }

  private compute(): void {
    const { displaySet, playing } = this.state;
    if (displaySet?.kind !== 'image') return;
    const index = this.viewport.getCurrentImageIdIndex();
    const slice = displaySet.slices[index];
    const imageId = this.imageIds[index];
    if (!slice || !imageId) return;
    const loaded = new Uint8Array(this.imageIds.length);
    let loadedCount = 0;
    this.imageIds.forEach((id, at) => {
      if (cache.isLoaded(id)) {
        loaded[at] = 1;
        loadedCount += 1;
      }
    });
    const onScreen = this.drawnImage === imageId;
    const failure = onScreen ? undefined : this.failures.get(imageId);
    const status = failure ? 'failed' : onScreen ? 'ready' : 'loading';
    this.state = {
      ...this.state,
      status,
      drawn: this.drawn(),
      failure,
      instance: slice.instance,
      index,
      loaded,
      loadedCount,
      playing,
      ...(this.drawn() ? this.geometry(slice.instance, slice.frame - 1) : {}),
    };
    this.tell();
  }

  private geometry(instance: DicomInstance, frame: number): Partial<TileState> {
    const image = this.viewport.getImageData() as { spacing?: number[]; direction?: ArrayLike<number> } | undefined;
    const { voiRange, invert } = this.viewport.getProperties();
    if (!image?.spacing || !image.direction) return {};
    const origin = this.viewport.canvasToWorld([0, 0]);
    const across = (x: number, y: number): Vector => {
      const point = this.viewport.canvasToWorld([x, y]);
      return [0, 1, 2].map((axis) => ((point[axis] ?? 0) - (origin[axis] ?? 0)) / 100) as unknown as Vector;
    };
    const right = across(100, 0);
    const down = across(0, 100);
    const axis = (which: number): Vector =>
      [0, 1, 2].map((at) => image.direction?.[which * 3 + at] ?? 0) as unknown as Vector;
    const dot = (one: Vector, other: Vector): number => one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
    const [spacingX = 1, spacingY = 1] = image.spacing;
    // Steps in image pixels (columns, rows) for one CSS pixel to the right and down.
    const inPixels = (step: Vector): [number, number] => [dot(step, axis(0)) / spacingX, dot(step, axis(1)) / spacingY];
    const rightPixels = inPixels(right);
    const downPixels = inPixels(down);
    const plane = functionalGroup(instance, frame, TAG.planeOrientationSequence);
    const hasPlane = numbers(plane, TAG.imageOrientation).length === 6;
    const [rowDirection = '', columnDirection = ''] = texts(instance, TAG.patientOrientation);
    const letters = hasPlane
      ? edgeLetters(right, down)
      : rowDirection || columnDirection
        ? edgeLettersFromPatientOrientation(rowDirection, columnDirection, rightPixels, downPixels)
        : NO_LETTERS;
    const scale = pixelScale(instance, frame);
    const length = ([columns, rows]: [number, number]): number =>
      Math.hypot(columns * (scale.columnMm ?? 0), rows * (scale.rowMm ?? 0));
    return {
      window: voiRange ? windowOf(voiRange) : undefined,
      inverted: invert ?? false,
      zoom: 1 / Math.max(1e-9, Math.hypot(...rightPixels)),
      letters,
      scaleSource: scale.source,
      mmPerPixel: scale.source === 'none' ? undefined : { x: length(rightPixels), y: length(downPixels) },
    };
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
