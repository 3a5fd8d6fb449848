/** Tables and planes that a picture needs beside its pixels. Long ones are not in the metadata but behind a URI. */
import type { DicomElement, DicomInstance } from '../api/types';
import { TAG } from './dicom';
import { onlyPart } from './multipart';
import { OVERLAY_DATA } from './overlays';

const WANTED = new Set([
  ...['00281201', '00281202', '00281203', '00281221', '00281222', '00281223'],
  '00283006',
  ...OVERLAY_DATA,
]);
const SEQUENCES = new Set<string>([
  TAG.modalityLutSequence,
  TAG.voiLutSequence,
  TAG.sharedFunctionalGroups,
  TAG.perFrameFunctionalGroups,
  TAG.frameVoiSequence,
]);

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Rejects with the answer where the server does not give it. */
export async function fetchBytes(address: string, mediaType = 'application/octet-stream'): Promise<Uint8Array> {
  const response = await fetch(address, {
    headers: { Accept: `multipart/related; type="${mediaType}", ${mediaType}` },
    credentials: 'same-origin',
  });
  if (!response.ok) throw response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  return response.headers.get('Content-Type')?.startsWith('multipart') ? onlyPart(bytes) : bytes;
}

function itemsOf(element: DicomElement | undefined): DicomInstance[] {
  return (element?.Value ?? []) as DicomInstance[];
}

/** Whether something wanted stands behind a URI. */
export function isIncomplete(item: DicomInstance): boolean {
  return Object.entries(item).some(
    ([tag, element]) =>
      (WANTED.has(tag) && element.BulkDataURI) || (SEQUENCES.has(tag) && itemsOf(element).some(isIncomplete)),
  );
}

/** The instance with what is wanted at hand. Rejects with the answer where the server does not give it. */
export async function completed(item: DicomInstance): Promise<DicomInstance> {
  if (!isIncomplete(item)) return item;
  const elements = await Promise.all(
    Object.entries(item).map(async ([tag, element]): Promise<readonly [string, DicomElement]> => {
      if (WANTED.has(tag) && element.BulkDataURI)
        return [tag, { vr: 'OW', InlineBinary: base64(await fetchBytes(element.BulkDataURI)) }];
      if (!SEQUENCES.has(tag)) return [tag, element];
      return [tag, { ...element, Value: await Promise.all(itemsOf(element).map(completed)) }];
    }),
  );
  return Object.fromEntries(elements);
}
