/** One viewport: which slice it shows, and what has become of it. The rest of the app sees only `TileState` and verbs. */
import { cache, Enums, eventTarget, type Types } from '@cornerstonejs/core';
import { type Arrangement, directionsOf, turnTo } from './arrangement';
import { TileCamera } from './camera';
import { Cine, frameDurations, meanRate } from './cine';
import { TileDisplay } from './display';
import type { DisplaySet } from './displaySets';
import { Framing } from './framing';
import { imageIdFor } from './images';
import { offerToLens } from './lens';
import type { WheelAction } from './mouse';
import type { Vector } from './orientation';
import { Prefetcher, reachOf } from './prefetch';
import { TileCover } from './tileCover';
import { EMPTY_TILE, failureOf, type TileFailure, type TileState } from './tileState';
import { viewGeometry } from './viewGeometry';
import type { Range } from './voi';
import { WheelSteps } from './wheel';

const EVENTS = Enums.Events;
const MOST_SPEED = 16;

export class Tile {
  readonly camera: TileCamera;
  readonly display: TileDisplay;
  readonly cover: TileCover;
  readonly framing: Framing;
  private state: TileState = EMPTY_TILE;
  private readonly listeners = new Set<() => void>();
  private imageIds: string[] = [];
  private readonly indexOfImage = new Map<string, number>();
  private readonly failures = new Map<string, TileFailure>();
  private prefetcher: Prefetcher | undefined;
  private showing = 0;
  private arrangement: Arrangement | undefined;
  /** The image on the canvas; empty before the first of a display set. */
  private drawnImage = '';
  private frameRequest = 0;
  /** Of cine, times what the object says. */
  private speed = 1;
  private destroyed = false;
  private readonly cine = new Cine(() => this.nextOfLoop());
  private readonly wheel = new WheelSteps();
  private readonly cleanUps: Array<() => void> = [];

  constructor(
    readonly id: string,
    readonly element: HTMLDivElement,
    private readonly viewport: Types.IStackViewport,
    private readonly onScroll: (tile: Tile, from: number, to: number) => void,
    /** A display set is here, at no slice that somebody asked for. */
    private readonly onShown: (tile: Tile) => void,
    private readonly wheelDoes: (withCtrl: boolean) => WheelAction,
  ) {
    const isDrawn = (): boolean => this.drawnImage !== '';
    this.camera = new TileCamera(viewport, isDrawn, () => this.state.zoom);
    this.display = new TileDisplay(viewport, isDrawn);
    this.cover = new TileCover(viewport);
    this.framing = new Framing(viewport, () => this.drawnImage);
    offerToLens(element, { imageId: () => this.drawnImage, display: this.display, cover: this.cover });
    this.listen(element, EVENTS.STACK_NEW_IMAGE, (event) => {
      const { imageId } = (event as CustomEvent<{ imageId: string }>).detail;
      this.drawnImage = imageId;
      this.display.take(imageId);
      this.cover.take(imageId);
      this.refresh();
    });
    this.listen(element, EVENTS.IMAGE_RENDERED, () => {
      this.cover.paint();
      this.refresh();
    });
    this.listen(element, EVENTS.VOI_MODIFIED, (event) => {
      this.display.moved((event as CustomEvent<{ range?: Range }>).detail.range);
      this.refresh();
    });
    this.listen(element, EVENTS.CAMERA_MODIFIED, () => this.refresh());
    this.listen(eventTarget, EVENTS.IMAGE_CACHE_IMAGE_ADDED, () => this.refresh());
    this.listen(eventTarget, EVENTS.IMAGE_CACHE_IMAGE_REMOVED, () => this.refresh());
    this.listen(eventTarget, EVENTS.IMAGE_LOAD_ERROR, (event) => {
      const { imageId, error } = (event as CustomEvent<{ imageId?: string; error?: unknown }>).detail ?? {};
      if (imageId) this.noteFailure(imageId, error);
    });
    this.listen(window, 'unhandledrejection', (event) => this.noteLost(event as PromiseRejectionEvent));
    this.listen(element, 'wheel', (event) => this.onWheel(event as WheelEvent));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): TileState => this.state;

