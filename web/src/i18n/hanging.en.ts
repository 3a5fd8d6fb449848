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
} as const;
