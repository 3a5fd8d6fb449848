/** What is said of a volume: a badge on every picture, and a sentence beside them. Pure. */
import type { Volume, VolumeTrait } from '../../../api/types';
import { type MessageKey, t, tCount } from '../../../i18n';
import type { Progress } from '../../../imaging/volume/loading';
import type { VolumePlan } from '../../../imaging/volume/plan';
import { withDecimalSign } from '../../../ui/format';
import { shortNumber } from '../corner';

export interface Remark {
  badge: string;
  sentence: string;
}

const MOST_PLACES = 5;

export function remarksOn(volume: Volume, plan: VolumePlan, progress: Progress): Remark[] {
  const remark = (name: 'tilted' | 'shifted' | 'uneven' | 'reduced', values = {}): Remark => ({
    badge: t(`mpr.${name}.badge`, values),
    sentence: t(`mpr.${name}`, values),
  });
  const lack = (name: 'gaps' | 'partial', slices: number, values = {}): Remark => ({
    badge: tCount(`mpr.${name}.badge`, slices),
    sentence: tCount(`mpr.${name}`, slices, values),
  });
  const missing = volume.gaps.reduce((sum, { slices }) => sum + slices, 0);
  const found: Remark[] = [];
  for (const finding of volume.findings) {
    if (finding === 'tilted')
      found.push(remark('tilted', { degrees: withDecimalSign(volume.tilt_degrees.toFixed(1)) }));
    if (finding === 'shifted') found.push(remark('shifted', { mm: shortNumber(volume.off_line_mm, 2) }));
    if (finding === 'gaps') found.push(lack('gaps', missing, { places: placesOf(volume) }));
    if (finding === 'uneven') {
      const [least, most, step] = [volume.least_step_mm, volume.most_step_mm, plan.spacing[2]];
      found.push(
        remark('uneven', { least: shortNumber(least, 3), most: shortNumber(most, 3), step: shortNumber(step, 3) }),
      );
    }
  }
  if (plan.reduced > 1) found.push(remark('reduced', { factor: plan.reduced }));
  if (progress.failed > 0) found.push(lack('partial', progress.failed));
  return found;
}

function placesOf({ gaps }: Volume): string {
  const named = gaps
    .slice(0, MOST_PLACES)
    .map(({ after, slices }) => t('mpr.gapAfter', { count: slices, slice: after + 1 }));
  return [...named, ...(gaps.length > MOST_PLACES ? ['…'] : [])].join(', ');
}

function traitName({ keyword, value }: VolumeTrait): string {
  return t(`mpr.trait.${keyword}` as MessageKey, { value: withDecimalSign(value) });
}

/** Of the volume with an index (from 0) among those of a series. */
export function volumeName({ told_apart_by: traits, slices }: Volume, index: number): string {
  const trait = traits.map(traitName).join(' · ') || t('mpr.volumeNumber', { number: index + 1 });
  return t('mpr.volumeName', { trait, count: slices.length });
}
