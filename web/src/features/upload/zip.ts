/** The members of a ZIP archive, read where they lie: the archive is never held in memory (PKWARE APPNOTE 6.3.10). */
import { type Source, Unreadable } from './source';

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const UTF_8 = 1 << 11;
const ZIP_64 = 0x0001;
const NOT_HERE = 0xffffffff;
/** Of the end record with the longest comment. */
const END_BYTES = 22 + 0xffff;
const MOST_DIRECTORY_BYTES = 256 << 20;

interface Member {
  name: string;
  method: number;
  encrypted: boolean;
  packedBytes: number;
  bytes: number;
  at: number;
}

async function view(blob: Blob, from: number, to: number): Promise<DataView> {
  if (from < 0 || to > blob.size || from > to) throw new Unreadable('zip-damaged');
  return new DataView(await blob.slice(from, to).arrayBuffer());
}

function large(data: DataView, at: number): number {
  const value = Number(data.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw new Unreadable('zip-damaged');
  return value;
}

export async function isZip(source: Pick<Source, 'head'>): Promise<boolean> {
  const head = await source.head(4);
  return head.length >= 4 && new DataView(head.buffer, head.byteOffset).getUint32(0, true) === LOCAL;
}

/** Where the central directory lies: offset and length in bytes. */
async function directoryOf(blob: Blob): Promise<[number, number]> {
  const start = Math.max(0, blob.size - END_BYTES);
  const tail = await view(blob, start, blob.size);
  for (let at = tail.byteLength - 22; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) !== END) continue;
    const length = tail.getUint32(at + 12, true);
    const offset = tail.getUint32(at + 16, true);
    if (offset !== NOT_HERE && length !== NOT_HERE && tail.getUint16(at + 10, true) !== 0xffff) return [offset, length];
    const locator = await view(blob, start + at - 20, start + at);
    if (locator.getUint32(0, true) !== LOCATOR_64) return [offset, length];
    const place = large(locator, 8);
    const end = await view(blob, place, place + 56);
    if (end.getUint32(0, true) !== END_64) break;
    return [large(end, 48), large(end, 40)];
  }
  throw new Unreadable('zip-damaged');
}

function memberAt(data: DataView, at: number, bytes: Uint8Array): { member: Member; next: number } {
  const nameBytes = data.getUint16(at + 28, true);
  const extraBytes = data.getUint16(at + 30, true);
  const flags = data.getUint16(at + 8, true);
  const name = bytes.subarray(at + 46, at + 46 + nameBytes);
  const member: Member = {
    name: new TextDecoder(flags & UTF_8 ? 'utf-8' : 'windows-1252').decode(name),
    method: data.getUint16(at + 10, true),
    encrypted: (flags & ENCRYPTED) !== 0,
    packedBytes: data.getUint32(at + 20, true),
    bytes: data.getUint32(at + 24, true),
    at: data.getUint32(at + 42, true),
  };
  const extraEnd = at + 46 + nameBytes + extraBytes;
  for (let extra = at + 46 + nameBytes; extra + 4 <= extraEnd; extra += 4 + data.getUint16(extra + 2, true)) {
    if (data.getUint16(extra, true) !== ZIP_64) continue;
    // Only what did not fit above stands here, in this order.
    let value = extra + 4;
    for (const field of ['bytes', 'packedBytes', 'at'] as const) {
      if (member[field] !== NOT_HERE) continue;
      member[field] = large(data, value);
      value += 8;
    }
  }
  return { member, next: extraEnd + data.getUint16(at + 32, true) };
}

async function membersOf(blob: Blob): Promise<Member[]> {
  const [offset, length] = await directoryOf(blob);
  if (length > MOST_DIRECTORY_BYTES) throw new Unreadable('zip-damaged');
  const data = await view(blob, offset, offset + length);
  const bytes = new Uint8Array(data.buffer);
  const found: Member[] = [];
  try {
    for (let at = 0; at + 46 <= length && data.getUint32(at, true) === CENTRAL; ) {
      const { member, next } = memberAt(data, at, bytes);
      found.push(member);
      at = next;
    }
  } catch (cause) {
    // A length in it points behind its end.
    if (cause instanceof RangeError) throw new Unreadable('zip-damaged');
    throw cause;
  }
  return found;
}

/** The member's bytes as they lie in the archive. */
async function packed(blob: Blob, member: Member): Promise<Blob> {
  const head = await view(blob, member.at, member.at + 30);
  if (head.getUint32(0, true) !== LOCAL) throw new Unreadable('zip-damaged');
  const from = member.at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  if (from + member.packedBytes > blob.size) throw new Unreadable('zip-damaged');
  return blob.slice(from, from + member.packedBytes);
}

/** At most `most` bytes; more than the directory tells is never unpacked. */
async function unpacked(blob: Blob, member: Member, most: number): Promise<Blob> {
  if (member.encrypted) throw new Unreadable('zip-encrypted');
  const raw = await packed(blob, member);
  if (member.method === STORED) return raw.slice(0, most);
  if (member.method !== DEFLATED) throw new Unreadable('zip-method');
  const parts: Array<Uint8Array<ArrayBuffer>> = [];
  let room = Math.min(most, member.bytes);
  const reader = raw.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    while (room > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value.subarray(0, room) as Uint8Array<ArrayBuffer>);
      room -= value.length;
    }
  } catch {
    throw new Unreadable('zip-damaged');
  } finally {
    await reader.cancel().catch(() => {});
  }
  if (room > 0 && most >= member.bytes) throw new Unreadable('zip-damaged');
  return new Blob(parts);
}

/** What lies in an archive, folders left out. archive: its name, which goes before theirs. Rejects with `Unreadable`. */
export async function zipSources(blob: Blob, archive: string): Promise<Source[]> {
  const members = (await membersOf(blob)).filter((member) => !member.name.endsWith('/'));
  return members.map((member) => ({
    name: `${archive}/${member.name}`,
    size: member.bytes,
    head: async (bytes) => new Uint8Array(await (await unpacked(blob, member, bytes)).arrayBuffer()),
    open: () => unpacked(blob, member, Number.MAX_SAFE_INTEGER),
  }));
}
