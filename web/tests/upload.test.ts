import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UploadOutcome } from '../src/api/upload';
import { worthSending } from '../src/features/upload/dropped';
import { gather } from '../src/features/upload/gather';
import { keepProgress, takeInterrupted } from '../src/features/upload/interrupted';
import { alreadyHere } from '../src/features/upload/known';
import { readObjectHead } from '../src/features/upload/objectHead';
import { UploadQueue } from '../src/features/upload/queue';
import { IDLE } from '../src/features/upload/queueState';
import { fileSource, type Source } from '../src/features/upload/source';
import { zipSources } from '../src/features/upload/zip';
import { missingFiles } from '../src/imaging/mediaDirectory';

const SYNTAX = '1.2.840.10008.1.2.1';

/** An element of Explicit VR Little Endian with a short length. */
function element(tag: number, vr: string, value: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint16(0, tag >>> 16, true);
  head.setUint16(2, tag & 0xffff, true);
  head.setUint8(4, vr.charCodeAt(0));
  head.setUint8(5, vr.charCodeAt(1));
  head.setUint16(6, value.length, true);
  return joined(new Uint8Array(head.buffer), value);
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const uid = (text: string): Uint8Array => ascii(text.length % 2 ? `${text}\0` : text);
const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);

function part10(sopInstanceUid: string, dataSet: string): Uint8Array<ArrayBuffer> {
  const meta = joined(
    joined(ascii('\x02\x00\x01\x00OB\x00\x00'), u32(2), new Uint8Array([0, 1])),
    element(0x00020002, 'UI', uid('1.2.840.10008.5.1.4.1.1.7')),
    element(0x00020003, 'UI', uid(sopInstanceUid)),
    element(0x00020010, 'UI', uid(SYNTAX)),
  );
  return joined(new Uint8Array(128), ascii('DICM'), element(0x00020000, 'UL', u32(meta.length)), meta, ascii(dataSet));
}

function file(name: string, bytes: Uint8Array<ArrayBuffer> | string): File {
  return new File([bytes], name);
}

/** A ZIP archive of one disk, as APPNOTE 4.3 has it. method: 0 stored, 8 deflated. */
function zip(
  members: ReadonlyArray<{ name: string; bytes: Uint8Array; method: number; flags?: number; claims?: number }>,
) {
  const bodies: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes, method, flags = 1 << 11, claims = bytes.length } of members) {
    const packed = method === 8 ? new Uint8Array(deflateRawSync(bytes)) : bytes;
    const encoded = ascii(name);
    const local = new DataView(new ArrayBuffer(30));
    local.setUint32(0, 0x04034b50, true);
    local.setUint16(26, encoded.length, true);
    bodies.push(new Uint8Array(local.buffer), encoded, packed);
    const central = new DataView(new ArrayBuffer(46));
    central.setUint32(0, 0x02014b50, true);
    central.setUint16(8, flags, true);
    central.setUint16(10, method, true);
    central.setUint32(20, packed.length, true);
    central.setUint32(24, claims, true);
    central.setUint16(28, encoded.length, true);
    central.setUint32(42, at, true);
    directory.push(new Uint8Array(central.buffer), encoded);
    at += 30 + encoded.length + packed.length;
  }
  const listed = joined(...directory);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(10, members.length, true);
  end.setUint32(12, listed.length, true);
  end.setUint32(16, at, true);
  return joined(...bodies, listed, new Uint8Array(end.buffer));
}

async function textOf(source: Source | undefined): Promise<string> {
  return (await source?.open())?.text() ?? '';
}

describe('the head of a file', () => {
  it('names its object and where its data set begins', () => {
    const whole = part10('1.2.3', 'the rest');
    const head = readObjectHead(whole);
    expect(head).toMatchObject({ sopInstanceUid: '1.2.3', transferSyntaxUid: SYNTAX });
    expect(new TextDecoder().decode(whole.subarray(head?.dataSetAt))).toBe('the rest');
  });

  it('of no DICOM file, or of one cut short at any place, says nothing or the same', () => {
    const whole = part10('1.2.3', 'the rest');
    const same = readObjectHead(whole);
    for (let length = 0; length < whole.length; length += 1) {
      const found = readObjectHead(whole.slice(0, length));
      if (found) expect(found).toEqual(same);
      else expect(length).toBeLessThan(same?.dataSetAt ?? 0);
    }
    expect(readObjectHead(ascii('x'.repeat(500)))).toBeUndefined();
  });
});

