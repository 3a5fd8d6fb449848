/** Which files need not be sent, because the archive has the same bytes already: so an interrupted upload goes on where it was. */
import type { KnownObject } from '../../api/types';
import { HEAD_BYTES, type ObjectHead, readObjectHead } from './objectHead';
import type { Source } from './source';

/** A larger one is sent: to compare it, it would have to be held in memory. */
const MOST_HASHED_BYTES = 512 << 20;

export type AskKnown = (sopInstanceUids: readonly string[]) => Promise<readonly KnownObject[]>;
export type Digest = (bytes: ArrayBuffer) => Promise<string>;

/** SHA-256, hexadecimal; undefined where the browser has none: it gives it to pages that came by HTTPS or from this machine. */
export function browserDigest(): Digest | undefined {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return undefined;
  return async (bytes) => {
    const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
    return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  };
}

/** Of these sources, those that the archive has. What cannot be found out is sent, and the archive says `duplicate`. */
export async function alreadyHere(
  sources: readonly Source[],
  ask: AskKnown,
  digest: Digest | undefined = browserDigest(),
): Promise<ReadonlySet<Source>> {
  const here = new Set<Source>();
  if (!digest) return here;
  const heads = new Map<Source, ObjectHead>();
  for (const source of sources) {
    const head = await source.head(HEAD_BYTES).then(readObjectHead, () => undefined);
    if (head) heads.set(source, head);
  }
  if (heads.size === 0) return here;
  const uids = [...new Set([...heads.values()].map((head) => head.sopInstanceUid))];
  const known = await ask(uids).then(
    (answer) => new Map(answer.map((one) => [one.sop_instance_uid, one])),
    () => new Map<string, KnownObject>(),
  );
  for (const [source, head] of heads) {
    const held = known.get(head.sopInstanceUid);
    if (!held || held.transfer_syntax_uid !== head.transferSyntaxUid || source.size > MOST_HASHED_BYTES) continue;
    const same = await source
      .open()
      .then((blob) => blob.slice(head.dataSetAt).arrayBuffer())
      .then(digest)
      .then(
        (found) => found === held.data_set_sha256,
        () => false,
      );
    if (same) here.add(source);
  }
  return here;
}
