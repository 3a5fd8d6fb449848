/** Values of content items as people read them. Pure. */
import type { ContentItem, StructuredDocument } from '../../../api/types';
import { t } from '../../../i18n';
import { dicomDate, dicomTime, personName } from '../../../ui/format';

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
      return [item.value, item.unit].filter(Boolean).join(' ');
    case 'DATE':
    case 'DATETIME':
      return momentText(item.value) || item.value;
    case 'TIME':
      return dicomTime(item.value) || item.value;
    case 'PNAME':
      return personName(item.value) || item.value;
    case 'SCOORD':
    case 'SCOORD3D':
      return t('document.graphic', { type: item.value, points: item.points });
    case '':
      return item.value ? t('document.seeItem', { item: item.value }) : '';
    default:
      return item.value;
  }
}
