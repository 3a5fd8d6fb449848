import type { annotateEn } from './annotate.en';

export const annotateFr: Readonly<Record<keyof typeof annotateEn, string>> = {
  'cmd.toolFreehand': 'Contour à main levée',
  'cmd.toolText': 'Texte',
  'measure.kind.bidirectional': 'Diamètres',
  'measure.kind.cobb': 'Angle de Cobb',
  'measure.kind.freehand': 'Contour',
  'measure.kind.text': 'Texte',
  'measure.value.long-axis': 'Grand axe',
  'measure.value.short-axis': 'Petit axe',
  'measure.value.cobb-angle': 'Angle de Cobb',
  'measure.text.title': 'Texte sur l’image',
  'measure.text.put': 'Placer',
};
