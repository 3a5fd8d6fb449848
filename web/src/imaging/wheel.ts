/** Turns of a wheel to steps: mouse wheels come in jumps of about 100 pixels, touch pads in many small ones. */
export class WheelSteps {
  private rest = 0;

  /** How many steps an event makes; 0 while small ones still add up. */
  of(event: Pick<WheelEvent, 'deltaY' | 'deltaMode'>): number {
    const pixels = event.deltaMode === 1 ? event.deltaY * 33 : event.deltaY;
    if (Math.abs(pixels) >= 50) {
      this.rest = 0;
      return Math.sign(pixels);
    }
    this.rest += pixels;
    const steps = Math.trunc(this.rest / 30);
    this.rest -= steps * 30;
    return steps;
  }
}
