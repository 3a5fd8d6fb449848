/** In which greys a picture is shown: what the object offers, what the reader chose, whether low values are bright. */
import { cache, Enums, getShouldUseCPURendering, type Types } from '@cornerstonejs/core';
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction';
import { automaticRange } from './automaticWindow';
import { type DicomInstance, number, TAG, text } from './dicom';
import { frameOf } from './images';
import { emptyPixels } from './padding';
import type { WindowPreset } from './presets';
import type { TileState } from './tileState';
import { type Curve, offeredVois, pointsOf, type Range, rangeOf, type Voi, windowOf } from './voi';

/** All that makes a shade of a value. */
export interface Look {
  curve: Curve;
  range: Range;
  /** Low values are bright. */
  inverted: boolean;
}

const WHOLE_COLOUR: Voi = { explanation: '', curve: 'LINEAR_EXACT', range: { lower: 0, upper: 255 } };

export class TileDisplay {
  private imageId = '';
  private offered: readonly Voi[] = [];
  private voi: Voi = WHOLE_COLOUR;
  /** Which of what the object offers; counts as long as the reader has not set a window of his own. */
  private chosen = 0;
  private own: Voi | undefined;
  /** Where the object offers nothing: found once, so that a loop does not flicker. */
  private automatic: Range | undefined;
  private turned = false;

  /** isDrawn: whether there is a picture to change. */
  constructor(
    private readonly viewport: Types.IStackViewport,
    private readonly isDrawn: () => boolean,
  ) {}

  /** Another display set: nothing of what was chosen for the one before counts. */
  forget(): void {
    this.imageId = '';
    this.toDefault();
  }

  /** A picture has come into the viewport, and is not drawn yet. */
  take(imageId: string): void {
    this.imageId = imageId;
    const known = frameOf(imageId);
    const plain = known !== undefined && !this.isColour() && !isBitmap(known.instance);
    this.offered = plain ? offeredVois(known.instance, known.frame - 1) : [];
    this.apply();
  }

  /** A tool has moved the window. */
  moved(range: Range | undefined): void {
    const { lower, upper } = this.voi.range;
    if (!range || this.imageId === '' || (range.lower === lower && range.upper === upper)) return;
    // What is offered keeps its curve, stretched.
    this.own = { ...this.voi, range: { lower: range.lower, upper: Math.max(range.upper, range.lower + 1e-6) } };
    this.apply();
  }

  setWindow(center: number, width: number): void {
    this.show({ explanation: '', curve: 'LINEAR', range: rangeOf(center, width) });
  }

  /** In input values; undefined before something is drawn. */
  range(): Range | undefined {
    return this.isDrawn() ? this.voi.range : undefined;
  }

  /** As another tile has it; the curve stays this picture's own. */
  setRange(range: Range): void {
    this.show({ ...this.voi, range });
  }

  applyPreset(preset: WindowPreset): void {
    if (preset.window) this.setWindow(preset.window.center, preset.window.width);
    else if (preset.offered !== undefined) {
      this.chosen = preset.offered;
      this.show(undefined);
    } else if (!this.isColour()) {
      const whole = this.found(preset.clipped ?? 0);
      const range = preset.share ? { lower: 0, upper: Math.max(1e-6, whole.upper * preset.share) } : whole;
      this.show({ explanation: '', curve: 'LINEAR_EXACT', range });
    }
  }

  invert(): void {
    if (!this.isDrawn()) return;
    this.turned = !this.turned;
    this.apply();
    this.viewport.render();
  }

  /** As the object says. */
  reset(): void {
    this.toDefault();
    this.apply();
  }

  /** As a presentation state has it. */
  adopt(own: Voi | undefined, inverted: boolean): void {
    if (!this.isDrawn() || this.isColour()) return;
    this.turned = false;
    this.turned = inverted !== this.isInverted();
    this.show(own);
  }

  look(): Look {
    return { curve: this.voi.curve, range: this.voi.range, inverted: this.isInverted() };
  }

  state(): Pick<TileState, 'window' | 'inverted' | 'offered' | 'tableName'> {
    const { curve, range, explanation } = this.voi;
    return {
      window: windowOf(curve, range),
      inverted: this.isInverted(),
      offered: this.offered.map((voi) => voi.explanation),
      tableName: typeof curve === 'string' ? undefined : explanation,
    };
  }

  private toDefault(): void {
    this.chosen = 0;
    this.own = undefined;
    this.automatic = undefined;
    this.turned = false;
  }

  private show(own: Voi | undefined): void {
    if (!this.isDrawn()) return;
    this.own = own;
    this.apply();
    this.viewport.render();
  }

  private isColour(): boolean {
    return cache.getImage(this.imageId)?.color === true;
  }

  private isInverted(): boolean {
    const { instance } = frameOf(this.imageId) ?? {};
    return this.turned !== (instance !== undefined && !this.isColour() && lowIsBright(instance));
  }

  private found(clipped?: number): Range {
    const image = cache.getImage(this.imageId);
    const known = frameOf(this.imageId);
    // A bitmap arrives as 0 and 255.
    if (!image || !known || isBitmap(known.instance)) return WHOLE_COLOUR.range;
    const empty = emptyPixels(image, known.instance);
    const deep = (number(known.instance, TAG.bitsStored) ?? 16) > 8;
    return automaticRange(image.getPixelData(), (at) => empty?.[at] === 1, deep, clipped);
  }

  private natural(): Voi {
    if (this.isColour()) return WHOLE_COLOUR;
    const offered = this.offered[this.chosen] ?? this.offered[0];
    if (offered) return offered;
    this.automatic ??= this.found();
    return { explanation: '', curve: 'LINEAR_EXACT', range: this.automatic };
  }

  private apply(): void {
    if (this.imageId === '') return;
    const natural = this.natural();
    const stretched = this.own && typeof this.own.curve !== 'string' && typeof natural.curve !== 'string';
    // Each slice has a table of its own; only how it is stretched is the reader's.
    this.voi = this.own && stretched ? { ...natural, range: this.own.range } : (this.own ?? natural);
    const { curve, range } = this.voi;
    const inverted = this.isInverted();
    // Between two labels there is no third one.
    const codes = text(frameOf(this.imageId)?.instance ?? {}, TAG.modality) === 'SEG';
    const interpolationType = codes ? Enums.InterpolationType.NEAREST : Enums.InterpolationType.LINEAR;
    // The tools read the range from the renderer; what it draws by is the curve.
    this.viewport.setProperties({ voiRange: range, interpolationType });
    if (getShouldUseCPURendering()) {
      this.viewport.setProperties({ invert: inverted });
      return;
    }
    const transfer = vtkColorTransferFunction.newInstance();
    for (const [value, share] of pointsOf(curve, range)) {
      const shade = inverted ? 1 - share : share;
      transfer.addRGBPoint(value, shade, shade, shade);
    }
    const actor = this.viewport.getDefaultActor()?.actor as Types.ImageActor | undefined;
    actor?.getProperty().setRGBTransferFunction(0, transfer);
  }
}

function isBitmap(instance: DicomInstance): boolean {
  return number(instance, TAG.bitsAllocated) === 1;
}

/** MONOCHROME1, or a Presentation LUT Shape that says so (PS3.3 C.7.6.3.1.2, C.11.6). */
function lowIsBright(instance: DicomInstance): boolean {
  return (
    text(instance, TAG.photometric) === 'MONOCHROME1' ||
    text(instance, TAG.presentationLutShape).toUpperCase() === 'INVERSE'
  );
}
