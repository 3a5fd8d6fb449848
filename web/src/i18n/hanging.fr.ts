/** Les textes des dispositions, des protocoles d'affichage et des cases liées. */
import type { hangingEn } from './hanging.en';

export const hangingFr: Readonly<Record<keyof typeof hangingEn, string>> = {
  'cmd.layout': 'Disposition {rows} × {columns}',
  'cmd.maximise': 'Agrandir la case, ou revenir à la disposition',
  'layout.choose': 'Disposition des cases',
  'layout.shape': '{rows} × {columns}',
};
