/** Looks into a compressed frame for what the browser's decoders would silently read wrongly. Pure. */
import { type DicomInstance, number, TAG, text } from './dicom';

const JPEG_2000 = /^1\.2\.840\.10008\.1\.2\.4\.(90|91|201|202|203)$/;
const JPEG_LOSSLESS = /^1\.2\.840\.10008\.1\.2\.4\.(57|70|80|81)$/;

function find(bytes: Uint8Array, marker: readonly number[], from: number, until: number): number {
  const last = Math.min(bytes.length - marker.length, until);
  for (let at = from; at <= last; at += 1) {
    if (marker.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}

/** Signedness of the first component in SIZ (ISO/IEC 15444-1 A.5.1); undefined without one. */
export function jpeg2000IsSigned(bytes: Uint8Array): boolean | undefined {
  const start = find(bytes, [0xff, 0x4f, 0xff, 0x51], 0, 4096);
  if (start < 0) return undefined;
  // SOC (2), SIZ (2), Lsiz (2), Rsiz (2), eight sizes of 4, Csiz (2), then Ssiz.
  const ssiz = bytes[start + 42];
  return ssiz === undefined ? undefined : (ssiz & 0x80) !== 0;
}

/** Sample precision in the frame header of JPEG lossless (SOF3) or JPEG-LS (SOF55). */
export function jpegPrecision(bytes: Uint8Array): number | undefined {
  let at = 2;
  while (at + 4 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xc3 || marker === 0xf7) return bytes[at + 4];
    at += 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
  }
  return undefined;
}

/**
 * True where signed pixels would come out unsigned: the codestream says otherwise than Pixel Representation (0028,0103),
 * or carries fewer bits than are allocated, so that the sign is not extended.
 */
export function losesSign(bytes: Uint8Array, instance: DicomInstance): boolean {
  const syntax = text(instance, TAG.availableTransferSyntaxUid);
  const signed = number(instance, '00280103') === 1;
  if (JPEG_2000.test(syntax)) {
    const stated = jpeg2000IsSigned(bytes);
    return stated !== undefined && stated !== signed;
  }
  if (!signed || !JPEG_LOSSLESS.test(syntax)) return false;
  const precision = jpegPrecision(bytes);
  return precision !== undefined && precision < (number(instance, TAG.bitsAllocated) ?? 16);
}
