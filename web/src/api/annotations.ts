/** Key images, presentation states and documents of a study. */
import { request } from './client';
import type {
  KeyImageChanges,
  KeyImages,
  PresentationStates,
  StateOver,
  StructuredDocument,
  ViewToSave,
} from './types';

const below = (studyUid: string, path: string): string => `/api/studies/${encodeURIComponent(studyUid)}/${path}`;

export const annotationApi = {
  keyImages: (studyUid: string): Promise<KeyImages> => request(below(studyUid, 'key-images')),
  saveKeyImages: (studyUid: string, changes: KeyImageChanges): Promise<KeyImages> =>
    request(below(studyUid, 'key-images'), { method: 'POST', body: changes }),
  states: (studyUid: string): Promise<PresentationStates> => request(below(studyUid, 'presentation-states')),
  saveView: (studyUid: string, view: ViewToSave): Promise<PresentationStates> =>
    request(below(studyUid, 'presentation-states'), { method: 'POST', body: view }),
  stateOver: (studyUid: string, stateUid: string, sopInstanceUid: string, frame: number): Promise<StateOver> =>
    request(below(studyUid, `presentation-states/${stateUid}/over/${sopInstanceUid}/${frame}`)),
  document: (studyUid: string, sopInstanceUid: string): Promise<StructuredDocument> =>
    request(below(studyUid, `documents/${sopInstanceUid}`)),
};
