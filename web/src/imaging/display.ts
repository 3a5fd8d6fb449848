/** In which greys a picture is shown. */
import type { Types } from '@cornerstonejs/core';
import { rangeOf, type WindowPreset, type WindowRange, windowOf } from './presets';
import type { TileState } from './tileState';

export class TileDisplay {
  /** isDrawn: whether there is a picture to change. */
  constructor(
    private readonly viewport: Types.IStackViewport,
    private readonly isDrawn: () => boolean,
  ) {}

  setWindow(center: number, width: number): void {
    if (!this.isDrawn()) return;
    this.viewport.setProperties({ voiRange: rangeOf(center, width) });
    this.viewport.render();
  }

  /** In input values; undefined before something is drawn. */
  range(): WindowRange | undefined {
    return this.isDrawn() ? this.viewport.getProperties().voiRange : undefined;
  }

  setRange(voiRange: WindowRange): void {
    if (!this.isDrawn()) return;
    this.viewport.setProperties({ voiRange });
    this.viewport.render();
  }

  applyPreset(preset: WindowPreset): void {
    if (!this.isDrawn()) return;
    if (preset.window) {
      this.setWindow(preset.window.center, preset.window.width);
      return;
    }
    const image = this.viewport.getCornerstoneImage() as Types.IImage | undefined;
    if (!image) return;
    if (preset.name === 'preset.full') {
      this.viewport.setProperties({ voiRange: { lower: image.minPixelValue, upper: image.maxPixelValue } });
    } else {
      const [center] = [image.windowCenter].flat();
      const [width] = [image.windowWidth].flat();
      if (center !== undefined && width !== undefined)
        this.viewport.setProperties({ voiRange: rangeOf(center, width) });
    }
    this.viewport.render();
  }

  invert(): void {
    if (!this.isDrawn()) return;
    this.viewport.setProperties({ invert: !this.viewport.getProperties().invert });
    this.viewport.render();
  }

  /** As the object says. */
  reset(): void {
    this.viewport.resetProperties();
  }

  state(): Pick<TileState, 'window' | 'inverted'> {
    const { voiRange, invert } = this.viewport.getProperties();
    return { window: voiRange ? windowOf(voiRange) : undefined, inverted: invert ?? false };
  }
}
