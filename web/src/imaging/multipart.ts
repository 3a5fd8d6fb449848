/** The one part of a multipart/related answer, and back (RFC 2387). */

const HEADER_END = [13, 10, 13, 10];

function indexOf(bytes: Uint8Array, wanted: ArrayLike<number>, from: number): number {
  for (let at = from; at + wanted.length <= bytes.length; at += 1) {
    let same = 0;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same += 1;
    if (same === wanted.length) return at;
  }
  return -1;
}

function lastIndexOf(bytes: Uint8Array, wanted: ArrayLike<number>): number {
  for (let at = bytes.length - wanted.length; at >= 0; at -= 1) {
    let same = 0;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same += 1;
    if (same === wanted.length) return at;
  }
  return -1;
}

/** The body of the first part; the whole where it is not multipart. */
export function onlyPart(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 45 && !(bytes[0] === 13 && bytes[2] === 45)) return bytes;
  const start = indexOf(bytes, HEADER_END, 0);
  const firstLine = indexOf(bytes, [45, 45], 0);
  const lineEnd = indexOf(bytes, [13, 10], firstLine);
  if (start < 0 || lineEnd < 0) return bytes;
  const end = lastIndexOf(bytes, bytes.subarray(firstLine, lineEnd));
  return bytes.subarray(start + 4, end > start ? end - 2 : bytes.length);
}

/** One part with a media type, as the image loader reads it. */
export function asMultipart(body: Uint8Array, mediaType: string): Uint8Array {
  const encoder = new TextEncoder();
  const head = encoder.encode(`--hounsfield-frame\r\nContent-Type: ${mediaType}\r\n\r\n`);
  const tail = encoder.encode('\r\n--hounsfield-frame--\r\n');
  const out = new Uint8Array(head.length + body.length + tail.length);
  out.set(head, 0);
  out.set(body, head.length);
  out.set(tail, head.length + body.length);
  return out;
}
