import type { annotateEn } from './annotate.en';

export const annotateEs: Readonly<Record<keyof typeof annotateEn, string>> = {
  'cmd.toolFreehand': 'Contorno a mano alzada',
  'cmd.toolText': 'Texto',
  'measure.kind.bidirectional': 'Diámetros',
  'measure.kind.cobb': 'Ángulo de Cobb',
  'measure.kind.freehand': 'Contorno',
  'measure.kind.text': 'Texto',
  'measure.value.long-axis': 'Eje largo',
  'measure.value.short-axis': 'Eje corto',
  'measure.value.cobb-angle': 'Ángulo de Cobb',
  'measure.text.title': 'Texto sobre la imagen',
  'measure.text.put': 'Colocar',
};
