import type { displayEn } from './display.en';

export const displayEs: Readonly<Record<keyof typeof displayEn, string>> = {
  'preset.explained': '{text} (de la imagen)',
  'preset.automatic': 'Automática: sin los valores extremos (1 %)',
  'preset.share': '0 a {text} % del máximo',
  'viewer.table': 'LUT {name}',
  'viewer.tableUnnamed': 'LUT de la imagen',
  'viewer.windowAs': '{name}: {window}',
  'cmd.overlays': 'Superposiciones de la imagen: mostrar u ocultar',
  'cmd.shutter': 'Obturador de la imagen: abrir o cerrar',
  'cmd.toolMagnify': 'Lupa',
  'cmd.trueSize': 'Tamaño real',
  'cmd.calibrate': 'Calibrar esta pantalla para el tamaño real',
  'viewer.overlaysHidden': 'superposiciones ocultas',
  'viewer.shutterOpen': 'obturador abierto',
  'viewer.trueSize': 'Tamaño real',
  'viewer.scale.corrected': 'corregido por la ampliación',
  'viewer.scale.region': 'región ecográfica',
  'calibrate.title': 'Calibrar esta pantalla',
  'calibrate.lead':
    'Apoye una tarjeta bancaria (o cualquier tarjeta de ese formato, 85,60 × 53,98 mm) contra la pantalla y mueva el control hasta que el dibujo sea tan grande como la tarjeta.',
  'calibrate.size': 'Tamaño del dibujo',
  'calibrate.perMm': '{count} píxeles por mm',
  'calibrate.kept':
    'Se guarda en este navegador. Otra pantalla, u otra ampliación del sistema, debe calibrarse de nuevo.',
  'calibrate.save': 'Guardar esta calibración',
  'calibrate.cancel': 'Cancelar',
  'trueSize.noSpacing': 'Esta imagen no indica el tamaño de sus píxeles: no puede mostrarse a tamaño real.',
  'trueSize.outOfReach': 'A tamaño real esta imagen sería demasiado pequeña o demasiado grande para mostrarse.',
};
