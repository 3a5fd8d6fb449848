import { type ReactNode, useState } from 'react';
import type { Command } from '../../../commands/registry';
import { titleOf, titleWithKey } from '../../../commands/titles';
import { t } from '../../../i18n';
import type { Mark } from '../../../imaging';
import { valueName, valueText } from '../../../imaging/measuredText';
import { MEASURING_TOOLS } from '../../../imaging/toolNames';
import { Icon, type IconName } from '../../../ui/Icon';
import type { MeasurementState } from './state';
import type { MeasurementStore } from './store';

const ICONS: Readonly<Record<string, IconName>> = {
  length: 'length',
  bidirectional: 'bidirectional',
  angle: 'angle',
  cobb: 'cobb',
  rectangle: 'rectangle',
  ellipse: 'ellipse',
  freehand: 'freehand',
  probe: 'probe',
  arrow: 'arrow',
  text: 'text',
};
const ON_SPACING: readonly string[] = ['length', 'long-axis', 'short-axis', 'angle', 'cobb-angle', 'area'];
const SOURCES = ['pixel-spacing', 'detector-plane', 'detector-corrected', 'ultrasound-region', 'none'] as const;

interface Props {
  store: MeasurementStore;
  state: MeasurementState;
  canSave: boolean;
  onJump: (mark: Mark) => void;
  onRetry: () => void;
  /** Those of the tools are offered here, all of them. */
  commands: readonly Command[];
  children?: ReactNode;
}

/** Right of the pictures: what is measured, with unit and source, and whether the server has it. */
export function MeasurementPanel({ store, state, canSave, onJump, onRetry, commands, children }: Props) {
  return (
    <aside className="panel" aria-label={t('measure.title')} data-testid="measurements">
      <h2>{t('measure.title')}</h2>
      <ToolRow commands={commands} />
      <div className="panel-tools">
        <button
          type="button"
          className="button button-main"
          disabled={!canSave || state.unsaved === 0 || state.saving === 'saving'}
          title={canSave ? undefined : t('measure.denied')}
          onClick={() => void store.save()}
        >
          {t('measure.save')}
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={t('cmd.undo')}
          title={t('cmd.undo')}
          disabled={!state.canUndo}
          onClick={() => store.undo()}
        >
          <Icon name="undo" />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={t('cmd.redo')}
          title={t('cmd.redo')}
          disabled={!state.canRedo}
          onClick={() => store.redo()}
        >
          <Icon name="redo" />
        </button>
      </div>
      <Saved state={state} onRetry={onRetry} />
      {state.items.length === 0 && <p className="muted">{t('measure.none')}</p>}
      <ul className="marks">
        {state.items.map((mark) => (
          <Entry
            key={mark.measurement.tracking_uid}
            mark={mark}
            stored={store.isStored(mark)}
            onJump={() => onJump(mark)}
            onRename={(label) => store.rename(mark.measurement.tracking_uid, label)}
            onRemove={() => store.remove([mark.measurement.tracking_uid])}
          />
        ))}
      </ul>
      {state.unread.map((report) => (
        <p key={report.sop_instance_uid} className="muted panel-note" role="note">
          {t('measure.unread', { uid: report.sop_instance_uid, reason: report.reason })}
        </p>
      ))}
      {children}
    </aside>
  );
}

function ToolRow({ commands }: { commands: readonly Command[] }) {
  const tools = MEASURING_TOOLS.flatMap((tool) => {
    const command = commands.find(({ id }) => id === `tool.${tool}`);
    return command ? [{ tool, command }] : [];
  });
  return (
    <div className="tool-row" role="toolbar" aria-label={t('measure.tools')}>
      {tools.map(({ tool, command }) => (
        <button
          type="button"
          key={tool}
          className="icon-button"
          aria-label={titleOf(command)}
          aria-pressed={command.active?.()}
          title={titleWithKey(command)}
          onClick={command.run}
        >
          <Icon name={ICONS[tool] ?? 'link'} />
        </button>
      ))}
    </div>
  );
}

function Saved({ state, onRetry }: { state: MeasurementState; onRetry: () => void }) {
  const words =
    state.saving === 'saving'
      ? t('measure.saving')
      : state.unsaved > 0
        ? t('measure.unsaved', { count: state.unsaved })
        : state.saving === 'saved'
          ? t('measure.saved')
          : '';
  return (
    <div className="panel-note" aria-live="polite" data-testid="measurements-state">
      {words && <p>{words}</p>}
      {state.draftLost && <p className="panel-warning">{t('measure.draftLost')}</p>}
      {state.saveProblem && (
        <p className="panel-warning" role="alert">
          {state.saveProblem}
        </p>
      )}
      {state.loadProblem && (
        <p className="panel-warning" role="alert">
          {state.loadProblem}{' '}
          <button type="button" className="button" onClick={onRetry}>
            {t('app.retry')}
          </button>
        </p>
      )}
    </div>
  );
}

interface EntryProps {
  mark: Mark;
  stored: boolean;
  onJump: () => void;
  onRename: (label: string) => void;
  onRemove: () => void;
}

function Entry({ mark, stored, onJump, onRename, onRemove }: EntryProps) {
  const [renaming, setRenaming] = useState(false);
  const { label, kind, values, spacing, observer } = mark.measurement;
  const source = SOURCES.find((known) => known === spacing);
  const rests = values.some(({ name }) => ON_SPACING.includes(name));
  return (
    <li className="mark" data-testid="measurement">
      <div className="mark-head">
        <Icon name={ICONS[kind] ?? 'link'} />
        {renaming ? (
          <LabelField
            label={label}
            onDone={(next) => {
              setRenaming(false);
              if (next !== undefined) onRename(next);
            }}
          />
        ) : (
          <button type="button" className="mark-label" onClick={onJump} title={t('measure.jump')}>
            {label}
          </button>
        )}
        <button
          type="button"
          className="icon-button"
          aria-label={t('measure.rename', { label })}
          title={t('measure.rename', { label })}
          onClick={() => setRenaming(true)}
        >
          <Icon name="rename" />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={t('measure.remove', { label })}
          title={t('measure.remove', { label })}
          onClick={onRemove}
        >
          <Icon name="close" />
        </button>
      </div>
      <dl className="mark-values">
        {values.map((value) => (
          <div key={value.name}>
            <dt>{valueName(value.name)}</dt>
            <dd>{valueText(value)}</dd>
          </div>
        ))}
      </dl>
      <p className="muted">
        {[
          rests && spacing ? (source ? t(`measure.spacing.${source}`) : spacing) : '',
          observer,
          kind === 'other' ? t('measure.notDrawn') : '',
          stored ? '' : t('viewer.notSavedShort'),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </li>
  );
}

/** onDone: with the new text, or with nothing where it was given up. */
function LabelField({ label, onDone }: { label: string; onDone: (next: string | undefined) => void }) {
  const [text, setText] = useState(label);
  return (
    <input
      className="input mark-field"
      aria-label={t('measure.label')}
      // biome-ignore lint/a11y/noAutofocus: it replaces the text that was just chosen for renaming
      autoFocus
      maxLength={256}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onFocus={(event) => event.target.select()}
      onBlur={() => onDone(text)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') onDone(text);
        if (event.key === 'Escape') {
          event.stopPropagation();
          onDone(undefined);
        }
      }}
    />
  );
}
