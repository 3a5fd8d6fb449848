/** The door to the renderer. Import it dynamically: it is four megabytes. Nothing outside this folder imports Cornerstone. */
export type { Cursor, LinkState } from './links';
export type { Mark, Marks } from './marks';
export { Stage } from './stage';
export { forgetStudy, startImaging, usesProcessorOnly } from './start';
export type { Tile } from './tile';
export type { TileFailure, TileState } from './tileState';
export { MOST_VOLUME_BYTES, mostVoxelsAlongAxis } from './volume/limits';
export { Mpr } from './volume/mpr';