describe('a ZIP archive', () => {
  const long = 'DICOM '.repeat(5000);
  it('gives its members, stored and deflated', async () => {
    const archive = zip([
      { name: 'CT/', bytes: new Uint8Array(), method: 0 },
      { name: 'CT/IM1', bytes: ascii('one'), method: 0 },
      { name: 'CT/IM2', bytes: ascii(long), method: 8 },
    ]);
    const found = await zipSources(file('disk.zip', archive), 'disk.zip');
    expect(found.map((source) => [source.name, source.size])).toEqual([
      ['disk.zip/CT/IM1', 3],
      ['disk.zip/CT/IM2', long.length],
    ]);
    expect(await textOf(found[0])).toBe('one');
    expect(await textOf(found[1])).toBe(long);
    expect((await found[1]?.head(4096))?.length).toBe(4096);
  });

  it('is damaged, locked or strange by member', async () => {
    const archive = zip([
      { name: 'locked', bytes: ascii('one'), method: 0, flags: 1 },
      { name: 'strange', bytes: ascii('one'), method: 12 },
      { name: 'bomb', bytes: ascii(long), method: 8, claims: 10 },
      { name: 'short', bytes: ascii('one'), method: 8, claims: 10 },
    ]);
    const found = await zipSources(file('a.zip', archive), 'a.zip');
    await expect(found[0]?.open()).rejects.toMatchObject({ code: 'zip-encrypted' });
    await expect(found[1]?.open()).rejects.toMatchObject({ code: 'zip-method' });
    expect(await textOf(found[2])).toBe(long.slice(0, 10));
    await expect(found[3]?.open()).rejects.toMatchObject({ code: 'zip-damaged' });
  });

  it('cut short anywhere, or with a byte changed in its directory, never hangs and never gives other bytes', async () => {
    const archive = zip([{ name: 'a', bytes: ascii(long), method: 8 }]);
    for (let length = 0; length < archive.length; length += 7) {
      await expect(zipSources(new Blob([archive.slice(0, length)]), 'x')).rejects.toMatchObject({
        code: 'zip-damaged',
      });
    }
    for (let at = archive.length - 22 - 47; at < archive.length; at += 1) {
      const changed = archive.slice();
      changed[at] = (changed[at] as number) ^ 0xff;
      try {
        for (const source of await zipSources(new Blob([changed]), 'x')) expect(long).toContain(await textOf(source));
      } catch (cause) {
        expect(cause).toMatchObject({ code: expect.stringMatching(/^zip-/) });
      }
    }
  });

  it('is opened where its name says so and it is one', async () => {
    const archive = zip([{ name: 'IM1', bytes: ascii('one'), method: 0 }]);
    const found = await gather([file('a.ZIP', archive), file('b.zip', 'no archive'), file('c.dcm', archive)]);
    expect(found.sources.map((source) => source.name)).toEqual(['a.ZIP/IM1', 'b.zip', 'c.dcm']);
    const damaged = await gather([file('a.zip', archive.slice(0, 40))]);
    expect(damaged).toMatchObject({ sources: [], rejects: [{ name: 'a.zip', code: 'zip-damaged' }] });
  });
});

describe('a DICOMDIR', () => {
  it('tells what is missing, whatever a system made of the names', () => {
    const named = ['DICOM/S1/I1', 'DICOM/S1/I2', 'DICOM/S1/I3'];
    const given = ['cd/dicomdir', 'cd/dicom/s1/i1', 'cd/DICOM/S1/I2.dcm;1', 'other/DICOM/S1/I3'];
    expect(missingFiles(named, 'cd/DICOMDIR', given)).toEqual(['DICOM/S1/I3']);
    expect(missingFiles(named, 'DICOMDIR', named)).toEqual([]);
  });

  it('that cannot be read costs a line, and the files beside it are sent', async () => {
    const found = await gather([file('DICOMDIR', 'nonsense'), file('IM1', 'one')]);
    expect(found.sources.map((source) => source.name)).toEqual(['IM1']);
    expect(found.rejects).toMatchObject([{ name: 'DICOMDIR', code: 'directory-damaged' }]);
  });

  it('and what systems put on media are not objects', () => {
    expect(['DICOMDIR', '.DS_Store', '._x', 'Thumbs.db'].filter(worthSending)).toEqual([]);
    expect(worthSending('IM0001')).toBe(true);
  });
});

describe('what is here already', () => {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const digest = async (bytes: ArrayBuffer): Promise<string> =>
    createHash('sha256').update(new Uint8Array(bytes)).digest('hex');
  const known = (sop: string, text: string, syntax = SYNTAX) => ({
    sop_instance_uid: sop,
    transfer_syntax_uid: syntax,
    data_set_sha256: sha256(text),
  });

  it('is what has the same UID, transfer syntax and bytes, and nothing else', async () => {
    const sources = ['1.1', '1.2', '1.3', '1.4'].map((sop) => fileSource(file(sop, part10(sop, `data of ${sop}`))));
    const asked: string[][] = [];
    const ask = async (uids: readonly string[]) => {
      asked.push([...uids]);
      return [
        known('1.1', 'data of 1.1'),
        known('1.2', 'other data'),
        known('1.3', 'data of 1.3', '1.2.840.10008.1.2'),
      ];
    };
    const here = await alreadyHere([...sources, fileSource(file('x', 'no DICOM'))], ask, digest);
    expect([...here].map((source) => source.name)).toEqual(['1.1']);
    expect(asked).toEqual([['1.1', '1.2', '1.3', '1.4']]);
  });

  it('is sent where it cannot be found out', async () => {
    const sources = [fileSource(file('a', part10('1.1', 'data of 1.1')))];
    expect((await alreadyHere(sources, async () => Promise.reject(new Error('offline')), digest)).size).toBe(0);
    expect((await alreadyHere(sources, async () => [known('1.1', 'data of 1.1')], undefined as never)).size).toBe(1);
  });
});

