/** Instances in the DICOM JSON model, as small as each test needs. */
import type { DicomInstance } from '../src/api/types';

const VR: Readonly<Record<string, string>> = { '00200032': 'DS', '00200037': 'DS', '00200013': 'IS', '00280008': 'IS' };

export function instance(values: Readonly<Record<string, unknown>>): DicomInstance {
  return Object.fromEntries(
    Object.entries(values).map(([tag, value]) => [
      tag,
      { vr: VR[tag] ?? 'LO', Value: Array.isArray(value) ? value : [value] },
    ]),
  );
}

export function image(values: Readonly<Record<string, unknown>> = {}): DicomInstance {
  return instance({
    '00080016': '1.2.840.10008.5.1.4.1.1.2',
    '00080018': '1.2.3.1',
    '00083002': '1.2.840.10008.1.2.1',
    '0020000D': '1.2.3',
    '0020000E': '1.2.3.4',
    '00280002': 1,
    '00280004': 'MONOCHROME2',
    '00280010': 4,
    '00280011': 4,
    '00280100': 16,
    ...values,
  });
}
