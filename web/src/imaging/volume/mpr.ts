/** A volume in three planes around one point. The rest of the app sees its state and verbs. */
import { Enums, type RenderingEngine, type Types } from '@cornerstonejs/core';
import type { Volume } from '../../api/types';
import { destroyEngine, engineWithContext } from '../contexts';
import { CURSOR_EVENT } from '../cursorTool';
import { type DicomInstance, TAG, text } from '../dicom';
import type { Slice } from '../displaySets';
import { imageIdFor } from '../images';
import type { MouseChoice } from '../mouse';
import type { Vector } from '../orientation';
import { dot, minus, plus } from '../vectors';
import type { Range } from '../voi';
import { WheelSteps } from '../wheel';
import { VolumeBlock } from './block';
import { VolumeLoading } from './loading';
import { firstState, type MprState, type MprTool, type Slab } from './mprState';
import { MprTools } from './mprTools';
import { centreOf, stepAlong, type VolumePlan, within } from './plan';
import { fittingScale, focalPointOf, placeCamera, viewOf, zoomCamera } from './planeCamera';
import { PLANES, type PlaneName, rightOf, STRAIGHT, turnOthers } from './planes';
import type { VoxelKind } from './voxels';

const EVENTS = Enums.Events;
const BLENDS = {
  maximum: Enums.BlendModes.MAXIMUM_INTENSITY_BLEND,
  minimum: Enums.BlendModes.MINIMUM_INTENSITY_BLEND,
  average: Enums.BlendModes.AVERAGE_INTENSITY_BLEND,
} as const;
/** Pictures are drawn no more often than this while slices come, ms. */
const DRAWING_PAUSE_MS = 150;
let counter = 0;

export interface MprSource {
  /** Of the series and which of its volumes. */
  name: string;
  volume: Volume;
  plan: VolumePlan;
  kind: VoxelKind;
  /** In the order of the volume. */
  slices: readonly Slice[];
  window: Range;
  inverted: boolean;
  mouse: MouseChoice;
  /** Where somebody was looking, mm; the middle of the volume where undefined. */
  start?: Vector;
}

export class Mpr {
  private state: MprState;
  private readonly listeners = new Set<() => void>();
  private readonly engine: RenderingEngine;
  private readonly block: VolumeBlock;
  private readonly loading: VolumeLoading;
  private readonly tools: MprTools;
  private readonly cleanUps: Array<() => void> = [];
  private frameRequest = 0;
  private drawing = 0;
  /** Cameras are being set by us. */
  private moving = false;
  private destroyed = false;

  constructor(
    readonly source: MprSource,
    private readonly elements: Readonly<Record<PlaneName, HTMLDivElement>>,
  ) {
    const { plan, kind, slices, volume } = source;
    counter += 1;
    const instance: DicomInstance = slices[0]?.instance ?? {};
    this.state = firstState(centreOf(plan), source.window, source.inverted, slices.length);
    this.block = new VolumeBlock(source.name, plan, kind, text(instance, TAG.modality), volume.frame_of_reference_uid);
    this.engine = engineWithContext(`mpr-${counter}`);
    this.engine.setViewports(
      PLANES.map((name) => ({
        viewportId: this.idOf(name),
        type: Enums.ViewportType.ORTHOGRAPHIC,
        element: elements[name],
        defaultOptions: {
          background: [0, 0, 0],
          orientation: { viewPlaneNormal: [...STRAIGHT[name].normal], viewUp: [...STRAIGHT[name].up] },
        } as Types.ViewportInputOptions,
      })),
    );
    this.tools = new MprTools(
      this.engine.id,
      PLANES.map((name) => this.idOf(name)),
    );
    this.tools.choose(this.state.tool, source.mouse);
    this.loading = new VolumeLoading(
      plan,
      slices.map(imageIdFor),
      this.block.voxels,
      kind.empty,
      (layers, progress) => {
        this.block.show(layers);
        this.change({ progress });
        this.drawSoon();
      },
    );
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): MprState => this.state;

