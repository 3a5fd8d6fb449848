/** What is annotated: measurements, key images, saved views, reports. */
export const annotateEn = {
  'cmd.toolFreehand': 'Freehand outline',
  'cmd.toolText': 'Text',
  'measure.kind.bidirectional': 'Diameters',
  'measure.kind.cobb': 'Cobb angle',
  'measure.kind.freehand': 'Outline',
  'measure.kind.text': 'Text',
  'measure.value.long-axis': 'Long axis',
  'measure.value.short-axis': 'Short axis',
  'measure.value.cobb-angle': 'Cobb angle',
  'measure.text.title': 'Text on the image',
  'measure.text.put': 'Put it there',
} as const;
