/** What can be undone and done again. */

const MOST_STEPS = 100;

export class History<T> {
  private past: T[] = [];
  private future: T[] = [];

  constructor(private now: T) {}

  get current(): T {
    return this.now;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  change(next: T): void {
    this.past = [...this.past, this.now].slice(-MOST_STEPS);
    this.future = [];
    this.now = next;
  }

  /** Returns whether there was a step to undo. */
  undo(): boolean {
    const before = this.past.pop();
    if (before === undefined) return false;
    this.future.push(this.now);
    this.now = before;
    return true;
  }

  redo(): boolean {
    const after = this.future.pop();
    if (after === undefined) return false;
    this.past.push(this.now);
    this.now = after;
    return true;
  }

  /** In every step: what others did is not undone with what the reader did. */
  amend(change: (step: T) => T): void {
    this.now = change(this.now);
    this.past = this.past.map(change);
    this.future = this.future.map(change);
  }

  /** What the reader does not see as a step of his own. */
  replace(now: T): void {
    this.now = now;
  }
}
