/** Long palettes are not in the metadata but behind a URI; the renderer wants them at hand. */
import type { DicomInstance } from '../api/types';
import { onlyPart } from './multipart';

const PALETTE_TABLES = ['00281201', '00281202', '00281203'];

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

async function fetchBytes(address: string, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(address, {
    headers: { Accept: 'multipart/related; type="application/octet-stream", application/octet-stream' },
    credentials: 'same-origin',
    signal,
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return response.headers.get('Content-Type')?.startsWith('multipart') ? onlyPart(bytes) : bytes;
}

/** The instances with their palettes inline; those of other photometric interpretations as they are. */
export function withPalettes(instances: readonly DicomInstance[], signal?: AbortSignal): Promise<DicomInstance[]> {
  return Promise.all(
    instances.map(async (instance) => {
      const distant = PALETTE_TABLES.filter((tag) => instance[tag]?.BulkDataURI);
      if (distant.length === 0) return instance;
      const tables = await Promise.all(
        distant.map(async (tag) => {
          const bytes = await fetchBytes(instance[tag]?.BulkDataURI as string, signal);
          return [tag, { vr: 'OW', InlineBinary: base64(bytes) }] as const;
        }),
      );
      return { ...instance, ...Object.fromEntries(tables) };
    }),
  );
}
