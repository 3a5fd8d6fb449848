/**
 * WebGL contexts of an engine: one for each tile, made when the tile comes. Two viewports that share one show each other's scale
 * (Cornerstone3D issue 2909), and a browser gives sixteen to a page: making all of them for every study would use them up.
 */
import type { RenderingEngine } from '@cornerstonejs/core';

interface OffscreenWindow {
  getOpenGLRenderWindow(): { getCanvas(): HTMLCanvasElement };
}

/** What the renderer keeps to itself; its version is pinned. */
interface Pool {
  contexts: OffscreenWindow[];
  offScreenCanvasContainers: HTMLDivElement[];
  constructor: new (count: number, engineId: string) => Pool;
}

/** Undefined where the processor draws. */
function poolOf(engine: RenderingEngine): Pool | undefined {
  return (engine as unknown as { _implementation: { contextPool?: Pool } })._implementation.contextPool;
}

/** Sees to it that the engine has as many contexts as it is to have viewports. */
export function growContexts(engine: RenderingEngine, viewports: number): void {
  const pool = poolOf(engine);
  if (!pool || pool.contexts.length >= viewports) return;
  const more = new pool.constructor(viewports - pool.contexts.length, engine.id);
  pool.contexts.push(...more.contexts);
  pool.offScreenCanvasContainers.push(...more.offScreenCanvasContainers);
}

/** Destroys the engine and gives its contexts back at once, not when the browser finds the time. */
export function destroyEngine(engine: RenderingEngine): void {
  const canvases = (poolOf(engine)?.contexts ?? []).map((context) => context.getOpenGLRenderWindow().getCanvas());
  engine.destroy();
  for (const canvas of canvases) {
    // The renderer would warn of what is meant here.
    canvas.addEventListener('webglcontextlost', (event) => event.stopImmediatePropagation(), { capture: true });
    canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
