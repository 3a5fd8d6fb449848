/** Which files a DICOMDIR names (PS3.3 F.3.2.2, Referenced File ID), and which of them are not among those that were given. */
import { parseDicom } from 'dicom-parser';

const RECORDS = 'x00041220';
const FILE_ID = 'x00041500';

/** Paths from the folder of the DICOMDIR, such as `DICOM/S0000001/I0000001`. Throws where it is none. */
export function namedFiles(bytes: Uint8Array): string[] {
  const records = parseDicom(bytes).elements[RECORDS]?.items ?? [];
  return records
    .map((record) => record.dataSet?.string(FILE_ID) ?? '')
    .filter(Boolean)
    .map((id) =>
      id
        .split('\\')
        .map((part) => part.trim())
        .join('/'),
    );
}

/** Some systems show names in lower case, with a version or an extension that is not in the DICOMDIR. */
function plain(path: string): string {
  return path
    .toUpperCase()
    .replace(/;\d+$/, '')
    .replace(/\.(DCM)?$/, '');
}

/** directory: path of the DICOMDIR; given: paths of all files, as it. */
export function missingFiles(named: readonly string[], directory: string, given: readonly string[]): string[] {
  const folder = directory.slice(0, directory.lastIndexOf('/') + 1);
  const here = new Set(given.map(plain));
  return named.filter((path) => !here.has(plain(folder + path)));
}
