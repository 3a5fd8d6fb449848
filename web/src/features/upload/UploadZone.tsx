import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { knownObjects } from '../../api/upload';
import { type MessageKey, t, tCount } from '../../i18n';
import { bytes, count } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { droppedFiles, worthReading } from './dropped';
import { gather } from './gather';
import { type Interrupted, keepProgress, takeInterrupted } from './interrupted';
import { alreadyHere } from './known';
import { UploadQueue } from './queue';
import type { Reject, UploadState } from './queueState';
import './upload.css';

/** The queue outlives the pages: an upload goes on while a study is read. */
export function useUploadQueue(onStored: () => void): UploadQueue {
  const latest = useRef(onStored);
  latest.current = onStored;
  const queue = useRef<UploadQueue>(undefined);
  queue.current ??= new UploadQueue(() => latest.current(), {
    look: (sources) => alreadyHere(sources, knownObjects),
    keep: keepProgress,
  });
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => {
      if (queue.current?.getState().running) event.preventDefault();
    };
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, []);
  return queue.current;
}

interface ZoneProps {
  queue: UploadQueue;
  /** Whether the person may store anything. */
  allowed: boolean;
  children: ReactNode;
}

/** Its children with the whole page as a drop zone around them. */
export function UploadZone({ queue, allowed, children }: ZoneProps) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!allowed) return;
    let depth = 0;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth += 1;
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const hover = (event: DragEvent): void => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      depth = 0;
      setOver(false);
      if (!event.dataTransfer || !hasFiles(event)) return;
      event.preventDefault();
      void droppedFiles(event.dataTransfer)
        .then(gather)
        .then(({ sources, rejects }) => queue.add(sources, rejects));
    };
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('dragover', hover);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('dragover', hover);
      window.removeEventListener('drop', drop);
    };
  }, [queue, allowed]);
  return (
    <>
      {children}
      {over && (
        <div className="drop-veil">
          <div>
            <Icon name="upload" size={40} />
            <p>{t('upload.drop')}</p>
            <p className="muted">{t('upload.dropHint')}</p>
          </div>
        </div>
      )}
    </>
  );
}

export function UploadButton({ queue }: { queue: UploadQueue }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (input: HTMLInputElement): void => {
    const files = [...(input.files ?? [])].filter((file) => worthReading(file.name));
    void gather(files).then(({ sources, rejects }) => queue.add(sources, rejects));
    input.value = '';
  };
  return (
    <>
      <button type="button" className="button" onClick={() => files.current?.click()}>
        <Icon name="upload" /> {t('upload.choose')}
      </button>
      <button type="button" className="button" onClick={() => folder.current?.click()}>
        {t('upload.chooseFolder')}
      </button>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-testid="upload-input"
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={(input) => {
          folder.current = input;
          input?.setAttribute('webkitdirectory', '');
        }}
        type="file"
        multiple
        hidden
        onChange={(event) => take(event.currentTarget)}
      />
    </>
  );
}

interface PanelProps {
  queue: UploadQueue;
  /** Pictures are looked at: only what still goes on, or failed, may cover them. */
  aside: boolean;
}

