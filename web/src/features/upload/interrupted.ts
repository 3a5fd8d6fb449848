/** What a reload should not forget of an upload: how far it was. The files themselves the browser forgets. */
import type { UploadState } from './queueState';

const KEY = 'hounsfield.upload';

export interface Interrupted {
  files: number;
  done: number;
}

type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

function browserShelf(): Shelf | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined; // Storage may be forbidden; then nobody is reminded.
  }
}

export function keepProgress({ running, files, done }: UploadState, shelf = browserShelf()): void {
  try {
    if (running) shelf?.setItem(KEY, JSON.stringify({ files, done }));
    else shelf?.removeItem(KEY);
  } catch {
    // Full: nobody is reminded.
  }
}

/** Of an upload that ran when this page was left; told once. */
export function takeInterrupted(shelf = browserShelf()): Interrupted | undefined {
  try {
    const kept = JSON.parse(shelf?.getItem(KEY) ?? 'null') as Partial<Interrupted> | null;
    shelf?.removeItem(KEY);
    const { files, done } = kept ?? {};
    return Number.isInteger(files) && Number.isInteger(done)
      ? { files: files as number, done: done as number }
      : undefined;
  } catch {
    return undefined;
  }
}
