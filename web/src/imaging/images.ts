/**
 * The images of the study that is open: what the renderer's image ids stand for. A series may have thousands of them, of which a
 * reader sees a few: what an image needs is found out when it is asked for.
 */
import { metaData } from '@cornerstonejs/core';
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

/** By the image id without its frame. */
const instances = new Map<string, DicomInstance>();
const known = new Map<string, KnownImage>();
const described = new Set<string>();
const planesWithin = new Map<string, readonly Uint8Array[]>();
const FRAME = /\/frames\/(\d+)$/;

/** Undefined once the study of the image is left. */
export function lookUpImage(imageId: string): KnownImage | undefined {
  const base = imageId.replace(FRAME, '');
  const before = known.get(base);
  const instance = instances.get(base);
  if (before || !instance) return before;
  const fromServer = needsServerDecoding(instance) || bitsWithinSamples(instance).length > 0;
  const entry: KnownImage = { instance, fromServer, repair: repairFor(instance) };
  known.set(base, entry);
  return entry;
}

/** The number (from 1) of the frame that an image id names. */
export function frameNumber(imageId: string): number {
  return Number(FRAME.exec(imageId)?.[1] ?? 1);
}

/** The image id of a slice, by which the renderer can ask for it. */
export function imageIdFor(slice: Slice): string {
  const { instance, sopInstanceUid, frame } = slice;
  const study = text(instance, TAG.studyInstanceUid);
  const series = text(instance, TAG.seriesInstanceUid);
  const base = `wadors:${window.location.origin}/dicom-web/studies/${study}/series/${series}/instances/${sopInstanceUid}`;
  if (!instances.has(base)) instances.set(base, instance);
  return `${base}/frames/${frame}`;
}

/** Before any provider of metadata is asked. */
const FIRST_OF_ALL = 100_000;

/** From now on the renderer is told of an image when it first asks for something of it. */
export function describeImagesOnDemand(): void {
  metaData.addProvider((_type, imageId) => {
    if (typeof imageId === 'string') describe(imageId.replace(FRAME, ''));
    return undefined;
  }, FIRST_OF_ALL);
}

function describe(base: string): void {
  if (described.has(base)) return;
  const entry = lookUpImage(base);
  if (!entry) return;
  // Before it is added, which asks the providers in its turn.
  described.add(base);
  void metadata.addDicomWebInstance(base, describeForRenderer(entry.instance, entry.repair));
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
  instances.clear();
  known.clear();
  described.clear();
  planesWithin.clear();
  metadata.clearTypedCacheData(MetadataEnums.MetadataModules.NATURALIZED);
}
