/** Which frames the browser's decoders read wrongly, so that the server is asked for uncompressed ones. */
import { type DicomInstance, number, TAG, text } from './dicom';

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';
const RLE = '1.2.840.10008.1.2.5';
const JPEG_BASELINE = '1.2.840.10008.1.2.4.50';
const JPEG_EXTENDED = '1.2.840.10008.1.2.4.51';
const DEFLATED_FRAMES = '1.2.840.10008.1.2.8.1';
const NATIVE = new Set(['1.2.840.10008.1.2', EXPLICIT_LITTLE_ENDIAN, '1.2.840.10008.1.2.1.99', BIG_ENDIAN]);
/** What the bundled decoders were held against the truth for. Anything else comes decoded from the server. */
const DECODED_IN_BROWSER = new Set([
  ...NATIVE,
  RLE,
  JPEG_BASELINE,
  JPEG_EXTENDED,
  ...['57', '70', '80', '81', '90', '91', '201', '202', '203', '110', '111', '112'].map(
    (last) => `1.2.840.10008.1.2.4.${last}`,
  ),
]);
DECODED_IN_BROWSER.delete(DEFLATED_FRAMES);

export const AS_STORED = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';
export const UNCOMPRESSED = `multipart/related; type="application/octet-stream"; transfer-syntax=${EXPLICIT_LITTLE_ENDIAN}`;

/** True where the frames must be decoded by the server (pixel-by-pixel comparison of the decoders in use). */
export function needsServerDecoding(instance: DicomInstance): boolean {
  const syntax = text(instance, TAG.availableTransferSyntaxUid);
  if (syntax === '') return false;
  if (!DECODED_IN_BROWSER.has(syntax)) return true;
  const bits = number(instance, TAG.bitsAllocated) ?? 16;
  const samples = number(instance, TAG.samplesPerPixel) ?? 1;
  const photometric = text(instance, TAG.photometric);
  if (bits === 1) return true;
  if (bits === 32 && (syntax === RLE || syntax === BIG_ENDIAN)) return true;
  if (NATIVE.has(syntax) && photometric.startsWith('YBR') && photometric !== 'YBR_FULL') return true;
  if (syntax === JPEG_BASELINE && samples === 3 && photometric === 'RGB') return true;
  if (syntax === JPEG_EXTENDED && samples === 3) return true;
  return samples === 3 && bits > 8;
}
