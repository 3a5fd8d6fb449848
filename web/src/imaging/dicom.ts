/** Reading single values out of the DICOM JSON model (PS3.18 F). Pure; knows nothing of the renderer. */
import type { DicomElement, DicomInstance } from '../api/types';

export type { DicomInstance };

export function element(instance: DicomInstance, tag: string): DicomElement | undefined {
  return instance[tag];
}

/** First value as text; person names give the alphabetic group, or the first group there is. */
export function text(instance: DicomInstance, tag: string): string {
  const value = instance[tag]?.Value?.[0];
  if (value === undefined || value === null) return '';
  if (typeof value === 'object') {
    const name = value as { Alphabetic?: string; Ideographic?: string; Phonetic?: string };
    return name.Alphabetic ?? name.Ideographic ?? name.Phonetic ?? '';
  }
  return String(value).trim();
}

export function texts(instance: DicomInstance, tag: string): string[] {
  return (instance[tag]?.Value ?? []).map((value) => (value === null ? '' : String(value).trim()));
}

/** First value as a number; undefined where absent or not a number. */
export function number(instance: DicomInstance, tag: string): number | undefined {
  return numbers(instance, tag)[0];
}

export function numbers(instance: DicomInstance, tag: string): number[] {
  return (instance[tag]?.Value ?? [])
    .map((value) => (value === null ? Number.NaN : Number(value)))
    .filter((value) => Number.isFinite(value));
}

export function sequence(instance: DicomInstance | undefined, tag: string): DicomInstance[] {
  return (instance?.[tag]?.Value ?? []) as DicomInstance[];
}

export const TAG = {
  sopClassUid: '00080016',
  sopInstanceUid: '00080018',
  studyDate: '00080020',
  studyTime: '00080030',
  accessionNumber: '00080050',
  modality: '00080060',
  institution: '00080080',
  studyDescription: '00081030',
  seriesDescription: '0008103E',
  availableTransferSyntaxUid: '00083002',
  patientName: '00100010',
  patientId: '00100020',
  birthDate: '00100030',
  sex: '00100040',
  sliceThickness: '00180050',
  kvp: '00180060',
  repetitionTime: '00180080',
  echoTime: '00180081',
  frameTime: '00181063',
  frameTimeVector: '00181065',
  exposureMas: '00181152',
  imagerPixelSpacing: '00181164',
  magnification: '00181114',
  recommendedFrameRate: '00082144',
  cineRate: '00180040',
  ultrasoundRegions: '00186011',
  studyInstanceUid: '0020000D',
  seriesInstanceUid: '0020000E',
  seriesNumber: '00200011',
  instanceNumber: '00200013',
  patientOrientation: '00200020',
  imagePosition: '00200032',
  imageOrientation: '00200037',
  frameOfReferenceUid: '00200052',
  laterality: '00200060',
  sliceLocation: '00201041',
  imageLaterality: '00200062',
  samplesPerPixel: '00280002',
  photometric: '00280004',
  pixelPresentation: '00089205',
  planarConfiguration: '00280006',
  numberOfFrames: '00280008',
  rows: '00280010',
  columns: '00280011',
  pixelSpacing: '00280030',
  spacingCalibrationType: '00280A02',
  bitsAllocated: '00280100',
  bitsStored: '00280101',
  highBit: '00280102',
  pixelRepresentation: '00280103',
  pixelPadding: '00280120',
  pixelPaddingLimit: '00280121',
  lossy: '00282110',
  lossyRatio: '00282112',
  windowCenter: '00281050',
  windowWidth: '00281051',
  voiLutSequence: '00283010',
  modalityLutSequence: '00283000',
  burnedInAnnotation: '00280301',
  radiopharmaceuticalSequence: '00540016',
  units: '00541001',
  rescaleIntercept: '00281052',
  rescaleSlope: '00281053',
  rescaleType: '00281054',
  sharedFunctionalGroups: '52009229',
  perFrameFunctionalGroups: '52009230',
  presentationLutShape: '20500020',
  planePositionSequence: '00209113',
  planeOrientationSequence: '00209116',
  pixelMeasuresSequence: '00289110',
  frameVoiSequence: '00289132',
  pixelValueTransformationSequence: '00289145',
} as const;

/**
 * The item that holds a macro for one frame (0-based) of an enhanced multi-frame object (PS3.3 C.7.6.16):
 * the frame's own, else the shared one, else the instance itself.
 */
export function functionalGroup(instance: DicomInstance, frame: number, macro: string): DicomInstance {
  const own = sequence(sequence(instance, TAG.perFrameFunctionalGroups)[frame], macro)[0];
  const shared = sequence(sequence(instance, TAG.sharedFunctionalGroups)[0], macro)[0];
  return own ?? shared ?? instance;
}
