/** When the frames of a loop are to be shown (PS3.3 C.7.6.5), and the clock that shows them. */
import { type DicomInstance, number, numbers, TAG } from './dicom';

/** Frames a second of what states no time and no rate. */
export const USUAL_RATE = 12;
const FASTEST = 60;
const SLOWEST = 0.5;

/**
 * How long each frame is shown, in ms: by Frame Time Vector or Frame Time, else by Recommended Display Frame Rate or Cine
 * Rate, else the usual rate. The vector says how long after its predecessor a frame was taken; the last lasts as long as
 * the one before it.
 */
export function frameDurations(instance: DicomInstance, count: number): number[] {
  const within = (ms: number): number => Math.min(1000 / SLOWEST, Math.max(1000 / FASTEST, ms));
  const vector = numbers(instance, TAG.frameTimeVector);
  if (count > 1 && vector.length === count && vector.slice(1).every((ms) => ms > 0)) {
    const durations = vector.slice(1).map(within);
    return [...durations, durations.at(-1) as number];
  }
  const time = number(instance, TAG.frameTime) ?? 0;
  const rates = [number(instance, TAG.recommendedFrameRate), number(instance, TAG.cineRate)];
  const rate = rates.find((stated) => stated !== undefined && stated > 0) ?? USUAL_RATE;
  return new Array<number>(count).fill(within(time > 0 ? time : 1000 / rate));
}

/** Frames a second of these durations, as it is shown. */
export function meanRate(durations: readonly number[]): number {
  const whole = durations.reduce((sum, ms) => sum + ms, 0);
  const rate = whole > 0 ? (durations.length * 1000) / whole : 0;
  return rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10;
}

export class Cine {
  private timer = 0;
  private due = 0;

  /** advance: shows the next frame; answers whose turn it is then (0-based). Called once a frame. */
  constructor(private readonly advance: () => number) {}

  isRunning(): boolean {
    return this.timer !== 0;
  }

  start(durations: readonly number[], from: number): void {
    this.stop();
    this.due = performance.now();
    this.wait(durations, from);
  }

  stop(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
  }

  /** What came late is not made up for: a loop that stutters must not race afterwards. */
  private wait(durations: readonly number[], shown: number): void {
    const now = performance.now();
    this.due = Math.max(this.due + (durations[shown] ?? 1000 / USUAL_RATE), now);
    this.timer = window.setTimeout(() => {
      const next = this.advance();
      if (this.isRunning()) this.wait(durations, next);
    }, this.due - now);
  }
}
