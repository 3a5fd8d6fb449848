/** What is asked of the server for a frame, and made of its answer before the loader decodes it. */
import { losesSign } from './codestream';
import { frameNumber, keepPlanesWithin, lookUpImage } from './images';
import { asMultipart, onlyPart } from './multipart';
import { bitsWithinSamples } from './overlays';
import { repairFrame } from './repair';
import { UNCOMPRESSED } from './transferSyntax';
import { hasUnusedBits, planeOfBit, withoutUnusedBits, wordsOfFrame } from './unusedBits';

const NATIVE_MEDIA_TYPE = 'application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1';
const IS_NATIVE = /transfer-syntax="?1\.2\.840\.10008\.1\.2(\.1(\.99)?)?"?\s*(;|\r)/;

/** Headers of the request for a frame. */
export function acceptFor(imageId: string): Record<string, string> {
  const entry = lookUpImage(imageId);
  return entry?.fromServer || entry?.repair ? { Accept: UNCOMPRESSED } : {};
}

/** The answer as the loader can read it. address: where it came from. */
export async function asDecodable(imageId: string, answer: ArrayBuffer, address: string): Promise<ArrayBuffer> {
  const entry = lookUpImage(imageId);
  // The study was left meanwhile: without metadata there is nothing to decode by.
  if (!entry) throw new Error('no longer wanted');
  const part = onlyPart(new Uint8Array(answer));
  if (entry.repair) return native(repairFrame(part, entry.instance, entry.repair, frameNumber(imageId)));
  if (!entry.fromServer && losesSign(part, entry.instance)) return fetchUncompressed(address);
  if (!hasUnusedBits(entry.instance) || !isNative(answer)) return answer;
  const words = wordsOfFrame(part);
  const positions = bitsWithinSamples(entry.instance);
  if (positions.length > 0)
    keepPlanesWithin(
      imageId,
      positions.map((position) => planeOfBit(words, position)),
    );
  const values = withoutUnusedBits(words, entry.instance);
  return values ? native(new Uint8Array(values.buffer)) : answer;
}

function native(pixels: Uint8Array): ArrayBuffer {
  return asMultipart(pixels, NATIVE_MEDIA_TYPE).buffer as ArrayBuffer;
}

/** Whether the part's own header says uncompressed, little endian. */
function isNative(answer: ArrayBuffer): boolean {
  const head = new TextDecoder('latin1').decode(new Uint8Array(answer, 0, Math.min(512, answer.byteLength)));
  return IS_NATIVE.test(head);
}

async function fetchUncompressed(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address, { headers: { Accept: UNCOMPRESSED }, credentials: 'same-origin' });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return native(onlyPart(new Uint8Array(await response.arrayBuffer())));
}