  /** Shows the volume, empty at first, and fetches it. */
  async open(): Promise<void> {
    for (const name of PLANES) {
      try {
        await this.viewport(name).setVolumes([{ volumeId: this.block.id }]);
      } catch (error) {
        if (!this.destroyed) throw error;
      }
      // It was left meanwhile.
      if (this.destroyed) return;
    }
    for (const name of PLANES) this.watch(name);
    this.resetCameras();
    if (this.source.start) this.point(this.source.start);
    this.applyWindow();
    this.loading.start();
  }

  /** Whether the crosshair is elsewhere than at first. */
  hasMoved(): boolean {
    const { start, plan } = this.source;
    const first = start ? within(plan, start) : centreOf(plan);
    return Math.hypot(...minus(this.state.centre, first)) > 1e-3;
  }

  /** Moves the crosshair; each plane goes to the slice that holds it. */
  point(centre: Vector): void {
    const next = within(this.source.plan, centre);
    const way = minus(next, this.state.centre);
    this.change({ centre: next });
    this.moveCameras((name, focal) =>
      plus(focal, this.state.orientation[name].normal, dot(way, this.state.orientation[name].normal)),
    );
  }

  /** at: CSS pixels on a plane's picture. */
  pointAt(name: PlaneName, at: readonly [number, number]): void {
    this.point(this.viewport(name).canvasToWorld([...at]) as unknown as Vector);
  }

  /** steps: voxels, away from the eye. */
  scroll(name: PlaneName, steps: number): void {
    const { normal } = this.state.orientation[name];
    this.point(plus(this.state.centre, normal, -steps * stepAlong(this.source.plan, normal)));
  }

  /** To one end of the volume, as seen in the active plane: -1 the near one, 1 the far one. */
  scrollToEnd(direction: 1 | -1): void {
    this.scroll(this.state.active, direction * Math.max(...this.source.plan.dimensions));
  }

  /** Turns the two other planes around the normal of the one that is seen, clockwise on its screen. */
  turn(seen: PlaneName, radians: number): void {
    const before = this.state.orientation;
    const orientation = turnOthers(before, seen, radians);
    const { centre } = this.state;
    this.change({ orientation });
    this.moveCameras((name, focal) => {
      // What was moved aside on the screen stays aside by as much.
      const way = minus(focal, centre);
      const [x, y] = [dot(way, rightOf(before[name])), dot(way, before[name].up)];
      return plus(plus(centre, rightOf(orientation[name]), x), orientation[name].up, y);
    });
  }

  setSlab(slab: Partial<Slab>): void {
    this.change({ slab: { ...this.state.slab, ...slab } });
    const { thicknessMm, mode } = this.state.slab;
    for (const name of PLANES) {
      const viewport = this.viewport(name);
      viewport.setBlendMode(thicknessMm > 0 ? BLENDS[mode] : Enums.BlendModes.COMPOSITE);
      if (thicknessMm > 0) viewport.setSlabThickness(thicknessMm);
      else viewport.resetSlabThickness();
    }
    this.engine.render();
  }

  setWindow(window: Range): void {
    this.change({ window });
    this.applyWindow();
  }

  invert(): void {
    this.change({ inverted: !this.state.inverted });
    this.applyWindow();
  }

  setTool(tool: MprTool): void {
    this.tools.choose(tool, this.source.mouse);
    this.change({ tool });
  }

  activate(active: PlaneName): void {
    if (active !== this.state.active) this.change({ active });
  }

  zoomBy(name: PlaneName, factor: number): void {
    zoomCamera(this.viewport(name), factor);
  }

  /** Straight planes through the middle, fitted, window and slab as at first. */
  reset(): void {
    this.change({ centre: centreOf(this.source.plan), orientation: STRAIGHT, inverted: this.source.inverted });
    this.setSlab({ thicknessMm: 0 });
    this.resetCameras();
    this.setWindow(this.source.window);
  }

  /** The planes as they lie in the patient, around the crosshair as it is. */
  straighten(): void {
    this.change({ orientation: STRAIGHT });
    this.moveCameras(() => this.state.centre);
  }

  retry(): void {
    this.loading.retry();
  }

  deleteChosen(): void {
    this.tools.deleteChosen();
    this.engine.render();
  }

