import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { ApiError, api } from '../../api/client';
import { usePreference } from '../../api/preferences';
import { useCommands } from '../../commands/registry';
import { t } from '../../i18n';
import { forgetStudy, Stage, startImaging, usesProcessorOnly } from '../../imaging';
import { checkMouse, USUAL_MOUSE } from '../../imaging/mouse';
import { AnnotationContext, type Annotations, useAnnotations } from './annotations/context';
import { KeySection } from './annotations/KeySection';
import { ViewSection } from './annotations/ViewSection';
import { ViewStore } from './annotations/views';
import { Grid } from './Grid';
import { HangingDialog } from './hanging/HangingDialog';
import { Hanger } from './hanging/hanger';
import type { HangingProtocol } from './hanging/protocol';
import { KeptLayoutNote } from './KeptLayoutNote';
import { MeasurementPanel } from './measurements/Panel';
import { MeasurementStore } from './measurements/store';
import { TextDialog } from './measurements/TextDialog';
import { MprView } from './mpr/MprView';
import { useMpr } from './mpr/useMpr';
import { Rail } from './Rail';
import { readingCommands, useReading } from './reading';
import { SizeDialog, type SizeQuestion } from './SizeDialog';
import { ViewerSession } from './session';
import { Toolbar } from './Toolbar';
import { showTrueSize } from './trueSize';
import { useOffered } from './useOffered';
import './viewer.css';
import './annotations/annotations.css';
import { viewerCommands } from './commands';

interface Props {
  studyUid: string;
  /** The hanging protocol that the address asks for, by its identifier. */
  hanging: string;
  /** Who is signed in: drafts are kept for each person. */
  user: string;
  maySave: boolean;
  onLeave: () => void;
  /** Opens the study after or before this one in the worklist; resolves to false where there is none. */
  onNeighbour: (direction: 1 | -1) => Promise<boolean>;
  onHelp: () => void;
  onPalette: () => void;
}

