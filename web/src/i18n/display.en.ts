/** How pictures are shown: windows and tables, overlays, shutters, size. */
export const displayEn = {
  'preset.explained': '{text}',
  'preset.automatic': 'Automatic: all but the outermost 1 %',
  'preset.share': '0 to {text} % of the maximum',
  'viewer.table': 'LUT {name}',
  'viewer.tableUnnamed': 'LUT of the image',
  'viewer.windowAs': '{name}: {window}',
  'cmd.overlays': 'Overlays of the image: show or hide',
  'cmd.shutter': 'Shutter of the image: open or close',
  'cmd.toolMagnify': 'Magnifier',
  'cmd.trueSize': 'True size',
  'cmd.calibrate': 'Calibrate this screen for true size',
  'viewer.overlaysHidden': 'overlays hidden',
  'viewer.shutterOpen': 'shutter open',
  'viewer.trueSize': 'True size',
  'viewer.scale.corrected': 'corrected by magnification',
  'viewer.scale.region': 'ultrasound region',
  'calibrate.title': 'Calibrate this screen',
  'calibrate.lead':
    'Hold a bank card (or any card of that format, 85.60 × 53.98 mm) against the screen and move the slider until the drawing is as large as the card.',
  'calibrate.size': 'Size of the drawing',
  'calibrate.perMm': '{count} pixels per mm',
  'calibrate.kept':
    'Kept in this browser. Another screen, or another magnification of the operating system, has to be calibrated anew.',
  'calibrate.save': 'Keep this calibration',
  'calibrate.cancel': 'Cancel',
  'trueSize.noSpacing': 'This image does not say how large its pixels are: it cannot be shown in true size.',
  'trueSize.detector':
    'True size at the detector: the image states no magnification, so the patient’s anatomy is smaller than shown.',
  'trueSize.tooSmall': 'At true size this image would be too small or too large to be shown.',
} as const;
