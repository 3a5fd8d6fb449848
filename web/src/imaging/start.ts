/** Starts the renderer once a page, and tells it about instances. The order matters: the loader's start purges all metadata. */
import { getShouldUseCPURendering, cache as imageCache, init as initCore } from '@cornerstonejs/core';
import { init as initLoader } from '@cornerstonejs/dicom-image-loader';
import { Enums as MetadataEnums, utilities as metadata } from '@cornerstonejs/metadata';
import {
  AngleTool,
  ArrowAnnotateTool,
  addTool,
  BidirectionalTool,
  CobbAngleTool,
  EllipticalROITool,
  init as initTools,
  LabelTool,
  LengthTool,
  PanTool,
  PlanarFreehandROITool,
  ProbeTool,
  RectangleROITool,
  StackScrollTool,
  WindowLevelTool,
  ZoomTool,
} from '@cornerstonejs/tools';
import { losesSign } from './codestream';
import { CursorTool } from './cursorTool';
import { describeForRenderer } from './describe';
import { type DicomInstance, TAG, text } from './dicom';
import type { Slice } from './displaySets';
import { asMultipart, onlyPart } from './multipart';
import { type Repair, repairFor, repairFrame } from './repair';
import { needsServerDecoding, UNCOMPRESSED } from './transferSyntax';

const CACHE_LIMIT_BYTES = 1_000_000_000;
/** To begin with; the stage asks for more (`growContexts`). */
const WEBGL_CONTEXTS = 1;

interface Known {
  instance: DicomInstance;
  fromServer: boolean;
  repair: Repair | undefined;
}

const known = new Map<string, Known>();
const imageIdOf = new WeakMap<XMLHttpRequest, string>();
let started: Promise<void> | undefined;

const NATIVE_MEDIA_TYPE = 'application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1';
const FRAME = /\/frames\/(\d+)$/;

function lookUp(imageId: string): Known | undefined {
  return known.get(imageId.replace(FRAME, ''));
}

async function fetchUncompressed(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address, { headers: { Accept: UNCOMPRESSED }, credentials: 'same-origin' });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const pixels = onlyPart(new Uint8Array(await response.arrayBuffer()));
  return asMultipart(pixels, NATIVE_MEDIA_TYPE).buffer as ArrayBuffer;
}

export function startImaging(): Promise<void> {
  started ??= (async () => {
    await initCore({ rendering: { webGlContextCount: WEBGL_CONTEXTS }, debug: {} });
    initLoader({
      maxWebWorkers: Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency ?? 2) / 2))),
      strict: false,
      open: (xhr, url) => xhr.open('get', url, true),
      beforeSend: (xhr, imageId): Record<string, string> => {
        imageIdOf.set(xhr, imageId);
        const entry = lookUp(imageId);
        return entry?.fromServer || entry?.repair ? { Accept: UNCOMPRESSED } : {};
      },
      beforeProcessing: async (xhr) => {
        const imageId = imageIdOf.get(xhr) ?? '';
        const entry = lookUp(imageId);
        const answer = xhr.response as ArrayBuffer;
        // The study was left meanwhile: without metadata there is nothing to decode by.
        if (!entry) throw new Error('no longer wanted');
        if (!entry.repair) {
          if (entry.fromServer || !losesSign(onlyPart(new Uint8Array(answer)), entry.instance)) return answer;
          return fetchUncompressed(xhr.responseURL);
        }
        const frame = Number(FRAME.exec(imageId)?.[1] ?? 1);
        const repaired = repairFrame(onlyPart(new Uint8Array(answer)), entry.instance, entry.repair, frame);
        return asMultipart(repaired, NATIVE_MEDIA_TYPE).buffer as ArrayBuffer;
      },
      errorInterceptor: () => {},
      imageCreated: () => {},
      onloadstart: () => {},
      onloadend: () => {},
      onreadystatechange: () => {},
      onprogress: () => {},
    });
    await initTools();
    for (const tool of [
      WindowLevelTool,
      PanTool,
      ZoomTool,
      StackScrollTool,
      CursorTool,
      LengthTool,
      AngleTool,
      CobbAngleTool,
      EllipticalROITool,
      RectangleROITool,
      BidirectionalTool,
      ProbeTool,
      ArrowAnnotateTool,
      PlanarFreehandROITool,
      LabelTool,
    ]) {
      addTool(tool);
    }
    // The loader leaves a rejected request unhandled besides reporting it; the tile has told it in words by then.
    window.addEventListener('unhandledrejection', (event) => {
      if (event.reason instanceof XMLHttpRequest) event.preventDefault();
    });
    imageCache.setMaxCacheSize(CACHE_LIMIT_BYTES);
  })();
  return started;
}

export function usesProcessorOnly(): boolean {
  return getShouldUseCPURendering();
}

/** The image id of a slice; its metadata is handed to the renderer the first time. */
export function imageIdFor(slice: Slice): string {
  const { instance, sopInstanceUid, frame } = slice;
  const study = text(instance, TAG.studyInstanceUid);
  const series = text(instance, TAG.seriesInstanceUid);
  const base = `wadors:${window.location.origin}/dicom-web/studies/${study}/series/${series}/instances/${sopInstanceUid}`;
  if (!known.has(base)) {
    const repair = repairFor(instance);
    known.set(base, { instance, fromServer: needsServerDecoding(instance), repair });
    void metadata.addDicomWebInstance(base, describeForRenderer(instance, repair));
  }
  return `${base}/frames/${frame}`;
}

/** The instance of an image id, and the number of its frame (from 1); undefined once its study is left. */
export function frameOf(imageId: string): { instance: DicomInstance; frame: number } | undefined {
  const entry = lookUp(imageId);
  return entry && { instance: entry.instance, frame: Number(FRAME.exec(imageId)?.[1] ?? 1) };
}

/** Frees the pictures and the metadata of a study that is left. */
export function forgetStudy(): void {
  imageCache.purgeCache();
  known.clear();
  metadata.clearTypedCacheData(MetadataEnums.MetadataModules.NATURALIZED);
}
