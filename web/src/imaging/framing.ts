/** The part of an image that a tile shows, read and set as presentation states have it. */
import type { Types } from '@cornerstonejs/core';
import { type Area, areaOf, cornersOf, type Orientation, orientationOf } from './layOut';
import { planeOf, toImage, toWorld } from './plane';
import type { Point } from './spacing';

export interface Framed extends Orientation {
  area: Area;
}

export class Framing {
  /** imageId: of the picture that is drawn; empty without one. */
  constructor(
    private readonly viewport: Types.IStackViewport,
    private readonly imageId: () => string,
  ) {}

  /** Where a point of the image (column, row) is on the canvas. */
  place(point: Point): readonly [number, number] {
    const [x, y] = this.viewport.worldToCanvas(toWorld(planeOf(this.imageId()), point));
    return [x, y];
  }

  read(): Framed {
    const { clientWidth, clientHeight } = this.viewport.element;
    return { ...this.orientation(), area: areaOf(this.at(0, 0), this.at(clientWidth, clientHeight)) };
  }

  /** area: all of the image where it is absent. */
  set({ quarterTurns, flipped }: Orientation, area: Area | undefined): void {
    this.viewport.resetCamera();
    // The renderer may mirror before it turns or behind: what is wanted is what is seen.
    for (const turns of [quarterTurns, 4 - quarterTurns]) {
      this.viewport.setViewPresentation({ rotation: (turns % 4) * 90, flipHorizontal: flipped, flipVertical: false });
      const seen = this.orientation();
      if (seen.quarterTurns === quarterTurns % 4 && seen.flipped === flipped) break;
    }
    if (area) this.fit(area);
  }

  private fit(area: Area): void {
    const { clientWidth, clientHeight } = this.viewport.element;
    const corners = cornersOf(area);
    const [one, other] = corners.map((corner) => this.place(corner)) as [Point, Point];
    const share = Math.min(
      clientWidth / Math.max(1e-6, Math.abs(other[0] - one[0])),
      clientHeight / Math.max(1e-6, Math.abs(other[1] - one[1])),
    );
    this.viewport.setZoom(this.viewport.getZoom() * share);
    const [first, last] = corners.map((corner) => this.place(corner)) as [Point, Point];
    const [panX, panY] = this.viewport.getPan();
    this.viewport.setPan([
      panX + clientWidth / 2 - (first[0] + last[0]) / 2,
      panY + clientHeight / 2 - (first[1] + last[1]) / 2,
    ]);
  }

  private orientation(): Orientation {
    const [x, y] = this.at(0, 0);
    const step = ([column, row]: Point): Point => [column - x, row - y];
    return orientationOf(step(this.at(100, 0)), step(this.at(0, 100)));
  }

  /** A point of the canvas in image coordinates. */
  private at(x: number, y: number): Point {
    return toImage(planeOf(this.imageId()), this.viewport.canvasToWorld([x, y]));
  }
}
