/** Los textos de las disposiciones, los protocolos de presentación y los recuadros vinculados. */
import type { hangingEn } from './hanging.en';

export const hangingEs: Readonly<Record<keyof typeof hangingEn, string>> = {
  'cmd.layout': 'Disposición {rows} × {columns}',
  'cmd.maximise': 'Ampliar el recuadro, o volver a la disposición',
  'layout.choose': 'Disposición de los recuadros',
  'layout.shape': '{rows} × {columns}',
};
