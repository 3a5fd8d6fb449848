import { READING_STATUSES, type ReadingStatus } from '../../api/types';
import { type Command, useOfferedCommands } from '../../commands/registry';
import { titleOf, titleWithKey } from '../../commands/titles';
import { type MessageKey, t } from '../../i18n';
import { MEASURING_TOOLS, MOVING_TOOLS } from '../../imaging/toolNames';
import { dicomDate, personName } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { statusKey } from '../../ui/reading';
import { COMMAND_ICONS } from './commandIcons';
import { HangingMenu } from './hanging/HangingMenu';
import type { Hanger } from './hanging/hanger';
import { LayoutPicker } from './LayoutPicker';
import { STATUS_ICONS } from './reading';
import type { ViewerSession, ViewerState } from './session';
import { ToolMenu } from './ToolMenu';
import { useWindowOfActiveTile } from './useOffered';

interface Props {
  session: ViewerSession;
  hanger: Hanger;
  viewer: ViewerState;
  commands: readonly Command[];
  onLeave: () => void;
  onHelp: () => void;
  onPalette: () => void;
  onRail: () => void;
  onPanel: () => void;
  onKeepHanging: () => void;
  onEditHanging: () => void;
  panel: boolean;
  /** How far the reading of the study is. */
  status: ReadingStatus;
}

/** A menu under the group's last button holds more. */
interface Group {
  bar: readonly string[];
  menu?: { label: MessageKey; parts: ReadonlyArray<readonly string[]> };
}

const STATUSES = READING_STATUSES.map((status) => `study.${status}`);

const GROUPS: readonly Group[] = [
  { bar: MOVING_TOOLS.map((tool) => `tool.${tool}`) },
  {
    bar: ['tool.length', 'tool.angle', 'tool.ellipse'],
    menu: {
      label: 'viewer.measureMenu',
      parts: [
        MEASURING_TOOLS.map((tool) => `tool.${tool}`),
        ['key.toggle', 'measurement.delete'],
        ['measurement.undo', 'measurement.redo', 'measurement.save'],
      ],
    },
  },
  {
    bar: ['invert', 'reset'],
    menu: {
      label: 'viewer.viewMenu',
      parts: [
        ['flip.horizontal', 'flip.vertical', 'rotate.left', 'rotate.right'],
        ['fit', 'actual', 'trueSize', 'calibrate', 'maximise'],
        ['overlay', 'cover.overlays', 'cover.shutter'],
      ],
    },
  },
  { bar: ['cine', 'link', 'mpr'] },
  { bar: ['fullScreen'] },
];

export function Toolbar({
  session,
  hanger,
  viewer,
  commands,
  onLeave,
  onHelp,
  onPalette,
  onRail,
  onPanel,
  onKeepHanging,
  onEditHanging,
  panel,
  status,
}: Props) {
  const { study } = session.main;
  useWindowOfActiveTile(session, viewer.active);
  const offered = useOfferedCommands();
  const hint = (id: string): string | undefined => {
    const command = offered.find((candidate) => candidate.id === id);
    return command && titleWithKey(command);
  };
  const byId = (ids: readonly string[]): Command[] =>
    ids.flatMap((id) => commands.find((candidate) => candidate.id === id) ?? []);
  const presets = commands.filter((command) => command.id.startsWith('preset.'));
  return (
    <header className="bar">
      <button
        type="button"
        className="icon-button"
        onClick={onLeave}
        aria-label={t('cmd.worklist')}
        title={hint('worklist')}
      >
        <Icon name="back" />
      </button>
      <button
        type="button"
        className="icon-button"
        onClick={onRail}
        aria-label={t('viewer.toggleRail')}
        title={t('viewer.toggleRail')}
      >
        <Icon name="rail" />
      </button>
      <div className="bar-title" title={study.description}>
        <h1>{personName(study.patient_name) || t('worklist.noName')}</h1>
        <span className="muted">
          {[study.patient_id, dicomDate(study.study_date), study.description].filter(Boolean).join(' · ')}
        </span>
      </div>
      <div className="tools" role="toolbar" aria-label={t('group.tool')}>
        {GROUPS.map(({ bar, menu }) => (
          <div className="tool-group" key={bar[0]}>
            {byId(bar).map((command) => (
              <button
                type="button"
                key={command.id}
                className="icon-button"
                aria-label={titleOf(command)}
                aria-pressed={command.active ? command.active() : undefined}
                title={titleWithKey(command)}
                onClick={command.run}
              >
                <Icon name={COMMAND_ICONS[command.id] ?? 'commands'} />
              </button>
            ))}
            {menu && <ToolMenu label={t(menu.label)} parts={menu.parts.map(byId)} inBar={new Set(bar)} />}
          </div>
        ))}
        <LayoutPicker layout={viewer.layout} onChoose={(layout) => hanger.chooseLayout(layout)}>
          {(close) => <HangingMenu hanger={hanger} onDone={close} onKeep={onKeepHanging} onEdit={onEditHanging} />}
        </LayoutPicker>
        <select
          className="select"
          aria-label={t('group.window')}
          value={presets.find((command) => command.active?.())?.id ?? ''}
          onChange={(event) => {
            commands.find((command) => command.id === event.target.value)?.run();
            event.target.blur();
          }}
        >
          <option value="" disabled hidden>
            {t('group.window')}
          </option>
          {presets.map((command) => (
            <option key={command.id} value={command.id}>
              {`${command.keys?.[0] ?? '\u2007'}  ${command.titleKeys?.name ? t(command.titleKeys.name, command.titleValues) : ''}`}
            </option>
          ))}
        </select>
      </div>
      <ToolMenu
        label={t('viewer.statusMenu', { status: t(statusKey(status)) })}
        icon={STATUS_ICONS[status]}
        parts={[byId(STATUSES), byId(['study.readNext', 'study.next', 'study.previous'])]}
      />
      <span className="badge badge-quiet" title={viewer.tool}>
        {t('viewer.notForDiagnosis')}
      </span>
      <button
        type="button"
        className="icon-button"
        onClick={onPanel}
        aria-pressed={panel}
        aria-label={t('measure.title')}
        title={t('measure.title')}
      >
        <Icon name="measurements" />
      </button>
      <button
        type="button"
        className="icon-button"
        onClick={onPalette}
        aria-label={t('palette.open')}
        title={hint('palette')}
      >
        <Icon name="commands" />
      </button>
      <button type="button" className="icon-button" onClick={onHelp} aria-label={t('help.open')} title={hint('help')}>
        <Icon name="help" />
      </button>
    </header>
  );
}
