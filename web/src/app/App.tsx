import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { flushSync } from 'react-dom';
import { ApiError, api, whenSignedOut } from '../api/client';
import { preferences, usePreference } from '../api/preferences';
import type { ServerStatus, Session } from '../api/types';
import { HelpSheet } from '../commands/HelpSheet';
import { checkOwnKeys, NO_OWN_KEYS } from '../commands/ownKeys';
import { Palette } from '../commands/Palette';
import { type Command, listenForKeys, setOwnKeys, useCommands } from '../commands/registry';
import { ROOMS, type Room } from '../features/admin/rooms';
import { CallersDialog } from '../features/callers/CallersDialog';
import { KeysDialog } from '../features/keys/KeysDialog';
import { PasswordDialog } from '../features/session/PasswordDialog';
import { SignInPage } from '../features/session/SignInPage';
import { UploadButton, UploadPanel, UploadZone, useUploadQueue } from '../features/upload/UploadZone';
import { neighbourStudy } from '../features/worklist/neighbour';
import { WorklistPage } from '../features/worklist/WorklistPage';
import { chooseLanguage, languageOf, t, useLanguage } from '../i18n';
import { checkMouse, USUAL_MOUSE } from '../imaging/mouse';
import { Icon } from '../ui/Icon';
import { Header } from './Header';
import { languageCommands } from './language';
import { navigate, routeOf, useAddress } from './router';

const loadViewer = () => import('../features/viewer/ViewerPage');
const ViewerPage = lazy(loadViewer);
/** Fetched when somebody begins to choose, so that it is here when they open. */
const expectViewer = (): void => void loadViewer().catch(() => {});
const AdminPage = lazy(() => import('../features/admin/AdminPage'));
const POLL_MS = 5000;

export function App() {
  useLanguage();
  const [session, setSession] = useState<Session | null>();
  const [unreachable, setUnreachable] = useState(false);

  const enter = useCallback(async (entered: Session) => {
    await preferences.load(entered.user.name);
    const language = languageOf(preferences.get('language'));
    if (language) chooseLanguage(language);
    setSession(entered);
  }, []);
  const look = useCallback(() => {
    setUnreachable(false);
    api.session().then(enter, (cause: unknown) => {
      if (cause instanceof ApiError && cause.status === 401) setSession(null);
      else setUnreachable(true);
    });
  }, [enter]);
  useEffect(look, [look]);
  useEffect(
    () =>
      whenSignedOut(() => {
        preferences.leave();
        setSession(null);
      }),
    [],
  );
  useEffect(() => listenForKeys(), []);
  const signOut = useCallback(() => {
    // The pages go first, and with them what they still ask for: nothing of it is refused for want of a session.
    flushSync(() => setSession(undefined));
    void preferences
      .flush()
      .then(api.signOut)
      .finally(() => {
        preferences.leave();
        setSession(null);
      });
  }, []);

  if (unreachable) {
    return (
      <main className="page-message" role="alert">
        <p>{t('error.unreachable')}</p>
        <button type="button" className="button" onClick={look}>
          {t('app.retry')}
        </button>
      </main>
    );
  }
  if (session === undefined) return <main className="page-message muted">{t('app.loading')}</main>;
  if (session === null) return <SignInPage onSignedIn={enter} />;
  return <SignedIn session={session} onSignOut={signOut} />;
}