  /** Shows a display set from the given slice (0-based; the middle of a plain stack by default), and how it is to lie. */
  async show(displaySet: DisplaySet, index?: number, arrangement?: Arrangement): Promise<void> {
    this.showing += 1;
    this.arrangement = arrangement;
    const ticket = this.showing;
    this.stopCine();
    this.prefetcher?.stop();
    this.failures.clear();
    this.drawnImage = '';
    this.display.forget();
    this.cover.forget();
    this.indexOfImage.clear();
    const isImage = displaySet.kind === 'image';
    this.imageIds = isImage ? displaySet.slices.map(imageIdFor) : [];
    for (const [at, imageId] of this.imageIds.entries()) this.indexOfImage.set(imageId, at);
    const start = Math.min(
      Math.max(index ?? (displaySet.multiframe ? 0 : Math.floor((this.imageIds.length - 1) / 2)), 0),
      Math.max(0, this.imageIds.length - 1),
    );
    this.state = {
      ...EMPTY_TILE,
      status: isImage ? 'loading' : 'ready',
      displaySet,
      instance: displaySet.slices[start]?.instance,
      index: start,
      count: this.imageIds.length,
      loaded: new Uint8Array(this.imageIds.length),
    };
    this.tell();
    if (!isImage) return;
    this.prefetcher = new Prefetcher(this.imageIds, reachOf(displaySet), (imageId, error) =>
      this.noteFailure(imageId, error),
    );
    await this.viewport.setStack(this.imageIds, start);
    if (ticket !== this.showing) return;
    this.checkDrawn(start);
    this.arrange();
    this.viewport.render();
    this.prefetcher.around(this.state.index);
    this.refresh();
    if (index === undefined) this.onShown(this);
  }