  /** Compulsory after every change of size. */
  resize(): void {
    if (this.destroyed) return;
    this.engine.resize(true, true);
    this.refresh();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.loading.stop();
    clearTimeout(this.drawing);
    cancelAnimationFrame(this.frameRequest);
    for (const cleanUp of this.cleanUps) cleanUp();
    this.listeners.clear();
    this.tools.destroy();
    destroyEngine(this.engine);
    this.block.release();
  }

  private idOf(name: PlaneName): string {
    return `mpr-${name}`;
  }

  private viewport(name: PlaneName): Types.IVolumeViewport {
    return this.engine.getViewport(this.idOf(name)) as Types.IVolumeViewport;
  }

  private watch(name: PlaneName): void {
    const element = this.elements[name];
    const wheel = new WheelSteps();
    const listen = (target: EventTarget, event: string, heard: (event: Event) => void): void => {
      target.addEventListener(event, heard, { passive: false });
      this.cleanUps.push(() => target.removeEventListener(event, heard));
    };
    listen(element, CURSOR_EVENT, (event) => {
      const [x = 0, y = 0, z = 0] = (event as CustomEvent<number[]>).detail;
      this.point([x, y, z]);
    });
    listen(element, 'wheel', (event) => {
      event.preventDefault();
      const turn = event as WheelEvent;
      const { mouse } = this.source;
      if ((turn.ctrlKey ? mouse.ctrlWheel : mouse.wheel) === 'zoom') this.zoomBy(name, turn.deltaY < 0 ? 1.1 : 1 / 1.1);
      else {
        const steps = wheel.of(turn);
        if (steps !== 0) this.scroll(name, steps);
      }
    });
    listen(element, EVENTS.CAMERA_MODIFIED, () => this.followCamera(name));
    listen(element, EVENTS.IMAGE_RENDERED, () => this.refresh());
    listen(element, EVENTS.VOI_MODIFIED, () => this.followWindow(name));
  }

  /** A tool has scrolled: the crosshair goes along. */
  private followCamera(name: PlaneName): void {
    if (!this.moving) {
      const { normal } = this.state.orientation[name];
      const away = dot(minus(focalPointOf(this.viewport(name)), this.state.centre), normal);
      if (Math.abs(away) > 1e-3) this.point(plus(this.state.centre, normal, away));
    }
    this.refresh();
  }

  private followWindow(name: PlaneName): void {
    const range = this.viewport(name).getProperties()?.voiRange;
    const { lower, upper } = this.state.window;
    if (this.moving || !range || (range.lower === lower && range.upper === upper)) return;
    this.setWindow({ lower: range.lower, upper: range.upper });
  }

  private applyWindow(): void {
    const { window, inverted } = this.state;
    this.quietly(() => {
      for (const name of PLANES) this.viewport(name).setProperties({ voiRange: { ...window }, invert: inverted });
    });
    this.engine.render();
  }

  private resetCameras(): void {
    const { orientation, centre } = this.state;
    this.quietly(() => {
      for (const name of PLANES) {
        const viewport = this.viewport(name);
        placeCamera(viewport, orientation[name], centre, fittingScale(viewport, this.source.plan));
      }
    });
    this.engine.render();
    this.refresh();
  }

  private moveCameras(focalOf: (name: PlaneName, focal: Vector) => Vector): void {
    this.quietly(() => {
      for (const name of PLANES) {
        const viewport = this.viewport(name);
        placeCamera(viewport, this.state.orientation[name], focalOf(name, focalPointOf(viewport)));
      }
    });
    this.engine.render();
    this.refresh();
  }

  private quietly(change: () => void): void {
    const before = this.moving;
    this.moving = true;
    try {
      change();
    } finally {
      this.moving = before;
    }
  }

  private drawSoon(): void {
    if (this.drawing || this.destroyed) return;
    this.drawing = window.setTimeout(() => {
      this.drawing = 0;
      this.engine.render();
    }, DRAWING_PAUSE_MS);
  }

  private refresh(): void {
    if (this.frameRequest || this.destroyed) return;
    this.frameRequest = requestAnimationFrame(() => {
      this.frameRequest = 0;
      this.change({
        views: Object.fromEntries(
          PLANES.map((name) => [name, viewOf(this.viewport(name), this.elements[name], this.state.centre)]),
        ) as MprState['views'],
      });
    });
  }

  private change(part: Partial<MprState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }
}