export default function ViewerPage({
  studyUid,
  hanging,
  user,
  maySave,
  onLeave,
  onNeighbour,
  onHelp,
  onPalette,
}: Props) {
  const [opened, setOpened] = useState<{ session: ViewerSession; hanger: Hanger; annotations: Annotations }>();
  const [error, setError] = useState<string>();
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` only asks for another try
  useEffect(() => {
    let live = true;
    let stage: Stage | undefined;
    let measurements: MeasurementStore | undefined;
    setError(undefined);
    Promise.all([api.study(studyUid), startImaging()])
      .then(([detail]) => {
        if (!live) return;
        stage = new Stage();
        measurements = new MeasurementStore(stage.marks, user, studyUid, shelf());
        const session = new ViewerSession(stage, detail);
        const hanger = new Hanger(session);
        void hanger.begin(hanging);
        setOpened({ session, hanger, annotations: { measurements, views: new ViewStore() } });
      })
      .catch((cause: unknown) => {
        if (!live) return;
        if (!(cause instanceof ApiError)) setError(t('viewer.failedStudy'));
        else if (cause.status === 404 || cause.status === 410) setError(t('error.notFound'));
        else setError(cause.status > 0 ? t('error.server', { status: cause.status }) : t('error.unreachable'));
      });
    return () => {
      live = false;
      setOpened(undefined);
      measurements?.destroy();
      // The tiles' own clean-up runs first; the engine goes after them.
      queueMicrotask(() => {
        stage?.destroy();
        forgetStudy();
      });
    };
  }, [studyUid, user, hanging, attempt]);

  if (error) {
    return (
      <main className="page-message" role="alert">
        <p>{error}</p>
        <div className="row">
          <button type="button" className="button" onClick={() => setAttempt((before) => before + 1)}>
            {t('app.retry')}
          </button>
          <button type="button" className="button" onClick={onLeave}>
            {t('app.backToWorklist')}
          </button>
        </div>
      </main>
    );
  }
  if (!opened) return <main className="page-message muted">{t('viewer.loadingStudy')}</main>;
  const { annotations, ...study } = opened;
  return (
    <AnnotationContext value={annotations}>
      <OpenStudy
        {...study}
        maySave={maySave}
        onLeave={onLeave}
        onNeighbour={onNeighbour}
        onHelp={onHelp}
        onPalette={onPalette}
      />
    </AnnotationContext>
  );
}

/** The browser's storage, unless it is forbidden. */
function shelf(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

interface OpenStudyProps extends Omit<Props, 'studyUid' | 'hanging' | 'user'> {
  session: ViewerSession;
  hanger: Hanger;
}

function OpenStudy({ session, hanger, maySave, onLeave, onNeighbour, onHelp, onPalette }: OpenStudyProps) {
  const { measurements, views } = useAnnotations();
  const measured = useSyncExternalStore(measurements.subscribe, measurements.getState);
  const [panel, setPanel] = useState(false);
  const viewer = useSyncExternalStore(session.subscribe, session.getState);
  // The tool bar shows what is linked.
  useSyncExternalStore(session.stage.links.subscribe, session.stage.links.getState);
  const page = useRef<HTMLDivElement>(null);
  const [rail, setRail] = useState(true);
  const shown = viewer.tiles[viewer.active];
  const modality = (shown && session.series(shown)?.modality) ?? '';
  const offered = useOffered(session, viewer.active);
  const [sizeQuestion, setSizeQuestion] = useState<SizeQuestion>();

  const [editing, setEditing] = useState<{ fresh?: HangingProtocol }>();
  const keepHanging = useCallback(
    () => setEditing({ fresh: hanger.fromScreen(session.main.study.description.slice(0, 64)) }),
    [hanger, session],
  );
  const [note, setNote] = useState('');
  const goTo = useCallback(
    (direction: 1 | -1) => {
      setNote('');
      onNeighbour(direction).then(
        (found) => !found && setNote(t(direction > 0 ? 'viewer.noNext' : 'viewer.noPrevious')),
        () => setNote(t('worklist.failed')),
      );
    },
    [onNeighbour],
  );
  const cannotSave = !maySave && measured.unsaved > 0;
  useEffect(() => {
    if (cannotSave) setNote(t('measure.cannotSave'));
  }, [cannotSave]);
  const editHanging = useCallback(() => setEditing({}), []);
  const reading = useReading(session, setNote);

  const toggleFullScreen = useCallback(() => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void page.current?.requestFullscreen?.();
  }, []);
  const commandsOfTiles = useMemo(
    () =>
      viewerCommands(session, {
        backToWorklist: onLeave,
        goTo,
        toggleFullScreen,
        modality,
        offered,
        askSize: setSizeQuestion,
        measurements,
        maySave,
        hanger,
        keepHanging,
        editHanging,
        togglePanel: () => setPanel((before) => !before),
      }),
    [
      session,
      hanger,
      goTo,
      keepHanging,
      editHanging,
      measurements,
      maySave,
      onLeave,
      toggleFullScreen,
      modality,
      offered,
    ],
  );
  const mpr = useMpr(session, viewer, commandsOfTiles, { toggleFullScreen, modality });
  const commands = useMemo(
    () => [...mpr.commands, ...(maySave ? readingCommands(reading, () => goTo(1)) : [])],
    [mpr.commands, maySave, reading, goTo],
  );
  const withKeys = useCommands(commands);

  const [mouse] = usePreference('viewer.mouse', USUAL_MOUSE, checkMouse);
  useEffect(() => session.setMouse(mouse), [session, mouse]);

  const loadMeasurements = useCallback(() => {
    for (const studyUid of Object.keys(viewer.studies)) {
      void measurements.load(studyUid);
      void views.load(studyUid);
    }
  }, [measurements, views, viewer.studies]);
  useEffect(loadMeasurements, [loadMeasurements]);

  return (
    <div className="viewer" ref={page}>
      <Toolbar
        session={session}
        hanger={hanger}
        viewer={viewer}
        commands={withKeys}
        onLeave={onLeave}
        onHelp={onHelp}
        onPalette={onPalette}
        onRail={() => setRail(!rail)}
        onPanel={() => setPanel(!panel)}
        onKeepHanging={keepHanging}
        onEditHanging={editHanging}
        panel={panel}
        status={reading.status}
      />
      <div className="viewer-body">
        {rail && <Rail session={session} hanger={hanger} viewer={viewer} />}
        <div className={`viewer-stage${mpr.room ? ' viewer-stage-covered' : ''}`}>
          <Grid session={session} viewer={viewer} unsaved={measured.unsavedSeries} />
          {mpr.room && <MprView room={mpr.room} mouse={mouse} onOpened={mpr.onOpened} onClose={mpr.goBack} />}
        </div>
        {panel && (
          <MeasurementPanel
            store={measurements}
            state={measured}
            canSave={maySave}
            commands={withKeys}
            onRetry={loadMeasurements}
            onJump={({ studyUid, measurement }) => {
              mpr.close();
              session
                .jumpTo(studyUid, measurement.series_instance_uid, measurement.sop_instance_uid, measurement.frame)
                .catch(() => {});
            }}
          >
            <KeySection session={session} store={measurements} state={measured} />
            <ViewSection session={session} views={views} measured={measured} canSave={maySave} />
          </MeasurementPanel>
        )}
      </div>
      {editing && <HangingDialog hanger={hanger} fresh={editing.fresh} onClose={() => setEditing(undefined)} />}
      {sizeQuestion && (
        <SizeDialog
          question={sizeQuestion}
          onClose={() => setSizeQuestion(undefined)}
          onKept={() => {
            const tile = session.activeTile();
            const answer = tile ? showTrueSize(tile) : 'noSpacing';
            setSizeQuestion(answer === 'shown' ? undefined : answer);
          }}
        />
      )}
      {measured.question && <TextDialog store={measurements} question={measured.question} />}
      <KeptLayoutNote hanger={hanger} hung={!viewer.hanging} />
      {note && (
        <p className="viewer-note" role="status">
          {note}
        </p>
      )}
      {usesProcessorOnly() && <p className="viewer-note muted">{t('viewer.noWebgl')}</p>}
    </div>
  );
}
