/** Which studies are picked for a deed on all of them. */

/** More than this one request does not take. */
export const MOST_PICKED = 500;

export function toggled(picked: ReadonlySet<string>, uid: string): ReadonlySet<string> {
  const next = new Set(picked);
  if (!next.delete(uid) && next.size < MOST_PICKED) next.add(uid);
  return next;
}

/** With all from one row to another, both included; `uids` are those of the list, in order. */
export function extended(
  picked: ReadonlySet<string>,
  uids: readonly string[],
  from: string,
  to: string,
): ReadonlySet<string> {
  const [first, last] = [uids.indexOf(from), uids.indexOf(to)].sort((one, other) => one - other) as [number, number];
  if (first < 0) return toggled(picked, to);
  return new Set([...picked, ...uids.slice(first, last + 1)].slice(0, MOST_PICKED));
}

/** What of the picked is still in the list; the same set where all is. */
export function remaining(picked: ReadonlySet<string>, uids: ReadonlySet<string>): ReadonlySet<string> {
  const left = [...picked].filter((uid) => uids.has(uid));
  return left.length === picked.size ? picked : new Set(left);
}
