/** Modalities whose objects hold no picture: there is no thumbnail to ask for, and they open last. */
const WITHOUT_PICTURES: ReadonlySet<string> = new Set([
  'SR',
  'KO',
  'PR',
  'DOC',
  'REG',
  'RTSTRUCT',
  'RTPLAN',
  'RTRECORD',
  'ECG',
  'EPS',
  'HD',
  'AU',
  'PLAN',
  'M3D',
  'ANN',
  'FID',
  'RWV',
  'STAIN',
]);

export function hasPictures(modality: string): boolean {
  return !WITHOUT_PICTURES.has(modality);
}

/** What a study is known for before what was added to it: selections, states and reports. */
export function picturesFirst(modalities: readonly string[]): string[] {
  return [...modalities].sort((one, other) => Number(hasPictures(other)) - Number(hasPictures(one)));
}
