/** Values as people read them, on the picture and in the list alike. */
import type { MeasuredValue, Measurement } from '../api/types';
import { t } from '../i18n';
import { UNIT } from './measuring';

const UNITS: Readonly<Record<string, string>> = {
  [UNIT.millimetres]: ' mm',
  [UNIT.squareMillimetres]: ' mm²',
  [UNIT.degrees]: '°',
  [UNIT.pixels]: ' px',
  [UNIT.hounsfield]: ' HU',
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

function rounded(value: number): string {
  const size = Math.abs(value);
  if (size >= 10) return value.toFixed(1);
  return size >= 0.1 || size === 0 ? value.toFixed(2) : value.toPrecision(3);
}

/** With its unit; the unit of another maker as it stands. */
export function valueText({ name, value, unit }: MeasuredValue): string {
  const shown = name === 'area' && unit === UNIT.pixels ? ' px²' : (UNITS[unit] ?? ` ${unit}`);
  return rounded(value) + shown;
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
    if (value.name === 'mean' && deviation)
      return `${valueText({ ...value, unit: UNIT.none })} ± ${valueText(deviation)}`;
    const named = ['length', 'angle', 'cobb-angle', 'value'].includes(value.name) ? '' : `${valueName(value.name)} `;
    return (
      named + valueText(value) + (['length', 'long-axis', 'short-axis', 'area'].includes(value.name) ? ofDetector : '')
    );
  });
}
