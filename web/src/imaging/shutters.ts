/** Display shutters (PS3.3 C.7.6.11). Pure. Columns and rows count from 0 here, at the middle of a pixel. */
import { type DicomInstance, number, numbers, TAG, texts } from './dicom';

export interface Shutter {
  /** Outer edges of what is seen. */
  rectangle?: { left: number; right: number; upper: number; lower: number };
  /** radius: in columns. ratio: height of a pixel over its width, by which the circle is round on the screen. */
  circle?: { column: number; row: number; radius: number; ratio: number };
  polygon?: ReadonlyArray<readonly [number, number]>;
  /** What is seen instead, 0 to 255. */
  shade: number;
}

const SHAPE = '00181600';
const EDGES = ['00181602', '00181604', '00181606', '00181608'];
const CENTER = '00181610';
const RADIUS = '00181612';
const VERTICES = '00181620';
const PRESENTATION_VALUE = '00181622';

export function shutterOf(instance: DicomInstance): Shutter | undefined {
  const shapes = new Set(texts(instance, SHAPE).map((shape) => shape.toUpperCase()));
  const shutter: Shutter = { shade: ((number(instance, PRESENTATION_VALUE) ?? 0) >> 8) & 0xff };
  const [left, right, upper, lower] = EDGES.map((tag) => number(instance, tag));
  if (shapes.has('RECTANGULAR') && [left, right, upper, lower].every((edge) => edge !== undefined)) {
    const [one, other, top, bottom] = [left, right, upper, lower] as [number, number, number, number];
    shutter.rectangle = { left: one - 1.5, right: other - 0.5, upper: top - 1.5, lower: bottom - 0.5 };
  }
  const [row, column] = numbers(instance, CENTER);
  const radius = number(instance, RADIUS) ?? 0;
  if (shapes.has('CIRCULAR') && row !== undefined && column !== undefined && radius > 0)
    shutter.circle = { column: column - 1, row: row - 1, radius, ratio: aspectRatio(instance) ?? 1 };
  const vertices = numbers(instance, VERTICES);
  if (shapes.has('POLYGONAL') && vertices.length >= 6) {
    shutter.polygon = Array.from(
      { length: vertices.length >> 1 },
      (_, at) => [(vertices[2 * at + 1] as number) - 1, (vertices[2 * at] as number) - 1] as const,
    );
  }
  return shutter.rectangle || shutter.circle || shutter.polygon ? shutter : undefined;
}

const RATIO = '00280034';
const NOMINAL_SPACING = '00182010';

/** Height of a pixel over its width, by Pixel Aspect Ratio or a spacing (C.7.6.3.1.7); undefined where nothing says it. */
export function aspectRatio(instance: DicomInstance): number | undefined {
  for (const tag of [RATIO, TAG.pixelSpacing, TAG.imagerPixelSpacing, NOMINAL_SPACING]) {
    const [vertical = 0, horizontal = 0] = numbers(instance, tag);
    const ratio = vertical / horizontal;
    if (ratio >= 0.05 && ratio <= 20) return ratio;
  }
  return undefined;
}
