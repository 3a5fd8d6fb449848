/** Work of several sources, a few pieces at a time: the source that was called for last goes first. */

export interface Source {
  /** Starts its next piece of work, or returns undefined where it has none. The promise never rejects. */
  next(): Promise<void> | undefined;
}

export class Lanes {
  /** Most urgent first. */
  private sources: Source[] = [];
  private readonly underWayOf = new Map<Source, number>();
  private underWay = 0;

  constructor(
    private readonly atATime: number,
    private readonly ofOneSource: number,
  ) {}

  /** The source has work, and it is more urgent than that of the others. */
  call(source: Source): void {
    this.sources = [source, ...this.sources.filter((other) => other !== source)];
    this.start();
  }

  /** The source wants nothing more; what is under way ends by itself. */
  leave(source: Source): void {
    this.sources = this.sources.filter((other) => other !== source);
    this.start();
  }

  private start(): void {
    for (const source of this.sources) {
      while (this.underWay < this.atATime && (this.underWayOf.get(source) ?? 0) < this.ofOneSource) {
        const piece = source.next();
        if (!piece) break;
        this.count(source, 1);
        void piece.then(() => {
          this.count(source, -1);
          this.start();
        });
      }
    }
  }

  private count(source: Source, change: 1 | -1): void {
    this.underWay += change;
    const now = (this.underWayOf.get(source) ?? 0) + change;
    if (now > 0) this.underWayOf.set(source, now);
    else this.underWayOf.delete(source);
  }
}
