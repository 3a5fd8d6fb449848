/** What was dropped or chosen, as things to be sent: archives are opened, what media carry beside the images is left out. */
import { worthSending } from './dropped';
import type { Reject } from './queueState';
import { fileSource, type Source, Unreadable } from './source';
import { isZip, zipSources } from './zip';

const DIRECTORY = /(^|\/)DICOMDIR\.?(;1)?$/i;
const MOST_DIRECTORY_BYTES = 256 << 20;

export interface Gathered {
  sources: Source[];
  /** What cannot be sent, or should be there and is not. */
  rejects: Reject[];
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

async function opened(file: File): Promise<Gathered> {
  const source = fileSource(file);
  if (!/\.zip$/i.test(file.name) && file.type !== 'application/zip') return { sources: [source], rejects: [] };
  try {
    if (!(await isZip(source))) return { sources: [source], rejects: [] };
    return { sources: await zipSources(file, source.name), rejects: [] };
  } catch (cause) {
    const code = cause instanceof Unreadable ? cause.code : 'unreadable-file';
    return { sources: [], rejects: [{ name: source.name, reason: '', code }] };
  }
}

/** The files that a DICOMDIR names and that were not given with it. */
async function missing(directory: Source, sources: readonly Source[]): Promise<Reject[]> {
  const paths = sources.map((source) => source.name);
  try {
    if (directory.size > MOST_DIRECTORY_BYTES) throw new Unreadable('directory-damaged');
    // Fetched by those who have one: most uploads have none.
    const { missingFiles, namedFiles } = await import('../../imaging/mediaDirectory');
    const bytes = new Uint8Array(await (await directory.open()).arrayBuffer());
    return missingFiles(namedFiles(bytes), directory.name, paths).map((path) => ({
      name: path,
      reason: '',
      code: 'directory-missing',
    }));
  } catch {
    return [{ name: directory.name, reason: '', code: 'directory-damaged' }];
  }
}

export async function gather(files: readonly File[]): Promise<Gathered> {
  const all: Gathered = { sources: [], rejects: [] };
  for (const file of files) {
    const one = await opened(file);
    all.sources.push(...one.sources);
    all.rejects.push(...one.rejects);
  }
  const directories = all.sources.filter((source) => DIRECTORY.test(source.name));
  all.sources = all.sources.filter((source) => worthSending(lastName(source.name)));
  for (const directory of directories) all.rejects.push(...(await missing(directory, all.sources)));
  return all;
}
