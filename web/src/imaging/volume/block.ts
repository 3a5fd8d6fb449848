/** A volume as the renderer holds it: voxels of ours, shown by its viewports. */
import { cache, type Types, volumeLoader } from '@cornerstonejs/core';
import { CACHE_LIMIT_BYTES } from '../start';
import type { VolumePlan } from './plan';
import type { Values } from './resample';
import type { VoxelKind } from './voxels';

/** With this beginning the renderer looks for no image behind it. */
const DERIVED = 'derived:';

export class VolumeBlock {
  readonly id: string;
  readonly voxels: Values;
  private readonly volume: Types.IImageVolume;

  /** name: of the series and which of its volumes; what was kept of one of the same name is taken again. */
  constructor(name: string, plan: VolumePlan, kind: VoxelKind, modality: string, frameOfReferenceUid: string) {
    this.id = `${DERIVED}${name}`;
    const [width, height, depth] = plan.dimensions;
    const size = width * height * depth;
    this.voxels = (kind.whole ? new Int16Array(size) : new Float32Array(size)).fill(kind.empty) as Values;
    // Beside the pictures of the stacks, not instead of them.
    cache.setMaxCacheSize(CACHE_LIMIT_BYTES + this.voxels.byteLength);
    this.volume = volumeLoader.createLocalVolume(this.id, {
      metadata: {
        FrameOfReferenceUID: frameOfReferenceUid,
        Modality: modality,
        BitsAllocated: kind.bytes * 8,
        BitsStored: kind.bytes * 8,
        SamplesPerPixel: 1,
        HighBit: kind.bytes * 8 - 1,
        PhotometricInterpretation: 'MONOCHROME2',
        PixelRepresentation: 1,
        ImageOrientationPatient: [...plan.row, ...plan.column],
        PixelSpacing: [plan.spacing[1], plan.spacing[0]],
        Columns: width,
        Rows: height,
        voiLut: [],
      } as never,
      dimensions: [...plan.dimensions],
      spacing: [...plan.spacing],
      origin: [...plan.origin],
      direction: [...plan.row, ...plan.column, ...plan.normal],
      scalarData: this.voxels as never,
    });
  }

  /** Hands written layers to the graphics card at the next drawing. */
  show(layers: readonly number[]): void {
    const texture = (this.volume as unknown as { vtkOpenGLTexture: { setUpdatedFrame: (layer: number) => void } })
      .vtkOpenGLTexture;
    for (const layer of layers) texture.setUpdatedFrame(layer);
    this.volume.imageData?.modified();
  }

  release(): void {
    const { imageIds } = this.volume;
    if (cache.getVolume(this.id)) cache.removeVolumeLoadObject(this.id);
    for (const imageId of imageIds) if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId);
    cache.setMaxCacheSize(CACHE_LIMIT_BYTES);
  }
}
