/** The images of the study that is open: what the renderer's image ids stand for. */
import { Enums as MetadataEnums, utilities as metadata } from '@cornerstonejs/metadata';
import { completed } from './bulk';
import { describeForRenderer } from './describe';
import { type DicomInstance, TAG, text } from './dicom';
import type { Slice } from './displaySets';
import { bitsWithinSamples } from './overlays';
import { type Repair, repairFor } from './repair';
import { needsServerDecoding } from './transferSyntax';

export interface KnownImage {
  /** With the tables and planes that its pictures need, once the first of them is loaded. */
  instance: DicomInstance;
  fromServer: boolean;
  repair: Repair | undefined;
  completing?: Promise<void>;
}

const known = new Map<string, KnownImage>();
const planesWithin = new Map<string, readonly Uint8Array[]>();
const FRAME = /\/frames\/(\d+)$/;

export function lookUpImage(imageId: string): KnownImage | undefined {
  return known.get(imageId.replace(FRAME, ''));
}

/** The number (from 1) of the frame that an image id names. */
export function frameNumber(imageId: string): number {
  return Number(FRAME.exec(imageId)?.[1] ?? 1);
}

/** The image id of a slice; its metadata is handed to the renderer the first time. */
export function imageIdFor(slice: Slice): string {
  const { instance, sopInstanceUid, frame } = slice;
  const study = text(instance, TAG.studyInstanceUid);
  const series = text(instance, TAG.seriesInstanceUid);
  const base = `wadors:${window.location.origin}/dicom-web/studies/${study}/series/${series}/instances/${sopInstanceUid}`;
  if (!known.has(base)) {
    const repair = repairFor(instance);
    const fromServer = needsServerDecoding(instance) || bitsWithinSamples(instance).length > 0;
    known.set(base, { instance, fromServer, repair });
    void metadata.addDicomWebInstance(base, describeForRenderer(instance, repair));
  }
  return `${base}/frames/${frame}`;
}

/** The instance of an image id, and the number of its frame (from 1); undefined once its study is left. */
export function frameOf(imageId: string): { instance: DicomInstance; frame: number } | undefined {
  const entry = lookUpImage(imageId);
  return entry && { instance: entry.instance, frame: frameNumber(imageId) };
}

/** Fetches what the pictures of an instance need beside their pixels, once. Rejects where the server does not give it. */
export function complete(imageId: string): Promise<void> {
  const entry = lookUpImage(imageId);
  if (!entry) return Promise.resolve();
  entry.completing ??= completed(entry.instance).then(
    (instance) => {
      entry.instance = instance;
    },
    (error: unknown) => {
      // Retry asks again.
      entry.completing = undefined;
      throw error;
    },
  );
  return entry.completing;
}

/** Overlays that stood in the unused bits of an image's samples: one byte a pixel, 1 where set. */
export function keepPlanesWithin(imageId: string, planes: readonly Uint8Array[]): void {
  planesWithin.set(imageId, planes);
}

export function planesWithinSamples(imageId: string): readonly Uint8Array[] {
  return planesWithin.get(imageId) ?? [];
}

/** Forgets the images and the renderer's metadata of a study that is left. */
export function forgetImages(): void {
  known.clear();
  planesWithin.clear();
  metadata.clearTypedCacheData(MetadataEnums.MetadataModules.NATURALIZED);
}
