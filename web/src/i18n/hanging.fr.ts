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

  'hanging.shipped.mgFourViewsPrior': 'Mammographie : quatre incidences au-dessus des antérieures',
  'hanging.shipped.mgFourViews': 'Mammographie : quatre incidences',
  'hanging.shipped.radiographPairPrior': 'Radiographies : face et profil, avec antérieur',
  'hanging.shipped.radiographPair': 'Radiographies : face et profil',
  'hanging.shipped.radiographPrior': 'Radiographie à côté de l’antérieure',
  'hanging.shipped.ctPrior': 'Scanner à côté de l’antérieur',
  'hanging.shipped.mrPrior': 'IRM : deux séries à côté des antérieures',
  'hanging.shipped.mr': 'IRM : quatre séries',
  'hanging.shipped.us': 'Échographie : quatre images ou boucles',
  'hanging.shipped.xa': 'Angiographie : deux séquences',
  'hanging.shipped.single': 'Une case',
};