/** What the server says of itself, followed while the page is in view. */
function useServer(): { status: ServerStatus | undefined; refused: number; refresh: () => void } {
  const [status, setStatus] = useState<ServerStatus>();
  const [refused, setRefused] = useState(0);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` only asks for another look
  useEffect(() => {
    const abort = new AbortController();
    const look = (): void => {
      if (document.hidden) return;
      api.status(abort.signal).then(setStatus, () => {});
      api.callers(abort.signal).then(
        (callers) => setRefused(callers.refused.length),
        () => setRefused(0),
      );
    };
    look();
    const timer = setInterval(look, POLL_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [round]);
  const refresh = useCallback(() => setRound((before) => before + 1), []);
  return { status, refused, refresh };
}

type OpenDialog = 'palette' | 'help' | 'keys' | 'callers' | 'password' | undefined;

function SignedIn({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  const address = useAddress();
  const [path = '/', query = ''] = address.split(/(?=\?)/);
  const route = routeOf(path);
  const { status, refused, refresh } = useServer();
  const queue = useUploadQueue(refresh);
  const [dialog, setDialog] = useState<OpenDialog>(session.must_change_password ? 'password' : undefined);
  const [mustChange, setMustChange] = useState(session.must_change_password);
  const [listSearch, setListSearch] = useState(route.page === 'worklist' ? query : '');

  const openStudy = useCallback((studyUid: string) => navigate(`/viewer/${studyUid}`), []);
  const viewed = route.page === 'viewer' ? route.studyUid : '';
  const openNeighbour = useCallback(
    async (direction: 1 | -1): Promise<boolean> => {
      const next = await neighbourStudy(listSearch, viewed, direction);
      if (next) openStudy(next);
      return next !== undefined;
    },
    [listSearch, viewed, openStudy],
  );
  const openRoom = useCallback((room: Room) => navigate(`/admin/${room}`), []);
  const administers = session.user.role === 'administrator';
  const mayEdit = session.user.role !== 'viewer';
  const backToList = useCallback(() => navigate(`/${listSearch}`), [listSearch]);
  const search = useCallback((next: string) => {
    setListSearch(next);
    navigate(`/${next}`, { replace: true });
  }, []);

  const commands = useMemo<Command[]>(
    () => [
      {
        id: 'palette',
        title: 'palette.open',
        group: 'general',
        keys: ['Ctrl+k'],
        everywhere: true,
        run: () => setDialog('palette'),
      },
      { id: 'help', title: 'help.open', group: 'general', keys: ['?'], run: () => setDialog('help') },
      { id: 'keys', title: 'keys.title', group: 'general', run: () => setDialog('keys') },
      { id: 'callers', title: 'cmd.callers', group: 'general', run: () => setDialog('callers') },
      ...languageCommands(),
      ...(administers ? adminCommands(openRoom) : []),
      ...(session.open_access
        ? []
        : [
            {
              id: 'password',
              title: 'cmd.changePassword',
              group: 'general',
              run: () => setDialog('password'),
            } as const,
            { id: 'signOut', title: 'cmd.signOut', group: 'general', run: onSignOut } as const,
          ]),
    ],
    [session.open_access, administers, openRoom, onSignOut],
  );
  const offered = useCommands(commands);
  const [ownKeys] = usePreference('keys', NO_OWN_KEYS, checkOwnKeys);
  useEffect(() => setOwnKeys(ownKeys), [ownKeys]);
  const [mouse] = usePreference('viewer.mouse', USUAL_MOUSE, checkMouse);

  const close = useCallback(() => setDialog(undefined), []);
  return (
    <>
      {route.page === 'worklist' && (
        <UploadZone queue={queue} allowed={mayEdit}>
          <div className="page">
            <Header session={session} status={status} refused={refused} commands={offered}>
              {mayEdit && <UploadButton queue={queue} />}
            </Header>
            <WorklistPage
              search={query}
              status={status}
              mayEdit={mayEdit}
              upload={mayEdit && <UploadButton queue={queue} />}
              onSearch={search}
              onOpen={openStudy}
              onChoosing={expectViewer}
            />
          </div>
        </UploadZone>
      )}
      {route.page === 'viewer' && (
        <Suspense fallback={<main className="page-message muted">{t('viewer.loadingStudy')}</main>}>
          <ViewerPage
            key={route.studyUid}
            studyUid={route.studyUid}
            hanging={new URLSearchParams(query).get('hanging') ?? ''}
            user={session.user.name}
            maySave={mayEdit}
            onLeave={backToList}
            onNeighbour={openNeighbour}
            onHelp={() => setDialog('help')}
            onPalette={() => setDialog('palette')}
          />
        </Suspense>
      )}
      {route.page === 'admin' && (
        <div className="page">
          <Header session={session} status={status} refused={refused} commands={offered}>
            <button type="button" className="button" onClick={backToList}>
              <Icon name="back" /> {t('app.backToWorklist')}
            </button>
          </Header>
          {administers ? (
            <Suspense fallback={<main className="page-message muted">{t('app.loading')}</main>}>
              <AdminPage room={route.room} session={session} onRoom={openRoom} onOpenStudy={openStudy} />
            </Suspense>
          ) : (
            <main className="page-message">
              <p>{t('admin.forAdministrators')}</p>
            </main>
          )}
        </div>
      )}
      {route.page === 'unknown' && (
        <main className="page-message">
          <p>{t('app.notFound')}</p>
          <button type="button" className="button" onClick={backToList}>
            {t('app.backToWorklist')}
          </button>
        </main>
      )}
      <UploadPanel queue={queue} aside={route.page === 'viewer'} />
      {dialog === 'palette' && <Palette onClose={close} />}
      {dialog === 'help' && (
        <HelpSheet
          onClose={close}
          onChange={() => setDialog('keys')}
          mouse={route.page === 'viewer' ? mouse : undefined}
        />
      )}
      {dialog === 'keys' && <KeysDialog onClose={close} />}
      {dialog === 'callers' && <CallersDialog status={status} onClose={close} onChanged={refresh} />}
      {dialog === 'password' && (
        <PasswordDialog
          userName={session.user.name}
          onSignOut={mustChange ? onSignOut : undefined}
          onClose={() => {
            setMustChange(false);
            close();
          }}
        />
      )}
    </>
  );
}

function adminCommands(open: (room: Room) => void): Command[] {
  return [
    { id: 'admin', title: 'admin.title', group: 'general', run: () => open(ROOMS[0]) },
    ...ROOMS.map(
      (room): Command => ({
        id: `admin.${room}`,
        title: 'admin.open',
        titleKeys: { room: `admin.room.${room}` },
        group: 'navigate',
        run: () => open(room),
      }),
    ),
  ];
}
