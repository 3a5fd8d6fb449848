/** Starts the renderer once a page. The order matters: the loader's start purges all metadata. */
import { getShouldUseCPURendering, cache as imageCache, imageLoader, init as initCore } from '@cornerstonejs/core';
import { init as initLoader, wadors } from '@cornerstonejs/dicom-image-loader';
import { init as initTools } from '@cornerstonejs/tools';
import { finish } from './finish';
import { complete, describeImagesOnDemand, forgetImages, lookUpImage } from './images';
import { acceptFor, asDecodable } from './receive';
import { registerTools } from './tools';

export const CACHE_LIMIT_BYTES = 1_000_000_000;
/** To begin with; those that need some ask for them (`growContexts`). */
const WEBGL_CONTEXTS = 0;

const imageIdOf = new WeakMap<XMLHttpRequest, string>();
let started: Promise<void> | undefined;

export function startImaging(): Promise<void> {
  started ??= (async () => {
    await initCore({ rendering: { webGlContextCount: WEBGL_CONTEXTS }, debug: {} });
    initLoader({
      maxWebWorkers: Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency ?? 2) / 2))),
      strict: false,
      open: (xhr, url) => xhr.open('get', url, true),
      beforeSend: (xhr, imageId): Record<string, string> => {
        imageIdOf.set(xhr, imageId);
        return acceptFor(imageId);
      },
      beforeProcessing: (xhr) => asDecodable(imageIdOf.get(xhr) ?? '', xhr.response as ArrayBuffer, xhr.responseURL),
      errorInterceptor: () => {},
      imageCreated: () => {},
      onloadstart: () => {},
      onloadend: () => {},
      onreadystatechange: () => {},
      onprogress: () => {},
    });
    imageLoader.registerImageLoader('wadors', load as never);
    await initTools();
    registerTools();
    describeImagesOnDemand();
    // The loader leaves a rejected request unhandled besides reporting it; the tile has told it in words by then.
    window.addEventListener('unhandledrejection', (event) => {
      if (event.reason instanceof XMLHttpRequest) event.preventDefault();
    });
    imageCache.setMaxCacheSize(CACHE_LIMIT_BYTES);
  })();
  return started;
}

/** Pixels and tables travel side by side; the picture is whole when both are here. */
function load(imageId: string, options?: object): ReturnType<typeof wadors.loadImage> {
  const tables = complete(imageId);
  // A failure is told by the promise below.
  tables.catch(() => {});
  const loading = wadors.loadImage(imageId, options as never);
  const promise = loading.promise.then(async (image) => {
    await tables;
    const entry = lookUpImage(imageId);
    return entry ? finish(image as never, entry.instance) : image;
  });
  return { ...loading, promise: promise as never };
}

export function usesProcessorOnly(): boolean {
  return getShouldUseCPURendering();
}

/** Frees the pictures and the metadata of a study that is left. */
export function forgetStudy(): void {
  imageCache.purgeCache();
  forgetImages();
}
