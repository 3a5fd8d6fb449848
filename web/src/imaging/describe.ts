/** What the renderer is told of an instance, where the plain truth would mislead or stop it. Pure. */
import { type DicomInstance, TAG, text } from './dicom';
import { describeRepaired, type Repair } from './repair';
import { aspectRatio } from './shutters';

const PALETTE = [
  '00281101',
  '00281102',
  '00281103',
  '00281201',
  '00281202',
  '00281203',
  '00281221',
  '00281222',
  '00281223',
];
const SUV = [TAG.radiopharmaceuticalSequence];
const RESCALE = [TAG.rescaleSlope, TAG.rescaleIntercept];
/** Windows, tables and their functions are our own: the renderer knows lines only, and stops at some. */
const GREYS = [TAG.windowCenter, TAG.windowWidth, '00281056', TAG.voiLutSequence, TAG.modalityLutSequence];

function without(instance: DicomInstance, tags: readonly string[]): DicomInstance {
  return Object.fromEntries(Object.entries(instance).filter(([tag]) => !tags.includes(tag)));
}

/**
 * SUV scaling needs a trustworthy injection time and weight; a wrong one gave an infinite factor and a black picture.
 * Without this sequence PET values stay in the unit they were stored in.
 */
function withoutSuvScaling(instance: DicomInstance): DicomInstance {
  return text(instance, TAG.modality) === 'PT' ? without(instance, SUV) : instance;
}

/** Stored values are decoded as they are; what they mean in greys and colours is added afterwards. */
function asPlainGreys(instance: DicomInstance): DicomInstance {
  const photometric = text(instance, TAG.photometric);
  const indices = photometric === 'PALETTE COLOR';
  const looksUp = indices || instance[TAG.modalityLutSequence] !== undefined;
  const plain = without(instance, [...GREYS, ...(indices ? PALETTE : []), ...(looksUp ? RESCALE : [])]);
  if (!indices && photometric !== 'MONOCHROME1') return plain;
  return { ...plain, [TAG.photometric]: { vr: 'CS', Value: ['MONOCHROME2'] } };
}

/** Pixels that are not square without a spacing that says so: the renderer knows spacings alone. */
function withProportions(instance: DicomInstance): DicomInstance {
  if (instance[TAG.pixelSpacing]?.Value?.length || instance[TAG.sharedFunctionalGroups]) return instance;
  const ratio = aspectRatio(instance) ?? 1;
  return ratio === 1 ? instance : { ...instance, [TAG.pixelSpacing]: { vr: 'DS', Value: [ratio, 1] } };
}

export function describeForRenderer(instance: DicomInstance, repair: Repair | undefined): DicomInstance {
  const described = withProportions(asPlainGreys(withoutSuvScaling(instance)));
  return repair ? describeRepaired(described, repair) : described;
}
