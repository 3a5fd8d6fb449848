/** How the picture in a viewport lies on the screen, in the patient and in millimetres. */
import type { Types } from '@cornerstonejs/core';
import { type DicomInstance, functionalGroup, numbers, TAG, texts } from './dicom';
import { edgeLetters, edgeLettersFromPatientOrientation, NO_LETTERS, type Vector } from './orientation';
import { type Point, pixelScale } from './spacing';
import type { TileState } from './tileState';

export type ViewGeometry = Pick<TileState, 'zoom' | 'letters' | 'scaleSource' | 'mmPerPixel'>;

/** frame: 0-based. Undefined as long as nothing is drawn. */
export function viewGeometry(
  viewport: Types.IStackViewport,
  instance: DicomInstance,
  frame: number,
): ViewGeometry | undefined {
  const image = viewport.getImageData() as { spacing?: number[]; direction?: ArrayLike<number> } | undefined;
  if (!image?.spacing || !image.direction) return undefined;
  const origin = viewport.canvasToWorld([0, 0]);
  const across = (x: number, y: number): Vector => {
    const point = viewport.canvasToWorld([x, y]);
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
  const scale = pixelScale(instance, frame, middle(viewport));
  const length = ([columns, rows]: [number, number]): number =>
    Math.hypot(columns * (scale.columnMm ?? 0), rows * (scale.rowMm ?? 0));
  return {
    zoom: 1 / Math.max(1e-9, Math.hypot(...rightPixels)),
    letters,
    scaleSource: scale.source,
    mmPerPixel: scale.source === 'none' ? undefined : { x: length(rightPixels), y: length(downPixels) },
  };
}

/** The point of the image in the middle of the tile: where an image has several scales, the one there counts. */
function middle(viewport: Types.IStackViewport): Point | undefined {
  const data = (viewport.getImageData() as Types.IImageData | undefined)?.imageData;
  const { clientWidth, clientHeight } = viewport.element;
  const world = viewport.canvasToWorld([clientWidth / 2, clientHeight / 2]);
  const [column, row] = (data?.worldToIndex(world) ?? []) as number[];
  return column === undefined || row === undefined ? undefined : [column + 0.5, row + 0.5];
}
