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
