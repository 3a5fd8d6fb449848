/**
 * WebGL contexts of an engine: one for each tile, made when the tile comes. Two viewports that share one show each other's scale
 * (Cornerstone3D issue 2909), and a browser gives sixteen to a page: making all of them for every study would use them up.
 *
 * One is kept from study to study, with the programs that were compiled in it: a new one would hold up the first picture.
 */
import { RenderingEngine } from '@cornerstonejs/core';

interface OffscreenWindow {
  getOpenGLRenderWindow(): { getCanvas(): HTMLCanvasElement; get3DContext(): WebGL2RenderingContext | null };
  getRenderWindow(): { render(): void };
  getRenderers(): ReadonlyArray<{ id: string }>;
  removeRenderer(id: string): void;
  delete(): void;
}

/** What the renderer keeps to itself; its version is pinned. */
interface Pool {
  contexts: OffscreenWindow[];
  offScreenCanvasContainers: HTMLDivElement[];
  constructor: new (count: number, engineId: string) => Pool;
}

interface Kept {
  context: OffscreenWindow;
  container: HTMLDivElement;
}

let kept: Kept | undefined;

/** Undefined where the processor draws. */
function poolOf(engine: RenderingEngine): Pool | undefined {
  return (engine as unknown as { _implementation: { contextPool?: Pool } })._implementation.contextPool;
}

/** An engine with one context, which all its volumes share. */
export function engineWithContext(id: string): RenderingEngine {
  const engine = new RenderingEngine(id);
  growContexts(engine, 1);
  return engine;
}

/** Sees to it that the engine has as many contexts as it is to have viewports. */
export function growContexts(engine: RenderingEngine, viewports: number): void {
  const pool = poolOf(engine);
  if (!pool) return;
  if (pool.contexts.length < viewports) takeKept(pool);
  if (pool.contexts.length >= viewports) return;
  const more = new pool.constructor(viewports - pool.contexts.length, engine.id);
  pool.contexts.push(...more.contexts);
  pool.offScreenCanvasContainers.push(...more.offScreenCanvasContainers);
}

function takeKept(pool: Pool): void {
  if (!kept) return;
  const { context, container } = kept;
  kept = undefined;
  if (context.getOpenGLRenderWindow().get3DContext()?.isContextLost()) {
    context.delete();
    return;
  }
  pool.contexts.push(context);
  pool.offScreenCanvasContainers.push(container);
}

/** Puts the engine's first context aside for the next that asks for one, as if no viewport had been in it. */
export function keepFirstContext(engine: RenderingEngine): void {
  const pool = poolOf(engine);
  const context = pool?.contexts.shift();
  const container = pool?.offScreenCanvasContainers.shift();
  if (!context || !container || kept) return;
  for (const { id } of context.getRenderers()) context.removeRenderer(id);
  // Only as it draws does it let go of the textures of renderers that are gone.
  context.getRenderWindow().render();
  kept = { context, container };
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
