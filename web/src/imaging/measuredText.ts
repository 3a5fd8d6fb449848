/** Values as people read them, on the picture and in the list alike. */
import type { MeasuredValue, Measurement } from '../api/types';
import { t } from '../i18n';
import { withDecimalSign } from '../ui/format';
import { UNIT } from './measuring';

const UNITS: Readonly<Record<string, string>> = {
  [UNIT.millimetres]: ' mm',
  [UNIT.squareMillimetres]: ' mm²',
  [UNIT.degrees]: '°',
  [UNIT.pixels]: ' px',
  [UNIT.becquerel]: ' Bq/ml',
  [UNIT.none]: '',
};
const NAMES = [
  'length',
  'long-axis',
  'short-axis',
  'angle',
  'cobb-angle',
  'area',
  'mean',
  'sd',
  'min',
  'max',
  'value',
] as const;

/** Nobody draws finer than to a hundredth of these. */
const DRAWN: ReadonlySet<string> = new Set([UNIT.millimetres, UNIT.squareMillimetres, UNIT.degrees, UNIT.pixels]);

/** Whole Hounsfield units of a pixel, tenths of their mean and deviation; whole mm² from 100 on. */
function digitsOf({ name, value, unit }: MeasuredValue): number | undefined {
  const size = Math.abs(value);
  if (unit === UNIT.hounsfield) return ['mean', 'sd'].includes(name) ? 1 : 0;
  if (unit === UNIT.squareMillimetres && size >= 99.95) return 0;
  if (size >= 10) return 1;
  return size >= 0.1 || size === 0 || DRAWN.has(unit) ? 2 : undefined;
}

function numberText(measured: MeasuredValue): string {
  const digits = digitsOf(measured);
  const written = digits === undefined ? measured.value.toPrecision(3) : measured.value.toFixed(digits);
  return withDecimalSign(written.replace(/^-(?=0(?:\.0*)?$)/, ''));
}

/** The unit of another maker as it stands. */
function unitText({ name, unit }: MeasuredValue): string {
  if (unit === UNIT.hounsfield) return ` ${t('unit.hounsfield')}`;
  return name === 'area' && unit === UNIT.pixels ? ' px²' : (UNITS[unit] ?? ` ${unit}`);
}

export function valueText(measured: MeasuredValue): string {
  return numberText(measured) + unitText(measured);
}

export function valueName(name: string): string {
  const known = NAMES.find((candidate) => candidate === name);
  return known ? t(`measure.value.${known}`) : name;
}

/**
 * A line a value; what a length or an angle is, its line alone says. What is not the patient's length says so. Of the pixels within
 * a region only mean and deviation, in one line: more would cover the picture, and stands in the list.
 */
export function lines({ values, spacing }: Pick<Measurement, 'values' | 'spacing'>): string[] {
  const ofDetector = spacing === 'detector-plane' ? ` (${t('viewer.scale.detector')})` : '';
  const deviation = values.find(({ name }) => name === 'sd');
  const onPicture = values.filter(({ name }) => !['sd', 'min', 'max'].includes(name));
  return onPicture.map((value) => {
    if (value.name === 'mean' && deviation) return `${numberText(value)} ± ${valueText(deviation)}`;
    const named = ['length', 'angle', 'cobb-angle', 'value'].includes(value.name) ? '' : `${valueName(value.name)} `;
    return (
      named + valueText(value) + (['length', 'long-axis', 'short-axis', 'area'].includes(value.name) ? ofDetector : '')
    );
  });
}
