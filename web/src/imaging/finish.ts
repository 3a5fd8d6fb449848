/** What the loader leaves out when it has decoded a frame: modality LUT and palette. The image is changed in place. */
import { type Types, utilities } from '@cornerstonejs/core';
import { type DicomInstance, TAG, text } from './dicom';
import { coloured, lookUp, modalityTable, paletteOf } from './lookUpTables';
import { paddingAmong, paddingRange, rememberEmpty } from './padding';

type Pixels = Uint8Array | Uint16Array;

/** Throws where a table that is needed cannot be read: no picture is better than a wrong one. */
export function finish(image: Types.IImage, instance: DicomInstance): Types.IImage {
  if (image.color) return image;
  if (text(instance, TAG.photometric) === 'PALETTE COLOR') {
    const palette = paletteOf(instance);
    if (!palette) throw new Error('the palette cannot be read');
    replacePixels(image, coloured(image.getPixelData(), palette), 3);
  } else if (instance[TAG.modalityLutSequence]?.Value?.length) {
    const table = modalityTable(instance);
    if (!table) throw new Error('the modality LUT cannot be read');
    const stored = image.getPixelData();
    const padding = paddingRange(instance);
    rememberEmpty(image, padding && paddingAmong(stored, padding));
    const values = Uint16Array.from({ length: stored.length }, (_, at) => lookUp(table, stored[at] as number));
    replacePixels(image, values, 1);
  }
  return image;
}

function replacePixels(image: Types.IImage, pixels: Pixels, samples: 1 | 3): void {
  const { columns, rows } = image;
  image.voxelManager = utilities.VoxelManager.createImageVoxelManager({
    scalarData: pixels,
    width: columns,
    height: rows,
    numberOfComponents: samples,
  }) as Types.IImage['voxelManager'];
  image.getPixelData = () => pixels as never;
  image.dataType = pixels.constructor.name as Types.IImage['dataType'];
  image.sizeInBytes = pixels.byteLength;
  image.numberOfComponents = samples;
  image.minPixelValue = 65535;
  image.maxPixelValue = 0;
  for (const value of pixels) {
    if (value < image.minPixelValue) image.minPixelValue = value;
    if (value > image.maxPixelValue) image.maxPixelValue = value;
  }
  if (image.imageFrame) image.imageFrame.pixelData = pixels as never;
  if (samples === 1) return;
  image.color = true;
  // A stack may hold both: another interpretation makes the renderer begin anew.
  if (image.imageFrame) image.imageFrame.photometricInterpretation = 'RGB';
}
