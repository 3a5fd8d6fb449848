import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../src/api/client';
import { type PreferenceShelf, PreferenceStore } from '../src/api/preferences';

class Shelf implements PreferenceShelf {
  kept = new Map<string, string>();
  get length() {
    return this.kept.size;
  }
  key = (at: number) => [...this.kept.keys()][at] ?? null;
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
  removeItem = (key: string) => void this.kept.delete(key);
}

class Server {
  documents: Record<string, unknown> = {};
  failure: Error | undefined;
  puts = 0;
  all = async () => {
    if (this.failure) throw this.failure;
    return { ...this.documents };
  };
  put = async (name: string, value: unknown) => {
    this.puts += 1;
    if (this.failure) throw this.failure;
    this.documents[name] = value;
  };
  remove = async (name: string) => {
    if (this.failure) throw this.failure;
    delete this.documents[name];
  };
}

describe('preferences', () => {
  let server: Server;
  let shelf: Shelf;
  let store: PreferenceStore;
  beforeEach(() => {
    vi.useFakeTimers();
    server = new Server();
    shelf = new Shelf();
    store = new PreferenceStore(server, shelf);
  });
  afterEach(() => vi.useRealTimers());

  it('are read after the sign-in and written a moment after the last change', async () => {
    server.documents = { language: 'fr' };
    await store.load('ada');
    expect(store.get('language')).toBe('fr');
    store.set('keys', { a: 1 });
    store.set('keys', { a: 2 });
    expect(store.get('keys')).toEqual({ a: 2 });
    expect(server.puts).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.puts).toBe(1);
    expect(server.documents).toEqual({ language: 'fr', keys: { a: 2 } });
    expect(shelf.kept.size).toBe(0);
    store.set('language', undefined);
    expect(store.get('language')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.documents).toEqual({ keys: { a: 2 } });
  });

  it('are written again where that failed, also after a reload, for the same person only', async () => {
    await store.load('ada');
    server.failure = new ApiError(503, 'unavailable', '');
    store.set('keys', 1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(shelf.kept.size).toBe(1);
    const vera = new PreferenceStore(server, shelf);
    await vera.load('vera');
    expect(vera.get('keys')).toBeUndefined();
    const reloaded = new PreferenceStore(server, shelf);
    await reloaded.load('ada'); // even reading fails
    expect(reloaded.get('keys')).toBe(1);
    server.failure = undefined;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.documents).toEqual({ keys: 1 });
    expect(shelf.kept.size).toBe(0);
  });

  it('that the server refuses for good are not sent for ever', async () => {
    await store.load('ada');
    server.failure = new ApiError(413, 'document-too-large', '');
    store.set('keys', 'long');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.puts).toBe(1);
    expect(store.get('keys')).toBe('long');
    expect(shelf.kept.size).toBe(0);
  });

  it('changed while they are written are written once more', async () => {
    await store.load('ada');
    let finish = (): void => {};
    const put = server.put;
    server.put = (name, value) => new Promise((resolve) => (finish = () => resolve(put(name, value))));
    store.set('keys', 1);
    await vi.advanceTimersByTimeAsync(1000);
    store.set('keys', 2);
    await vi.advanceTimersByTimeAsync(1000);
    server.put = put;
    finish();
    await vi.advanceTimersByTimeAsync(10);
    expect(server.documents).toEqual({ keys: 2 });
    expect(shelf.kept.size).toBe(0);
  });

  it('are written before a sign-out, and nothing of them stays', async () => {
    await store.load('ada');
    store.set('keys', 1);
    await store.flush();
    expect(server.documents).toEqual({ keys: 1 });
    store.leave();
    expect(store.get('keys')).toBeUndefined();
  });

  it('do not hold up a sign-out where the server is silent', async () => {
    await store.load('ada');
    server.put = () => new Promise(() => {});
    store.set('keys', 1);
    let left = false;
    void store.flush().then(() => {
      left = true;
    });
    await vi.advanceTimersByTimeAsync(2100);
    expect(left).toBe(true);
    expect(shelf.kept.size).toBe(1);
  });

  it('tell whoever shows them', async () => {
    const told = vi.fn();
    const stop = store.subscribe(told);
    await store.load('ada');
    told.mockClear();
    store.set('keys', 1);
    expect(told).toHaveBeenCalledOnce();
    stop();
    store.set('keys', 2);
    expect(told).toHaveBeenCalledOnce();
  });
});
