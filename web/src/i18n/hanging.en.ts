/** The texts of layouts, hanging protocols and linked tiles. */
export const hangingEn = {
  'cmd.layout': 'Layout {rows} × {columns}',
  'cmd.maximise': 'Enlarge the tile, or give the layout back',
  'layout.choose': 'Layout of the tiles',
  'layout.shape': '{rows} × {columns}',
} as const;
