import { type ReactNode, useEffect, useRef } from 'react';
import type { Session } from '../../api/types';
import { t } from '../../i18n';
import { AssociationsRoom } from './associations/AssociationsRoom';
import { PeersRoom } from './peers/PeersRoom';
import { PeopleRoom } from './people/PeopleRoom';
import { QueueRoom } from './queue/QueueRoom';
import { RejectedRoom } from './rejected/RejectedRoom';
import { ROOMS, type Room } from './rooms';
import { RulesRoom } from './rules/RulesRoom';
import { SettingsRoom } from './settings/SettingsRoom';
import { StorageRoom } from './storage/StorageRoom';
import './admin.css';
import './fields.css';

interface Props {
  room: Room;
  session: Session;
  onRoom: (room: Room) => void;
  onOpenStudy: (studyUid: string) => void;
}

/** Administration: a menu of rooms, and the one that is open. */
export default function AdminPage({ room, session, onRoom, onOpenStudy }: Props) {
  const title = useRef<HTMLHeadingElement>(null);
  const rooms: Readonly<Record<Room, () => ReactNode>> = {
    peers: () => <PeersRoom />,
    associations: () => <AssociationsRoom />,
    queue: () => <QueueRoom onOpenStudy={onOpenStudy} />,
    rules: () => <RulesRoom />,
    rejected: () => <RejectedRoom />,
    settings: () => <SettingsRoom />,
    storage: () => <StorageRoom />,
    people: () => <PeopleRoom session={session} />,
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: another room begins at its title, for the keyboard and for readers
  useEffect(() => title.current?.focus(), [room]);
  return (
    <div className="admin">
      <nav className="admin-nav" aria-label={t('admin.title')}>
        {ROOMS.map((one) => (
          <a
            key={one}
            href={`/admin/${one}`}
            aria-current={one === room ? 'page' : undefined}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              onRoom(one);
            }}
          >
            {t(`admin.room.${one}`)}
          </a>
        ))}
      </nav>
      <main className="admin-room" data-testid={`room-${room}`}>
        <h1 id="room-title" tabIndex={-1} ref={title}>
          {t(`admin.room.${room}`)}
        </h1>
        <p className="muted admin-lead">{t(`admin.lead.${room}`)}</p>
        {rooms[room]()}
      </main>
    </div>
  );
}
