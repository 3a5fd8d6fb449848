/** Values of content items as people read them. Pure. */
import type { ContentItem, StructuredDocument } from '../../../api/types';
import { t, tCount } from '../../../i18n';
import { dicomDate, dicomTime, personName, withDecimalSign } from '../../../ui/format';

/** A DICOM date, a time, or both in one. */
export function momentText(moment: string): string {
  const [, date = '', time = ''] = /^(\d{8})(\d*(?:\.\d*)?)/.exec(moment) ?? [];
  return date ? [dicomDate(date), time && dicomTime(time)].filter(Boolean).join(' ') : '';
}

export function headline({ title, description }: StructuredDocument): string {
  return title || description || t('document.untitled');
}

export function valueText(item: ContentItem): string {
  switch (item.value_type) {
    case 'NUM':
      return [withDecimalSign(rounded(item.value)), unitText(item.unit)].filter(Boolean).join(' ');
    case 'DATE':
    case 'DATETIME':
      return momentText(item.value) || item.value;
    case 'TIME':
      return dicomTime(item.value) || item.value;
    case 'PNAME':
      return personName(item.value) || item.value;
    case 'SCOORD':
    case 'SCOORD3D':
      return tCount('document.graphic', item.points, { type: item.value });
    case '':
      return item.value ? t('document.seeItem', { item: item.value }) : '';
    default:
      return item.value;
  }
}

/** As the panel of measurements writes it; the units of other makers as they stand. */
function unitText(unit: string): string {
  return unit === 'Hounsfield unit' ? t('unit.hounsfield') : unit;
}

/** As it stands in the document, where fewer digits are shown. */
export function statedText(item: ContentItem): string | undefined {
  return item.value_type === 'NUM' && rounded(item.value) !== item.value ? item.value : undefined;
}

/** What programs find their way by: identifiers, and shapes that the picture shows. */
export function isTechnical({ value_type: type }: ContentItem): boolean {
  return ['UIDREF', 'SCOORD', 'SCOORD3D', 'TCOORD'].includes(type);
}

const DIGITS = 4;

/** A number with a fraction to four digits, or as many as stand before its point; anything else as it stands. */
function rounded(value: string): string {
  const [, whole = '', part = ''] = /^[-+]?(\d*)\.(\d+)$/.exec(value.trim()) ?? [];
  const digits = Math.max(DIGITS, whole.length);
  if (part === '' || (whole + part).replace(/^0+/, '').length <= digits) return value;
  return String(Number(Number(value).toPrecision(digits)));
}
