/** Values as people read them, on the picture and in the list alike. */
import type { MeasuredValue } from '../api/types';
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
const NAMES = ['length', 'angle', 'area', 'mean', 'sd', 'min', 'max', 'value'] as const;

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

/** A line a value; what a length or an angle is, its line alone says. */
export function lines(values: readonly MeasuredValue[]): string[] {
  return values.map((value) =>
    ['length', 'angle', 'value'].includes(value.name)
      ? valueText(value)
      : `${valueName(value.name)} ${valueText(value)}`,
  );
}
