/** How large the pixels of this screen are, as somebody has measured it in this browser. */

const STORAGE_KEY = 'hounsfield.screen';
/** Pixels of a screen per mm: from a projector to a telephone. */
const PLAUSIBLE = [0.2, 60] as const;

/** A bank card (ISO/IEC 7810, ID-1). */
export const CARD_MM = { width: 85.6, height: 53.98 } as const;

type Shelf = Pick<Storage, 'getItem' | 'setItem'>;

function shelf(): Shelf | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

let unkept: number | undefined;

/**
 * CSS pixels per mm; undefined as long as nobody has measured. Kept in pixels of the screen: what the browser enlarges by
 * itself does not change them.
 */
export function screenPixelsPerMm(kept = shelf()): number | undefined {
  const value = Number(kept?.getItem(STORAGE_KEY) ?? unkept ?? Number.NaN);
  const [least, most] = PLAUSIBLE;
  return value >= least && value <= most ? value / (globalThis.devicePixelRatio || 1) : undefined;
}

/** perMm: CSS pixels. */
export function keepScreenPixelsPerMm(perMm: number, kept = shelf()): void {
  unkept = perMm * (globalThis.devicePixelRatio || 1);
  try {
    kept?.setItem(STORAGE_KEY, String(unkept));
  } catch {
    // Without storage it lasts until reload.
  }
}

/** What a picture must be enlarged by to be as large as what it shows. mmPerPixel: per CSS pixel, now. */
export function factorToTrueSize(mmPerPixel: number, pixelsPerMm: number): number {
  return mmPerPixel * pixelsPerMm;
}

/** Within half a percent: nearer no ruler on a screen is read. */
export function isTrueSize(mmPerPixel: number | undefined, pixelsPerMm: number | undefined): boolean {
  return (
    mmPerPixel !== undefined &&
    pixelsPerMm !== undefined &&
    Math.abs(factorToTrueSize(mmPerPixel, pixelsPerMm) - 1) < 0.005
  );
}
