/**
 * Sends files three at a time and counts what became of each. What the archive has already is not sent; when it does not
 * answer, the queue waits for it and goes on.
 */
import { type UploadOutcome, uploadFile } from '../../api/upload';
import { IDLE, REJECTS_KEPT, type Reject, type UploadState } from './queueState';
import { type Source, Unreadable } from './source';

const IN_PARALLEL = 3;
const LOOKED_AT_ONCE = 100;
const NOTIFY_EVERY_MS = 100;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** So often is a file sent that the server takes in vain, before it counts as not sent. */
const MOST_ATTEMPTS = 5;

export interface QueueParts {
  /** Of these sources, those that need not be sent. */
  look: (sources: readonly Source[]) => Promise<ReadonlySet<Source>>;
  send: typeof uploadFile;
  /** Told of each change that a reload should not forget. */
  keep: (state: UploadState) => void;
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

const NOTHING_KNOWN: QueueParts = { look: async () => new Set(), send: uploadFile, keep: () => {}, pause: wait };

export class UploadQueue {
  private state: UploadState = IDLE;
  private waiting: Source[] = [];
  private readonly listeners = new Set<() => void>();
  private abort = new AbortController();
  private notifyTimer = 0;
  private readonly partial = new Map<Source, number>();
  private readonly attempts = new Map<Source, number>();
  private working = false;
  private pauseMs = FIRST_PAUSE_MS;
  private readonly parts: QueueParts;

  constructor(
    private readonly onStored: () => void,
    parts: Partial<QueueParts> = {},
  ) {
    this.parts = { ...NOTHING_KNOWN, ...parts };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): UploadState => this.state;

  /** rejects: what was found not to be fit for sending before. */
  add(sources: readonly Source[], rejects: readonly Reject[] = []): void {
    if (sources.length + rejects.length === 0) return;
    if (!this.state.running) {
      this.abort = new AbortController();
      if (this.state.stopped || this.state.done === this.state.files) this.state = IDLE;
    }
    this.waiting.push(...sources);
    const { state } = this;
    this.change({
      files: state.files + sources.length + rejects.length,
      done: state.done + rejects.length,
      rejected: state.rejected + rejects.length,
      rejects: [...state.rejects, ...rejects].slice(0, REJECTS_KEPT),
      bytesTotal: state.bytesTotal + sources.reduce((sum, source) => sum + source.size, 0),
      running: sources.length > 0 || state.running,
      stopped: false,
    });
    void this.work();
  }

  stop(): void {
    this.waiting = [];
    this.abort.abort();
    this.change({ running: false, stopped: true, offline: false });
  }

  retryFailed(): void {
    const again = this.state.failed;
    this.state = IDLE;
    this.attempts.clear();
    this.add(again);
  }

  dismiss(): void {
    if (!this.state.running) {
      this.state = IDLE;
      this.tell();
    }
  }

  /** A group after the other: looked at, then sent. */
  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    while (this.waiting.length > 0) {
      const { signal } = this.abort;
      const group = this.waiting.splice(0, LOOKED_AT_ONCE);
      const known = await this.parts.look(group);
      if (signal.aborted) continue;
      for (const source of group) if (known.has(source)) this.onOutcome(source, { kind: 'duplicate' });
      const unknown = group.filter((source) => !known.has(source));
      if ((await this.sendAll(unknown, signal)) || signal.aborted) continue;
      await this.parts.pause(this.pauseMs, signal);
      this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 2);
    }
    this.working = false;
  }

  /** Whether all of them are done with; what is not, waits again. */
  private async sendAll(sources: Source[], signal: AbortSignal): Promise<boolean> {
    let whole = true;
    const lane = async (): Promise<void> => {
      for (let source = sources.shift(); source && !signal.aborted; source = sources.shift()) {
        if (await this.sendOne(source, signal)) continue;
        // The archive does not answer: nothing else of this group is tried now.
        whole = false;
        this.waiting.unshift(source, ...sources.splice(0));
      }
    };
    await Promise.all(Array.from({ length: IN_PARALLEL }, lane));
    return whole;
  }

  /** False where it is to be sent again later. */
  private async sendOne(source: Source, signal: AbortSignal): Promise<boolean> {
    let outcome: UploadOutcome;
    try {
      const blob = await source.open();
      outcome = await this.parts.send(blob, (sent) => this.onProgress(source, sent), signal);
    } catch (cause) {
      outcome = { kind: 'rejected', reason: '', code: cause instanceof Unreadable ? cause.code : 'unreadable-file' };
    }
    if (signal.aborted) return true;
    if (outcome.kind === 'failed' && this.mayRetry(source, outcome.reason)) {
      this.onProgress(source, 0);
      this.change({ offline: true });
      return false;
    }
    this.pauseMs = FIRST_PAUSE_MS;
    if (this.state.offline) this.change({ offline: false });
    this.onOutcome(source, outcome);
    return true;
  }

  /** Without a connection as often as it takes; what the server fails at, a few times. */
  private mayRetry(source: Source, reason: string): boolean {
    if (reason === 'unreachable') return true;
    if (!/^HTTP (429|5\d\d)$/.test(reason)) return false;
    const tried = (this.attempts.get(source) ?? 0) + 1;
    this.attempts.set(source, tried);
    return tried < MOST_ATTEMPTS;
  }

  private onProgress(source: Source, sent: number): void {
    const before = this.partial.get(source) ?? 0;
    this.partial.set(source, sent);
    this.state = { ...this.state, bytesSent: this.state.bytesSent + sent - before };
    this.tellSoon();
  }

  private onOutcome(source: Source, outcome: UploadOutcome): void {
    this.onProgress(source, source.size);
    this.partial.delete(source);
    if (this.state.stopped) return;
    const done = this.state.done + 1;
    const running = done < this.state.files;
    this.state = { ...this.state, ...counted(this.state, source, outcome), done, running };
    if (running) {
      this.tellSoon();
      return;
    }
    this.tell();
    this.onStored();
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
    this.parts.keep(this.state);
    for (const listener of this.listeners) listener();
  }
}

/** What one outcome adds. */
function counted(state: UploadState, source: Source, outcome: UploadOutcome): Partial<UploadState> {
  const noted = (reason: string, code: string): readonly Reject[] =>
    state.rejects.length < REJECTS_KEPT ? [...state.rejects, { name: source.name, reason, code }] : state.rejects;
  switch (outcome.kind) {
    case 'stored':
      return { stored: state.stored + 1 };
    case 'duplicate':
      return {
        duplicates: state.duplicates + 1,
        duplicateNames:
          state.duplicateNames.length < REJECTS_KEPT ? [...state.duplicateNames, source.name] : state.duplicateNames,
      };
    case 'failed':
      return { failed: [...state.failed, source] };
    case 'kept':
      return { kept: state.kept + 1, rejects: noted('', outcome.patient ? 'kept-patient' : 'kept-uid') };
    case 'rejected':
      return { rejected: state.rejected + 1, rejects: noted(outcome.reason, outcome.code) };
  }
}
