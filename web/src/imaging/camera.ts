/** How a picture lies in its tile: fitted, zoomed, moved, turned, mirrored. */
import type { Types } from '@cornerstonejs/core';
import type { Arrangement, Turn } from './arrangement';

/** Times the size at which the picture fits into its tile. */
const SMALLEST = 0.02;
const LARGEST = 64;

export class TileCamera {
  private justification: Arrangement['justification'] = '';
  /** Pan of the fitted picture, CSS pixels: not 0 where it touches an edge of the tile. */
  private fitted: readonly [number, number] = [0, 0];

  /** isDrawn: whether there is a picture to move. zoom: CSS pixels per image pixel. */
  constructor(
    private readonly viewport: Types.IStackViewport,
    private readonly isDrawn: () => boolean,
    private readonly zoom: () => number,
  ) {}

  flip(axis: 'horizontal' | 'vertical'): void {
    if (!this.isDrawn()) return;
    const { flipHorizontal = false, flipVertical = false } = this.viewport.getCamera();
    this.viewport.setCamera(
      axis === 'horizontal' ? { flipHorizontal: !flipHorizontal } : { flipVertical: !flipVertical },
    );
    this.viewport.render();
  }

  /** quarters: turns of 90 degrees clockwise, as seen. */
  rotate(quarters: number): void {
    if (!this.isDrawn()) return;
    const { rotation = 0 } = this.viewport.getViewPresentation();
    this.viewport.setViewPresentation({ rotation: (((rotation + quarters * 90) % 360) + 360) % 360 });
    this.viewport.render();
  }

  /** Neither turned nor mirrored. Does not draw. */
  upright(): void {
    this.viewport.setViewPresentation({ rotation: 0, flipHorizontal: false, flipVertical: false });
  }

  turn({ quarters, flipHorizontal }: Turn): void {
    if (quarters !== 0) this.rotate(quarters);
    if (flipHorizontal) this.flip('horizontal');
  }

  /** As large as the tile allows; turned and mirrored as it is, which a reset of the renderer's camera forgets. */
  fit(): void {
    if (!this.isDrawn()) return;
    const { rotation = 0, flipHorizontal = false, flipVertical = false } = this.viewport.getViewPresentation();
    this.viewport.resetCamera({ resetPan: true, resetZoom: true });
    this.viewport.setViewPresentation({ rotation, flipHorizontal, flipVertical });
    this.justify();
    this.viewport.render();
  }

  /** Which edge of the tile the fitted picture touches. */
  setJustification(justification: Arrangement['justification']): void {
    this.justification = justification;
  }

  private justify(): void {
    this.fitted = [0, 0];
    if (!this.justification) return;
    const image = this.viewport.getImageData() as { imageData?: { getBounds(): number[] } } | undefined;
    const bounds = image?.imageData?.getBounds();
    if (!bounds) return;
    const corners = [0, 1].flatMap((x) => [2, 3].flatMap((y) => [4, 5].map((z) => [x, y, z])));
    const across = corners.map(
      (corner) => this.viewport.worldToCanvas(corner.map((at) => bounds[at] ?? 0) as Types.Point3)[0],
    );
    const { clientWidth } = this.viewport.element;
    const move = this.justification === 'LEFT' ? -Math.min(...across) : clientWidth - Math.max(...across);
    const [x, y] = this.viewport.getPan();
    this.viewport.setPan([x + move, y]);
    this.fitted = [x + move, y];
  }

  /** Neither zoomed nor moved. */
  isFitted(): boolean {
    if (!this.isDrawn()) return false;
    const [panX, panY] = this.viewport.getPan();
    const [x, y] = this.fitted;
    return Math.abs(this.viewport.getZoom() - 1) < 0.001 && Math.hypot(panX - x, panY - y) < 0.5;
  }

  /** Whether that would be neither too small nor too large. */
  canZoomBy(factor: number): boolean {
    const zoom = this.viewport.getZoom() * factor;
    return this.isDrawn() && zoom >= SMALLEST && zoom <= LARGEST;
  }

  zoomBy(factor: number): void {
    if (!this.isDrawn()) return;
    this.viewport.setZoom(Math.min(LARGEST, Math.max(SMALLEST, this.viewport.getZoom() * factor)));
    this.viewport.render();
  }

  /** zoom: 1 where the picture fits. pan: CSS pixels from the middle. */
  scale(): { zoom: number; pan: readonly [number, number] } {
    const [x, y] = this.viewport.getPan();
    return { zoom: this.viewport.getZoom(), pan: [x, y] };
  }

  scaleBy(factor: number, [x, y]: readonly [number, number]): void {
    if (!this.isDrawn()) return;
    if (factor !== 1) this.viewport.setZoom(Math.min(64, Math.max(0.05, this.viewport.getZoom() * factor)));
    const [panX, panY] = this.viewport.getPan();
    this.viewport.setPan([panX + x, panY + y]);
    this.viewport.render();
  }

  /** One image pixel on one CSS pixel. */
  actualSize(): void {
    if (this.zoom() > 0) this.zoomBy(1 / this.zoom());
  }

  /** Upright, not mirrored, fitted. Does not draw. */
  reset(): void {
    this.fitted = [0, 0];
    this.upright();
    this.viewport.resetCamera();
  }
}
