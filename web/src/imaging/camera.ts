/** How a picture lies in its tile: fitted, zoomed, moved, turned, mirrored. */
import type { Types } from '@cornerstonejs/core';

export class TileCamera {
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

  fit(): void {
    if (!this.isDrawn()) return;
    this.viewport.resetCamera({ resetPan: true, resetZoom: true });
    this.viewport.render();
  }

  /** Neither zoomed nor moved. */
  isFitted(): boolean {
    if (!this.isDrawn()) return false;
    const [panX, panY] = this.viewport.getPan();
    return Math.abs(this.viewport.getZoom() - 1) < 0.001 && Math.hypot(panX, panY) < 0.5;
  }

  zoomBy(factor: number): void {
    if (!this.isDrawn()) return;
    this.viewport.setZoom(Math.min(64, Math.max(0.05, this.viewport.getZoom() * factor)));
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
    this.viewport.setViewPresentation({ rotation: 0, flipHorizontal: false, flipVertical: false });
    this.viewport.resetCamera();
  }
}
