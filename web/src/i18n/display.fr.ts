import type { displayEn } from './display.en';

export const displayFr: Readonly<Record<keyof typeof displayEn, string>> = {
  'preset.explained': '{text} (de l’image)',
  'preset.automatic': 'Automatique : sans les valeurs extrêmes (1 %)',
  'preset.share': '0 à {text} % du maximum',
  'viewer.table': 'LUT {name}',
  'viewer.tableUnnamed': 'LUT de l’image',
  'viewer.windowAs': '{name} : {window}',
  'cmd.overlays': 'Surimpressions de l’image : afficher ou masquer',
  'cmd.shutter': 'Obturateur de l’image : ouvrir ou fermer',
  'cmd.toolMagnify': 'Loupe',
  'cmd.trueSize': 'Taille réelle',
  'cmd.calibrate': 'Étalonner cet écran pour la taille réelle',
  'viewer.overlaysHidden': 'surimpressions masquées',
  'viewer.shutterOpen': 'obturateur ouvert',
  'viewer.trueSize': 'Taille réelle',
  'viewer.scale.corrected': 'corrigé de l’agrandissement',
  'viewer.scale.region': 'région échographique',
  'calibrate.title': 'Étalonner cet écran',
  'calibrate.lead':
    'Posez une carte bancaire (ou toute carte de ce format, 85,60 × 53,98 mm) contre l’écran et déplacez le curseur jusqu’à ce que le dessin ait la taille de la carte.',
  'calibrate.size': 'Taille du dessin',
  'calibrate.perMm': '{count} pixels par mm',
  'calibrate.kept':
    'Conservé dans ce navigateur. Un autre écran, ou un autre agrandissement du système, est à étalonner de nouveau.',
  'calibrate.save': 'Conserver cet étalonnage',
  'calibrate.cancel': 'Annuler',
  'trueSize.noSpacing':
    'Cette image n’indique pas la taille de ses pixels : elle ne peut pas être affichée en taille réelle.',
  'trueSize.outOfReach': 'En taille réelle, cette image serait trop petite ou trop grande pour être affichée.',
};
