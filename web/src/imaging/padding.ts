/** Pixels that mean "nothing here" (Pixel Padding Value, PS3.3 C.7.5.1.1.2). */
import { type DicomInstance, number, TAG } from './dicom';

/** What is needed of a decoded image. */
export interface PaddedImage {
  getPixelData: () => ArrayLike<number>;
  preScale?: { scaled?: boolean; scalingParameters?: { rescaleSlope?: number; rescaleIntercept?: number } };
}

/** First and last stored value that is padding; undefined where the object names none. */
export function paddingRange(instance: DicomInstance): readonly [number, number] | undefined {
  const stated = number(instance, TAG.pixelPadding);
  if (stated === undefined || (number(instance, TAG.samplesPerPixel) ?? 1) !== 1) return undefined;
  const signed = number(instance, TAG.pixelRepresentation) === 1;
  // Its VR is that of the pixels, and not always written so.
  const asStored = (value: number): number => {
    if (signed) return value > 0x7fff ? value - 0x10000 : value;
    return value < 0 ? value + 0x10000 : value;
  };
  const ends = [stated, number(instance, TAG.pixelPaddingLimit) ?? stated].map(asStored);
  return [Math.min(...ends), Math.max(...ends)];
}

/** One byte a value: 1 where it is padding; undefined where there is none. */
export function paddingAmong(stored: ArrayLike<number>, range: readonly [number, number]): Uint8Array | undefined {
  const [first, last] = range;
  let found: Uint8Array | undefined;
  for (let at = 0; at < stored.length; at += 1) {
    const value = stored[at] as number;
    if (value < first || value > last) continue;
    found ??= new Uint8Array(stored.length);
    found[at] = 1;
  }
  return found;
}

/** Of images whose stored values are gone since a modality LUT took their place. */
const remembered = new WeakMap<object, Uint8Array | undefined>();

export function rememberEmpty(image: object, empty: Uint8Array | undefined): void {
  remembered.set(image, empty);
}

/** The padding of a decoded image, one byte a pixel; undefined where it has none. Computed once an image. */
export function emptyPixels(image: PaddedImage, instance: DicomInstance): Uint8Array | undefined {
  if (!remembered.has(image)) remembered.set(image, found(image, instance));
  return remembered.get(image);
}

/** What the stored values were multiplied by, and what was added to them. */
function rescaling({ preScale }: PaddedImage): { rescaleSlope: number; rescaleIntercept: number } {
  const { rescaleSlope = 1, rescaleIntercept = 0 } = (preScale?.scaled && preScale.scalingParameters) || {};
  return { rescaleSlope, rescaleIntercept };
}

/** The values as they are stored, where only a slope and an intercept came between. */
export function storedValues(image: PaddedImage): ArrayLike<number> {
  const { rescaleSlope, rescaleIntercept } = rescaling(image);
  const values = image.getPixelData();
  if (rescaleSlope === 1 && rescaleIntercept === 0) return values;
  return Int32Array.from(values, (value) => Math.round((value - rescaleIntercept) / rescaleSlope));
}

function found(image: PaddedImage, instance: DicomInstance): Uint8Array | undefined {
  const range = paddingRange(instance);
  if (!range) return undefined;
  const values = image.getPixelData();
  const { rescaleSlope, rescaleIntercept } = rescaling(image);
  // Half a step to each side: the values were rounded when they were rescaled.
  const ends = range.map((value) => value * rescaleSlope + rescaleIntercept);
  const slack = Math.abs(rescaleSlope) / 2;
  return paddingAmong(values, [Math.min(...ends) - slack, Math.max(...ends) + slack]);
}
