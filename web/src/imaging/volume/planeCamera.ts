/** The camera of one plane of a volume: where it stands, how much it sees, and what that means on the screen. Lengths in mm. */
import type { Types } from '@cornerstonejs/core';
import { edgeLetters, type Vector } from '../orientation';
import { minus, plus } from '../vectors';
import type { PlaneView } from './mprState';
import type { VolumePlan } from './plan';

/** Of the size of the volume, left free around it. */
const ROOM = 1.02;
const [SMALLEST_SCALE_MM, LARGEST_SCALE_MM] = [0.5, 5000];

/** What the renderer's type does not name; its version is pinned. */
interface Clipped {
  updateClippingPlanesForActors(camera: Types.ICamera): Promise<void>;
}

export interface Direction {
  normal: Vector;
  up: Vector;
}

export function focalPointOf(viewport: Types.IVolumeViewport): Vector {
  return viewport.getCamera().focalPoint as Vector;
}

/** parallelScale: half of what is seen from top to bottom; as it is where undefined. */
export function placeCamera(
  viewport: Types.IVolumeViewport,
  { normal, up }: Direction,
  focal: Vector,
  parallelScale?: number,
): void {
  const camera = viewport.getCamera();
  const distance = Math.hypot(...minus(camera.position as Vector, camera.focalPoint as Vector)) || 1000;
  viewport.setCamera({
    viewPlaneNormal: [...normal],
    viewUp: [...up],
    focalPoint: [...focal],
    position: [...plus(focal, normal, distance)],
    ...(parallelScale ? { parallelScale } : {}),
  });
  // The renderer looks for a new slice where the view moves or its upper edge turns; a turn around that edge it overlooks.
  void (viewport as unknown as Clipped).updateClippingPlanesForActors(viewport.getCamera());
}

/** The scale at which the whole volume is seen, however it is turned. */
export function fittingScale(viewport: Types.IVolumeViewport, { dimensions, spacing }: VolumePlan): number {
  const largest = Math.max(...dimensions.map((count, axis) => count * (spacing[axis] as number)));
  const { width, height } = viewport.getCanvas();
  return (largest / 2) * ROOM * Math.max(1, height / Math.max(1, width));
}

export function zoomCamera(viewport: Types.IVolumeViewport, factor: number): void {
  const { parallelScale = 1 } = viewport.getCamera();
  viewport.setCamera({
    parallelScale: Math.min(LARGEST_SCALE_MM, Math.max(SMALLEST_SCALE_MM, parallelScale / factor)),
  });
  viewport.render();
}

/** crosshair: in the patient. */
export function viewOf(viewport: Types.IVolumeViewport, element: HTMLElement, crosshair: Vector): PlaneView {
  const { clientWidth: width, clientHeight: height } = element;
  const at = (x: number, y: number): Vector => viewport.canvasToWorld([x, y]) as unknown as Vector;
  const origin = at(0, 0);
  const [right, down] = [minus(at(100, 0), origin), minus(at(0, 100), origin)];
  const [x, y] = viewport.worldToCanvas([...crosshair]);
  return { letters: edgeLetters(right, down), mmPerPixel: Math.hypot(...right) / 100, centre: [x, y], width, height };
}
