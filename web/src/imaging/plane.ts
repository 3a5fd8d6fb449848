/** Where the renderer puts the pixels of an image. */
import { metaData } from '@cornerstonejs/core';
import type { Point } from './spacing';

export type World = [number, number, number];

export interface Plane {
  origin: World;
  /** Directions of a row and of a column. */
  along: World;
  down: World;
  columnSpacing: number;
  rowSpacing: number;
  frameOfReferenceUID?: string;
}

/** Where the renderer puts an image; what an image leaves out is as the renderer assumes it. */
export function planeOf(imageId: string): Plane {
  const plane = metaData.get('imagePlaneModule', imageId) ?? {};
  return {
    origin: [...(plane.imagePositionPatient ?? [0, 0, 0])] as World,
    along: [...(plane.rowCosines ?? [1, 0, 0])] as World,
    down: [...(plane.columnCosines ?? [0, 1, 0])] as World,
    columnSpacing: plane.columnPixelSpacing || 1,
    rowSpacing: plane.rowPixelSpacing || 1,
    frameOfReferenceUID: plane.frameOfReferenceUID,
  };
}

/** The renderer counts from the middle of the first pixel, image coordinates from its corner. */
export function toWorld(plane: Plane, [column, row]: Point): World {
  const [right, below] = [(column - 0.5) * plane.columnSpacing, (row - 0.5) * plane.rowSpacing];
  return plane.origin.map(
    (start, axis) => start + (plane.along[axis] ?? 0) * right + (plane.down[axis] ?? 0) * below,
  ) as World;
}

export function toImage(plane: Plane, world: ArrayLike<number>): Point {
  const dot = (direction: World): number =>
    direction.reduce((sum, part, axis) => sum + part * ((world[axis] ?? 0) - (plane.origin[axis] ?? 0)), 0);
  const [right, below] = [dot(plane.along) / plane.columnSpacing, dot(plane.down) / plane.rowSpacing];
  return [Math.fround(right + 0.5), Math.fround(below + 0.5)];
}
