/**
 * What the signed-in person prefers: JSON documents by name, kept by the server.
 *
 * Read once after the sign-in, written a moment after each change. Until the server has taken a change it stays in the
 * browser's storage, too: a failed write is repeated, after a reload as well.
 */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { ApiError, request } from './client';

const WRITE_AFTER_MS = 800;
const RETRY_AFTER_MS = [5_000, 15_000, 60_000];
const READ_WITHIN_MS = 4_000;
const FLUSH_WITHIN_MS = 2_000;

export interface PreferenceWire {
  all(signal: AbortSignal): Promise<Record<string, unknown>>;
  put(name: string, value: unknown): Promise<void>;
  remove(name: string): Promise<void>;
}

/** What of the browser's storage is used. */
export type PreferenceShelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** A change that the server has not taken yet; without a value it is a removal. */
interface Draft {
  value?: unknown;
}

const path = (name: string): string => `/api/me/preferences/${encodeURIComponent(name)}`;
const WIRE: PreferenceWire = {
  all: (signal) => request('/api/me/preferences', { signal, background: true }),
  put: (name, value) => request(path(name), { method: 'PUT', body: value, background: true }),
  remove: (name) => request(path(name), { method: 'DELETE', background: true }),
};

function browserShelf(): PreferenceShelf | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined; // Storage may be forbidden; then what is not written yet goes with the page.
  }
}

export class PreferenceStore {
  private values = new Map<string, unknown>();
  private drafts = new Map<string, Draft>();
  private readonly listeners = new Set<() => void>();
  private user: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly wire: PreferenceWire = WIRE,
    private readonly shelf: PreferenceShelf | undefined = browserShelf(),
  ) {}

  /** Reads what this person prefers; where the server does not answer in time, what this browser has of it. */
  async load(user: string): Promise<void> {
    this.leave();
    this.user = user;
    const abort = new AbortController();
    const late = setTimeout(() => abort.abort(), READ_WITHIN_MS);
    let read: Record<string, unknown> = {};
    try {
      read = await this.wire.all(abort.signal);
    } catch {
      // Whoever reads sees the built-in choices; what is changed now is written all the same.
    } finally {
      clearTimeout(late);
    }
    if (this.user !== user) return; // somebody else has signed in meanwhile
    // What was changed while this was read counts.
    for (const [name, draft] of this.keptDrafts()) if (!this.drafts.has(name)) this.drafts.set(name, draft);
    this.values = new Map(Object.entries(read));
    for (const [name, draft] of this.drafts) this.take(name, draft);
    if (this.drafts.size > 0) this.writeAfter(0);
    this.tell();
  }

  /** Nobody is signed in any more. Drafts stay in the browser's storage, under the name of whoever made them. */
  leave(): void {
    clearTimeout(this.timer);
    this.user = undefined;
    this.values = new Map();
    this.drafts = new Map();
    this.failures = 0;
    this.tell();
  }

  get(name: string): unknown {
    return this.values.get(name);
  }

  /** value: undefined takes it away: the built-in choice counts again. */
  set(name: string, value: unknown): void {
    const draft: Draft = value === undefined ? {} : { value };
    this.drafts.set(name, draft);
    this.take(name, draft);
    this.keep(name, draft);
    this.writeAfter(WRITE_AFTER_MS);
    this.tell();
  }

  /** Writes now, for a sign-out; resolves when it is written, or soon. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.race([this.write(), new Promise((resolve) => setTimeout(resolve, FLUSH_WITHIN_MS))]);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private take(name: string, draft: Draft): void {
    if ('value' in draft) this.values.set(name, draft.value);
    else this.values.delete(name);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private writeAfter(wait: number): void {
    clearTimeout(this.timer);
    if (this.user !== undefined) this.timer = setTimeout(() => void this.write(), wait);
  }

  /** One writing at a time; what changes meanwhile is written after it. */
  private async write(): Promise<void> {
    await this.writing;
    if (this.user === undefined || this.drafts.size === 0) return;
    this.writing = this.writeDrafts(this.user).finally(() => {
      this.writing = undefined;
    });
    await this.writing;
  }

  private async writeDrafts(user: string): Promise<void> {
    for (const [name, draft] of [...this.drafts]) {
      try {
        await ('value' in draft ? this.wire.put(name, draft.value) : this.wire.remove(name));
      } catch (cause) {
        if (this.user !== user) return;
        if (!(cause instanceof ApiError) || !isFinal(cause.status)) {
          const wait = RETRY_AFTER_MS[Math.min(this.failures, RETRY_AFTER_MS.length - 1)] as number;
          this.failures += 1;
          this.writeAfter(wait);
          return;
        }
        // Refused for what it is: it would be refused again. It counts until the page is left.
      }
      if (this.user !== user) return;
      this.failures = 0;
      if (this.drafts.get(name) !== draft) continue; // changed meanwhile
      this.drafts.delete(name);
      this.keep(name, undefined);
    }
  }

  private prefix(): string {
    return `hounsfield.preference/${encodeURIComponent(this.user ?? '')}/`;
  }

  private keep(name: string, draft: Draft | undefined): void {
    try {
      if (draft) this.shelf?.setItem(this.prefix() + name, JSON.stringify(draft));
      else this.shelf?.removeItem(this.prefix() + name);
    } catch {
      // Forbidden or full: it is written to the server all the same.
    }
  }

  private keptDrafts(): Array<[string, Draft]> {
    const found: Array<[string, Draft]> = [];
    const prefix = this.prefix();
    try {
      for (let at = 0; at < (this.shelf?.length ?? 0); at += 1) {
        const key = this.shelf?.key(at);
        if (!key?.startsWith(prefix)) continue;
        const kept: unknown = JSON.parse(this.shelf?.getItem(key) ?? 'null');
        if (typeof kept === 'object' && kept !== null) found.push([key.slice(prefix.length), kept as Draft]);
      }
    } catch {
      // What cannot be read back is nothing.
    }
    return found;
  }
}

/** A refusal that no repetition changes. 401 is none: it counts again after the next sign-in. */
function isFinal(status: number): boolean {
  return status === 400 || status === 403 || status === 413 || status === 422;
}

export const preferences = new PreferenceStore();

/**
 * One preference and how to change it; `set(undefined)` returns to the fallback.
 *
 * check: judges what was kept, perhaps by another version of this app; undefined where it is of no use. Like `fallback`, it
 * should be the same at each call (defined outside of the component).
 */
export function usePreference<T>(
  name: string,
  fallback: T,
  check: (kept: unknown) => T | undefined,
): [T, (next: T | undefined) => void] {
  const kept = useSyncExternalStore(preferences.subscribe, () => preferences.get(name));
  const value = useMemo(() => (kept === undefined ? undefined : check(kept)) ?? fallback, [kept, check, fallback]);
  const set = useCallback((next: T | undefined) => preferences.set(name, next), [name]);
  return [value, set];
}
