/** The texts of layouts, hanging protocols and linked tiles. */
export const hangingEn = {
  'cmd.layout': 'Layout {rows} × {columns}',
  'cmd.maximise': 'Enlarge the tile, or give the layout back',
  'cmd.toolCursor': '3D cursor: the others go to the point',
  'cmd.link.window': 'Same window in all tiles',
  'cmd.link.zoom': 'Zoom and pan all tiles together',
  'cmd.link.lines': 'Reference lines',
  'layout.choose': 'Layout of the tiles',
  'layout.shape': '{rows} × {columns}',

  'hanging.shipped.mgFourViewsPrior': 'Mammography: four views above their priors',
  'hanging.shipped.mgFourViews': 'Mammography: four views',
  'hanging.shipped.radiographPairPrior': 'Radiographs: frontal and lateral, with prior',
  'hanging.shipped.radiographPair': 'Radiographs: frontal and lateral',
  'hanging.shipped.radiographPrior': 'Radiograph beside its prior',
  'hanging.shipped.ctPrior': 'CT beside its prior',
  'hanging.shipped.mrPrior': 'MR: two series beside their priors',
  'hanging.shipped.mr': 'MR: four series',
  'hanging.shipped.us': 'Ultrasound: four pictures or clips',
  'hanging.shipped.xa': 'Angiography: two runs',
  'hanging.shipped.single': 'One tile',
} as const;