/** In the corner: how far the upload is, and what was rejected and why. */
export function UploadPanel({ queue, aside }: PanelProps) {
  const state = useSyncExternalStore(queue.subscribe, queue.getState);
  const [interrupted, setInterrupted] = useState<Interrupted | undefined>(takeInterrupted);
  if (state.files === 0) {
    return interrupted && !aside ? <Reminder left={interrupted} onDismiss={() => setInterrupted(undefined)} /> : null;
  }
  if (aside && !state.running && state.failed.length === 0) return null;
  const share = state.bytesTotal > 0 ? state.bytesSent / state.bytesTotal : state.done / state.files;
  return (
    <aside className="upload-panel" aria-label={t('upload.title')} data-testid="upload-panel">
      <header>
        <strong>{t('upload.title')}</strong>
        {state.running ? (
          <button type="button" className="button" onClick={() => queue.stop()}>
            {t('upload.stop')}
          </button>
        ) : (
          <button
            type="button"
            className="icon-button"
            aria-label={t('upload.dismiss')}
            onClick={() => queue.dismiss()}
          >
            <Icon name="close" />
          </button>
        )}
      </header>
      <div
        className="upload-bar"
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <i style={{ width: `${Math.min(100, share * 100)}%` }} />
      </div>
      <p className="muted" role="status">
        {headline(state)}
      </p>
      <dl className="upload-counts">
        <Count name={t('upload.stored')} value={state.stored} id="stored" />
        <Count name={t('upload.duplicates')} value={state.duplicates} id="duplicates" />
        <Count name={t('upload.kept')} value={state.kept} id="kept" />
        <Count name={t('upload.rejected')} value={state.rejected} id="rejected" />
        <Count name={t('upload.failed')} value={state.failed.length} id="failed" />
      </dl>
      {!state.running && state.failed.length > 0 && (
        <button type="button" className="button" onClick={() => queue.retryFailed()}>
          {tCount('upload.retryFailed', state.failed.length)}
        </button>
      )}
      {state.duplicateNames.length > 0 && (
        <details>
          <summary>{t('upload.duplicatesListed')}</summary>
          <ul className="rejects">
            {state.duplicateNames.map((name, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be chosen twice
              <li key={at} className="reject-name">
                {name}
              </li>
            ))}
          </ul>
        </details>
      )}
      {state.rejects.length > 0 && (
        <details>
          <summary>{t('upload.reasons')}</summary>
          <ul className="rejects">
            {state.rejects.map((reject, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be rejected twice
              <li key={at}>
                <span className="reject-name">{reject.name}</span>
                <span className="muted">{reasonText(reject)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </aside>
  );
}

/** After a reload: the browser has forgotten the files, the archive has not forgotten what arrived. */
function Reminder({ left, onDismiss }: { left: Interrupted; onDismiss: () => void }) {
  return (
    <aside className="upload-panel" aria-label={t('upload.title')} data-testid="upload-interrupted">
      <header>
        <strong>{t('upload.interrupted')}</strong>
        <button type="button" className="icon-button" aria-label={t('upload.dismiss')} onClick={onDismiss}>
          <Icon name="close" />
        </button>
      </header>
      <p>{tCount('upload.interruptedText', left.files, { done: count(left.done) })}</p>
    </aside>
  );
}

function Count({ name, value, id }: { name: string; value: number; id: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={`upload-${id}`}>{count(value)}</dd>
    </div>
  );
}

function headline(state: UploadState): string {
  const values = { done: count(state.done), bytes: bytes(state.bytesTotal) };
  const said = state.running ? 'upload.progress' : 'upload.finished';
  return tCount(state.offline ? 'upload.offline' : state.stopped ? 'upload.cancelled' : said, state.files, values);
}

/** Failure reasons of PS3.18 table I.2-2 and PS3.4 table B.2-1. */
const REASONS: ReadonlyArray<[RegExp, MessageKey]> = [
  [/^zip-encrypted/, 'upload.reason.zipEncrypted'],
  [/^zip-method/, 'upload.reason.zipMethod'],
  [/^zip-damaged/, 'upload.reason.zipDamaged'],
  [/^unreadable-file/, 'upload.reason.unreadableFile'],
  [/^directory-missing/, 'upload.reason.directoryMissing'],
  [/^directory-damaged/, 'upload.reason.directoryDamaged'],
  [/^kept-uid/, 'upload.reason.keptUid'],
  [/^kept-patient/, 'upload.reason.keptPatient'],
  [/^0xA7|^out-of-space/, 'upload.reason.full'],
  [/^0x0124|^access-denied|^HTTP 403/, 'error.denied'],
  [/^0xA9|^0xC409/, 'upload.reason.mismatch'],
  [/^0xC/, 'upload.reason.unreadable'],
  [/^HTTP 415/, 'upload.reason.notDicom'],
];

/** In the language of the page; what the server says itself comes after it. */
export function reasonText({ reason, code }: Reject): string {
  const [, known] = REASONS.find(([pattern]) => pattern.test(code)) ?? [];
  return `${t(known ?? 'upload.reason.other', { code })} ${reason}`.trimEnd();
}