  /** Forgets what failed and loads again. */
  async retry(): Promise<void> {
    const { displaySet, index } = this.state;
    if (!displaySet) return;
    for (const imageId of this.failures.keys()) {
      if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId);
    }
    await this.show(displaySet, index, this.arrangement);
  }

  /** The slice that was last asked for, 0-based; the state follows with the next frame. */
  index(): number {
    return this.drawnImage === '' ? this.state.index : this.viewport.getCurrentImageIdIndex();
  }

  scrollTo(index: number, loop = false): void {
    const count = this.imageIds.length;
    if (count === 0) return;
    const wanted = loop ? ((index % count) + count) % count : Math.min(Math.max(index, 0), count - 1);
    const from = this.index();
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

  /** Where a point of the patient (mm) lies on the canvas, CSS pixels. */
  canvasPoint(point: Vector): readonly [number, number] {
    const [x, y] = this.viewport.worldToCanvas([...point]);
    return [x, y];
  }

  scrollBy(slices: number, loop = false): void {
    this.scrollTo(this.index() + slices, loop);
  }

  reset(): void {
    if (this.drawnImage === '') return;
    this.camera.reset();
    this.display.reset();
    this.arrange();
    this.viewport.render();
  }

  /** Fitted, and as a hanging protocol asked for; the tile may have got another size while the picture was on its way. */
  private arrange(): void {
    const { instance, displaySet, index } = this.state;
    if (!instance || this.drawnImage === '') return;
    this.camera.upright();
    if (this.arrangement?.patientOrientation) {
      const frame = (displaySet?.slices[index]?.frame ?? 1) - 1;
      this.camera.turn(turnTo(directionsOf(instance, frame), this.arrangement.patientOrientation));
    }
    if (this.arrangement) this.camera.turn(this.arrangement);
    this.camera.setJustification(this.arrangement?.justification ?? '');
    this.camera.fit();
    if (this.arrangement?.window) this.display.setWindow(this.arrangement.window.center, this.arrangement.window.width);
  }

  /** Plays faster (factor over 1) or slower than so far, within a sixteenth to sixteen times what the object says. */
  speedUp(factor: number): void {
    this.speed = Math.min(MOST_SPEED, Math.max(1 / MOST_SPEED, this.speed * factor));
    if (this.cine.isRunning()) this.startCine();
  }

  toggleCine(): void {
    if (this.cine.isRunning()) this.stopCine();
    else this.startCine();
  }

  isPlaying(): boolean {
    return this.cine.isRunning();
  }

  render(): void {
    if (this.drawnImage !== '') this.viewport.render();
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

  private startCine(): void {
    const { displaySet, count, index } = this.state;
    if (!displaySet || count < 2) return;
    const durations = frameDurations(displaySet.slices[0]?.instance ?? {}, count).map((ms) => ms / this.speed);
    this.cine.start(durations, index);
    this.state = { ...this.state, playing: meanRate(durations) };
    this.tell();
  }

  private stopCine(): void {
    this.cine.stop();
    if (this.state.playing) {
      this.state = { ...this.state, playing: 0 };
      this.tell();
    }
  }

  /** Waits for a slice under way rather than skipping it; a failed one is stepped over. */
  private nextOfLoop(): number {
    const next = (this.state.index + 1) % this.state.count;
    if (!this.state.loaded[next] && !this.failures.has(this.imageIds[next] as string)) return this.state.index;
    this.scrollTo(next);
    return next;
  }

  private onWheel(event: WheelEvent): void {
    event.preventDefault();
    if (this.wheelDoes(event.ctrlKey) === 'zoom') {
      this.camera.zoomBy(event.deltaY < 0 ? 1.1 : 1 / 1.1);
      return;
    }
    const steps = this.wheel.of(event);
    if (steps !== 0) this.scrollBy(steps);
  }

  /** The renderer may refuse an image that was loaded, without a word. */
  private checkDrawn(index: number): void {
    const imageId = this.imageIds[index];
    if (!imageId || this.viewport.getCurrentImageIdIndex() !== index) return;
    if (this.drawnImage !== imageId && cache.isLoaded(imageId)) this.noteFailure(imageId, undefined);
  }

  /** Some decoding errors reach nobody: the loader never settles, and the tile would wait for ever. */
  private noteLost(event: PromiseRejectionEvent): void {
    // A failed request is told by the ordinary way as well, and may be another tile's.
    if (event.reason instanceof XMLHttpRequest) return;
    const imageId = this.imageIds[this.viewport.getCurrentImageIdIndex()];
    if (imageId && this.state.status === 'loading' && !cache.isLoaded(imageId)) this.noteFailure(imageId, event.reason);
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
    const { displaySet } = this.state;
    if (displaySet?.kind !== 'image') return;
    const index = this.viewport.getCurrentImageIdIndex();
    const slice = displaySet.slices[index];
    const imageId = this.imageIds[index];
    if (!slice || !imageId) return;
    const loaded = Uint8Array.from(this.imageIds, (id) => (cache.isLoaded(id) ? 1 : 0));
    const onScreen = this.drawnImage === imageId;
    const failure = onScreen ? undefined : this.failures.get(imageId);
    const geometry = this.drawnImage && viewGeometry(this.viewport, slice.instance, slice.frame - 1);
    this.state = {
      ...this.state,
      status: failure ? 'failed' : onScreen ? 'ready' : 'loading',
      drawn: this.drawnImage !== '',
      failure,
      instance: slice.instance,
      index,
      loaded,
      loadedCount: loaded.reduce((sum, one) => sum + one, 0),
      ...(geometry ? { ...this.display.state(), ...this.cover.state(), ...geometry } : {}),
    };
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private listen(target: EventTarget | typeof eventTarget, name: string, listener: (event: Event) => void): void {
    // The page scrolls with passive listeners by default; the renderer's own target takes no options.
    if (target === eventTarget) target.addEventListener(name, listener as EventListener);
    else (target as EventTarget).addEventListener(name, listener, { passive: false });
    this.cleanUps.push(() => target.removeEventListener(name, listener as EventListener));
  }
}
