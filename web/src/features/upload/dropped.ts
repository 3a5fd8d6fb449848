/** Files out of a drop, folders included. */

/** Names that operating systems put beside the images. */
const NOT_FROM_MEDIA = /^(\.DS_Store|Thumbs\.db|desktop\.ini|autorun\.inf)$/i;

/** A DICOMDIR says which files belong to it. */
export function worthReading(name: string): boolean {
  return !NOT_FROM_MEDIA.test(name) && !name.startsWith('._');
}

export function worthSending(name: string): boolean {
  return worthReading(name) && !/^DICOMDIR\.?(;1)?$/i.test(name);
}

function fileOf(entry: FileSystemFileEntry): Promise<File | undefined> {
  return new Promise((resolve) => entry.file(resolve, () => resolve(undefined)));
}

function readSome(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
}

async function walk(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (entry.isFile) {
    const file = await fileOf(entry as FileSystemFileEntry);
    if (file && worthReading(file.name)) {
      Object.defineProperty(file, 'droppedPath', { value: entry.fullPath.replace(/^\//, '') });
      found.push(file);
    }
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader hands out a hundred entries at a time, and an empty list at the end.
  for (let some = await readSome(reader); some.length > 0; some = await readSome(reader)) {
    for (const child of some) await walk(child, found);
  }
}

/** Must be called in the drop event itself: afterwards the browser forgets the entries. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...transfer.files];
  if (entries.length === 0 || entries.some((entry) => entry === null))
    return plain.filter((file) => worthReading(file.name));
  const found: File[] = [];
  for (const entry of entries as FileSystemEntry[]) await walk(entry, found);
  return found;
}