describe('the upload queue', () => {
  beforeEach(() => void vi.stubGlobal('window', globalThis));
  afterEach(() => void vi.unstubAllGlobals());
  const sources = (count: number): Source[] =>
    Array.from({ length: count }, (_, at) => fileSource(file(`f${at}`, 'x')));
  const finished = async (queue: UploadQueue): Promise<void> =>
    vi.waitFor(() => expect(queue.getState().running).toBe(false));

  it('sends three at a time and counts each outcome', async () => {
    let most = 0;
    let open = 0;
    let sent = 0;
    const outcomes: UploadOutcome[] = [
      { kind: 'stored' },
      { kind: 'duplicate' },
      { kind: 'rejected', reason: 'why', code: '1' },
      { kind: 'failed', reason: 'cancelled' },
    ];
    const queue = new UploadQueue(() => {}, {
      send: async (_blob, progress) => {
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setTimeout(resolve));
        open -= 1;
        progress(1);
        sent += 1;
        return outcomes[(sent - 1) % outcomes.length] as UploadOutcome;
      },
    });
    queue.add(sources(8), [{ name: 'y', reason: '', code: 'zip-damaged' }]);
    await finished(queue);
    expect(most).toBe(3);
    expect(queue.getState()).toMatchObject({ files: 9, done: 9, stored: 2, duplicates: 2, rejected: 3, bytesSent: 8 });
    expect(queue.getState().failed).toHaveLength(2);
    expect(queue.getState().duplicateNames).toHaveLength(2);
  });

  it('does not send what is here', async () => {
    const all = sources(3);
    const sent: string[] = [];
    const queue = new UploadQueue(() => {}, {
      look: async (group) => new Set([group[1] as Source]),
      send: async (blob) => {
        sent.push(await blob.text());
        return { kind: 'stored' };
      },
    });
    queue.add(all);
    await finished(queue);
    expect(sent).toHaveLength(2);
    expect(queue.getState()).toMatchObject({ stored: 2, duplicates: 1, duplicateNames: ['f1'] });
  });

  it('waits for an archive that does not answer, asks what has arrived, and goes on', async () => {
    let down = true;
    const looked: number[] = [];
    const pauses: number[] = [];
    const shown: boolean[] = [];
    const queue = new UploadQueue(() => {}, {
      look: async (group) => {
        looked.push(group.length);
        return new Set();
      },
      send: async () => (down ? { kind: 'failed', reason: 'unreachable' } : { kind: 'stored' }),
      pause: async (ms) => {
        shown.push(queue.getState().offline);
        pauses.push(ms);
        down = pauses.length < 3;
      },
    });
    queue.add(sources(5));
    await finished(queue);
    expect(pauses).toEqual([1000, 2000, 4000]);
    expect(looked).toEqual([5, 5, 5, 5]);
    expect(shown).toEqual([true, true, true]);
    expect(queue.getState()).toMatchObject({ stored: 5, offline: false, failed: [] });
  });

  it('gives up on what the server fails at again and again', async () => {
    let tried = 0;
    const queue = new UploadQueue(() => {}, {
      send: async () => {
        tried += 1;
        return { kind: 'failed', reason: 'HTTP 500' };
      },
      pause: async () => {},
    });
    queue.add(sources(1));
    await finished(queue);
    expect(tried).toBe(5);
    expect(queue.getState().failed).toHaveLength(1);
  });

  it('stops when it is told to', async () => {
    const queue = new UploadQueue(() => {}, {
      send: (_blob, _progress, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve({ kind: 'failed', reason: 'cancelled' })),
        ),
    });
    queue.add(sources(4));
    await vi.waitFor(() => expect(queue.getState().running).toBe(true));
    queue.stop();
    expect(queue.getState()).toMatchObject({ running: false, stopped: true, stored: 0 });
  });
});

describe('an upload that was interrupted', () => {
  it('is remembered until it is told, and not when it has ended', () => {
    const kept = new Map<string, string>();
    const shelf = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    keepProgress({ ...IDLE, running: true, files: 10, done: 4 }, shelf);
    expect(takeInterrupted(shelf)).toEqual({ files: 10, done: 4 });
    expect(takeInterrupted(shelf)).toBeUndefined();
    keepProgress({ ...IDLE, running: true, files: 10, done: 4 }, shelf);
    keepProgress({ ...IDLE, files: 10, done: 10 }, shelf);
    expect(takeInterrupted(shelf)).toBeUndefined();
    kept.set('hounsfield.upload', '{"files":"x"}');
    expect(takeInterrupted(shelf)).toBeUndefined();
  });
});
