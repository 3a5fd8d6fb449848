/** Sends files three at a time and counts what became of each. */
import { type UploadOutcome, uploadFile } from '../../api/upload';

export interface Reject {
  name: string;
  reason: string;
  code: string;
}

export interface UploadState {
  files: number;
  done: number;
  bytesTotal: number;
  bytesSent: number;
  stored: number;
  duplicates: number;
  /** The first `REJECTS_KEPT`; `rejected` counts all. */
  rejects: readonly Reject[];
  rejected: number;
  /** Stored, but beside the object that counts. */
  kept: number;
  /** Files that did not reach the archive and may be sent again. */
  failed: readonly File[];
  running: boolean;
  stopped: boolean;
}

export const IDLE: UploadState = {
  files: 0,
  done: 0,
  bytesTotal: 0,
  bytesSent: 0,
  stored: 0,
  duplicates: 0,
  rejects: [],
  rejected: 0,
  kept: 0,
  failed: [],
  running: false,
  stopped: false,
};

const IN_PARALLEL = 3;
const REJECTS_KEPT = 500;
const NOTIFY_EVERY_MS = 100;

/** Path as dropped, such as `CT/IM0001`, where the browser tells it. */
export function displayName(file: File): string {
  return (file as File & { droppedPath?: string }).droppedPath || file.webkitRelativePath || file.name;
}

export class UploadQueue {
  private state: UploadState = IDLE;
  private readonly waiting: File[] = [];
  private readonly listeners = new Set<() => void>();
  private abort = new AbortController();
  private underWay = 0;
  private notifyTimer = 0;
  private readonly partial = new Map<File, number>();

  constructor(
    private readonly onStored: () => void,
    private readonly send: typeof uploadFile = uploadFile,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): UploadState => this.state;

  add(files: readonly File[]): void {
    if (files.length === 0) return;
    if (!this.state.running) {
      this.abort = new AbortController();
      if (this.state.stopped || this.state.done === this.state.files) this.state = IDLE;
    }
    this.waiting.push(...files);
    this.change({
      files: this.state.files + files.length,
      bytesTotal: this.state.bytesTotal + files.reduce((sum, file) => sum + file.size, 0),
      running: true,
      stopped: false,
    });
    this.next();
  }

  stop(): void {
    this.waiting.length = 0;
    this.abort.abort();
    this.change({ running: false, stopped: true });
  }

  retryFailed(): void {
    const again = this.state.failed;
    this.state = IDLE;
    this.add(again);
  }

  dismiss(): void {
    if (!this.state.running) {
      this.state = IDLE;
      this.tell();
    }
  }

  private next(): void {
    while (this.underWay < IN_PARALLEL && this.waiting.length > 0) {
      const file = this.waiting.shift() as File;
      this.underWay += 1;
      void this.send(file, (sent) => this.onProgress(file, sent), this.abort.signal).then((outcome) => {
        this.underWay -= 1;
        this.onOutcome(file, outcome);
        this.next();
      });
    }
  }

  private onProgress(file: File, sent: number): void {
    const before = this.partial.get(file) ?? 0;
    this.partial.set(file, sent);
    this.state = { ...this.state, bytesSent: this.state.bytesSent + sent - before };
    this.tellSoon();
  }

  private onOutcome(file: File, outcome: UploadOutcome): void {
    this.onProgress(file, file.size);
    this.partial.delete(file);
    if (this.state.stopped) return;
    const { state } = this;
    const done = state.done + 1;
    const running = done < state.files;
    const part: Partial<UploadState> = { done, running };
    if (outcome.kind === 'stored') part.stored = state.stored + 1;
    else if (outcome.kind === 'duplicate') part.duplicates = state.duplicates + 1;
    else if (outcome.kind === 'failed') part.failed = [...state.failed, file];
    else if (outcome.kind === 'kept') {
      part.kept = state.kept + 1;
      const code = outcome.patient ? 'kept-patient' : 'kept-uid';
      part.rejects = [...state.rejects, { name: displayName(file), reason: '', code }].slice(0, REJECTS_KEPT);
    } else {
      part.rejected = state.rejected + 1;
      if (state.rejects.length < REJECTS_KEPT) {
        part.rejects = [...state.rejects, { name: displayName(file), reason: outcome.reason, code: outcome.code }];
      }
    }
    this.state = { ...state, ...part };
    if (running) this.tellSoon();
    else {
      this.tell();
      this.onStored();
    }
  }

  private change(part: Partial<UploadState>): void {
    this.state = { ...this.state, ...part };
    this.tell();
  }

  /** Thousands of small files must not mean thousands of renderings. */
  private tellSoon(): void {
    if (this.notifyTimer) return;
    this.notifyTimer = window.setTimeout(() => this.tell(), NOTIFY_EVERY_MS);
  }

  private tell(): void {
    clearTimeout(this.notifyTimer);
    this.notifyTimer = 0;
    for (const listener of this.listeners) listener();
  }
}
