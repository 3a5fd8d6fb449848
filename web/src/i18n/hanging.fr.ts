/** Les textes des dispositions, des protocoles d'affichage et des cases liées. */
import type { hangingEn } from './hanging.en';

export const hangingFr: Readonly<Record<keyof typeof hangingEn, string>> = {
  'cmd.layout': 'Disposition {rows} × {columns}',
  'cmd.maximise': 'Agrandir la case, ou revenir à la disposition',
  'cmd.toolCursor': 'Curseur 3D : les autres vont à ce point',
  'cmd.link.window': 'Même fenêtrage dans toutes les cases',
  'cmd.link.zoom': 'Zoomer et déplacer toutes les cases ensemble',
  'cmd.link.lines': 'Lignes de référence',
  'layout.choose': 'Disposition des cases',
  'layout.shape': '{rows} × {columns}',
};
