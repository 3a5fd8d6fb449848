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
};
