/** Something to be sent: a file as it lies there, or a member of a ZIP archive. */

export interface Source {
  /** Path as dropped, such as `CT/IM0001`. */
  name: string;
  /** Bytes. */
  size: number;
  /** At least the first `bytes`, where there are so many. */
  head: (bytes: number) => Promise<Uint8Array>;
  /** All of it. Rejects with `Unreadable` where it cannot be had. */
  open: () => Promise<Blob>;
}

/** Why something cannot be read; `code` is one of `upload.reason`'s. */
export class Unreadable extends Error {
  constructor(readonly code: string) {
    super(code);
    this.name = 'Unreadable';
  }
}

/** Path as dropped, where the browser tells it. */
export function displayName(file: File): string {
  return (file as File & { droppedPath?: string }).droppedPath || file.webkitRelativePath || file.name;
}

export function fileSource(file: File): Source {
  return {
    name: displayName(file),
    size: file.size,
    head: async (bytes) => new Uint8Array(await file.slice(0, bytes).arrayBuffer()),
    open: async () => file,
  };
}
