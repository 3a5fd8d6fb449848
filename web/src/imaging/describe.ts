/** What the renderer is told of an instance, where the plain truth would mislead or stop it. Pure. */
import { type DicomInstance, numbers, TAG, text, texts } from './dicom';
import { describeRepaired, type Repair } from './repair';

const VOI_LUT_FUNCTION = '00281056';
const NON_LINEAR = new Set(['LINEAR_EXACT', 'SIGMOID']);

/**
 * SUV scaling needs a trustworthy injection time and weight; a wrong one gave an infinite factor and a black picture.
 * Without this sequence PET values stay in the unit they were stored in.
 */
function withoutSuvScaling(instance: DicomInstance): DicomInstance {
  if (text(instance, TAG.modality) !== 'PT') return instance;
  const { [TAG.radiopharmaceuticalSequence]: _left, ...rest } = instance;
  return rest;
}

/**
 * An unknown VOI LUT Function stops the renderer; LINEAR is the default (PS3.3 C.11.2.1.3). A single value is read as its
 * first letter by the image loader, which stops the renderer too: said twice, it arrives whole.
 */
function withKnownVoiFunction(instance: DicomInstance): DicomInstance {
  if (!instance[VOI_LUT_FUNCTION]) return instance;
  const [stated = ''] = texts(instance, VOI_LUT_FUNCTION);
  const { [VOI_LUT_FUNCTION]: _left, ...rest } = instance;
  return NON_LINEAR.has(stated) ? { ...rest, [VOI_LUT_FUNCTION]: { vr: 'CS', Value: [stated, stated] } } : rest;
}

/** A window needs a centre and a width of at least 1 (C.11.2.1.2.1); otherwise the range of the values serves. */
function withSaneWindow(instance: DicomInstance): DicomInstance {
  const centers = numbers(instance, TAG.windowCenter);
  const widths = numbers(instance, TAG.windowWidth);
  const exact = text(instance, VOI_LUT_FUNCTION) === 'LINEAR_EXACT';
  const usable = centers.length > 0 && widths[0] !== undefined && (exact ? widths[0] > 0 : widths[0] >= 1);
  if (usable || (!instance[TAG.windowCenter] && !instance[TAG.windowWidth])) return instance;
  const { [TAG.windowCenter]: _center, [TAG.windowWidth]: _width, ...rest } = instance;
  return rest;
}

export function describeForRenderer(instance: DicomInstance, repair: Repair | undefined): DicomInstance {
  const described = withSaneWindow(withKnownVoiFunction(withoutSuvScaling(instance)));
  return repair ? describeRepaired(described, repair) : described;
}
