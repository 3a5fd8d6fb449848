/** Los textos de las disposiciones, los protocolos de presentación y los recuadros vinculados. */
import type { hangingEn } from './hanging.en';

export const hangingEs: Readonly<Record<keyof typeof hangingEn, string>> = {
  'cmd.layout': 'Disposición {rows} × {columns}',
  'cmd.maximise': 'Ampliar el recuadro, o volver a la disposición',
  'cmd.toolCursor': 'Cursor 3D: los demás van a ese punto',
  'cmd.link.window': 'La misma ventana en todos los recuadros',
  'cmd.link.zoom': 'Ampliar y mover juntos todos los recuadros',
  'cmd.link.lines': 'Líneas de referencia',
  'layout.choose': 'Disposición de los recuadros',
  'layout.shape': '{rows} × {columns}',

  'hanging.shipped.mgFourViewsPrior': 'Mamografía: cuatro proyecciones sobre las previas',
  'hanging.shipped.mgFourViews': 'Mamografía: cuatro proyecciones',
  'hanging.shipped.radiographPairPrior': 'Radiografías: frontal y lateral, con previas',
  'hanging.shipped.radiographPair': 'Radiografías: frontal y lateral',
  'hanging.shipped.radiographPrior': 'Radiografía junto a la previa',
  'hanging.shipped.ctPrior': 'TC junto a la previa',
  'hanging.shipped.mrPrior': 'RM: dos series junto a las previas',
  'hanging.shipped.mr': 'RM: cuatro series',
  'hanging.shipped.us': 'Ecografía: cuatro imágenes o clips',
  'hanging.shipped.xa': 'Angiografía: dos series',
  'hanging.shipped.single': 'Un recuadro',
};
