/** The file within an object: an encapsulated document (PS3.3 C.24.2), or the stream of a video. */
import { fetchBytes } from './bulk';
import { type DicomInstance, TAG, text } from './dicom';
import { inlineBytes } from './lookUpTables';

const DOCUMENT = '00420011';
const MEDIA_TYPE = '00420012';
const TITLE = '00420010';
const ENDINGS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/xml': 'xml',
  'text/plain': 'txt',
  'model/stl': 'stl',
  'model/obj': 'obj',
  'video/mp4': 'mp4',
};

export interface AttachedFile {
  name: string;
  content: Blob;
}

/** Rejects where the server does not give it. */
export async function fileWithin(instance: DicomInstance): Promise<AttachedFile> {
  const isVideo = instance[DOCUMENT] === undefined;
  const type = isVideo ? 'video/mp4' : text(instance, MEDIA_TYPE) || 'application/octet-stream';
  const bytes = isVideo ? await fetchBytes(videoAddress(instance), type) : await documentBytes(instance);
  const title = text(instance, TITLE) || text(instance, TAG.seriesDescription) || text(instance, TAG.modality);
  const name = title.replace(/[^\p{L}\p{N} _.-]+/gu, '_').slice(0, 80) || 'document';
  // Saved, never opened as a page of ours: what it holds is not known.
  return { name: `${name}.${ENDINGS[type] ?? 'bin'}`, content: new Blob([bytes.slice().buffer], { type }) };
}

async function documentBytes(instance: DicomInstance): Promise<Uint8Array> {
  const element = instance[DOCUMENT];
  const bytes = element?.BulkDataURI ? await fetchBytes(element.BulkDataURI) : inlineBytes(element);
  if (!bytes) throw new Error('the object holds no document');
  return bytes;
}

function videoAddress(instance: DicomInstance): string {
  const uid = (tag: string): string => text(instance, tag);
  return `/dicom-web/studies/${uid(TAG.studyInstanceUid)}/series/${uid(TAG.seriesInstanceUid)}/instances/${uid(TAG.sopInstanceUid)}/frames/1`;
}
