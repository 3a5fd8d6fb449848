/** How large a volume may be here. */

/** Of decoded voxels. */
export const MOST_VOLUME_BYTES = 1_000_000_000;

/** Voxels along one axis: what the graphics card takes; 0 where there is none. */
export function mostVoxelsAlongAxis(): number {
  const gl = document.createElement('canvas').getContext('webgl2');
  if (!gl) return 0;
  const most = gl.getParameter(gl.MAX_3D_TEXTURE_SIZE) as number;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return most;
}
