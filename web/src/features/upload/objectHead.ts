/** What the file meta information of a Part 10 file says of its object (PS3.10 7.1); it is Explicit VR Little Endian always. */

export interface ObjectHead {
  sopInstanceUid: string;
  transferSyntaxUid: string;
  /** Where the data set begins. */
  dataSetAt: number;
}

/** As much of a file as is looked at. */
export const HEAD_BYTES = 4096;
const PREAMBLE_BYTES = 128;
const FIRST_ELEMENT = PREAMBLE_BYTES + 4;
const LONG_LENGTHS = new Set(['OB', 'OW', 'UN', 'UT', 'SQ', 'OD', 'OF', 'OL', 'OV', 'UC', 'UR', 'SV', 'UV']);
const GROUP_LENGTH = 0x00020000;
const SOP_INSTANCE = 0x00020003;
const TRANSFER_SYNTAX = 0x00020010;

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes).replace(/[\0 ]+$/, '');
}

/** undefined: no Part 10 file, or one that is not understood; the server will say what it thinks of it. */
export function readObjectHead(head: Uint8Array): ObjectHead | undefined {
  if (head.length < FIRST_ELEMENT + 12 || text(head.subarray(PREAMBLE_BYTES, FIRST_ELEMENT)) !== 'DICM')
    return undefined;
  const data = new DataView(head.buffer, head.byteOffset, head.length);
  const found = new Map<number, Uint8Array>();
  let at = FIRST_ELEMENT;
  let end = head.length;
  while (at + 8 <= end) {
    const tag = data.getUint16(at, true) * 0x10000 + data.getUint16(at + 2, true);
    if (tag >= 0x00030000) break;
    const long = LONG_LENGTHS.has(text(head.subarray(at + 4, at + 6)));
    if (long && at + 12 > end) return undefined;
    const length = long ? data.getUint32(at + 8, true) : data.getUint16(at + 6, true);
    const value = at + (long ? 12 : 8);
    if (value + length > end) return undefined;
    found.set(tag, head.subarray(value, value + length));
    at = value + length;
    if (tag === GROUP_LENGTH && length === 4) end = Math.min(end, at + data.getUint32(value, true));
  }
  const sopInstanceUid = text(found.get(SOP_INSTANCE) ?? new Uint8Array());
  const transferSyntaxUid = text(found.get(TRANSFER_SYNTAX) ?? new Uint8Array());
  // Without the group's length nothing says for sure where the data set begins.
  if (!found.has(GROUP_LENGTH) || at !== end || !sopInstanceUid || !transferSyntaxUid) return undefined;
  return { sopInstanceUid, transferSyntaxUid, dataSetAt: at };
}
