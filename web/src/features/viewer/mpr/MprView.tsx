import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { t } from '../../../i18n';
import { Mpr } from '../../../imaging';
import type { MouseChoice } from '../../../imaging/mouse';
import { PLANES, type PlaneName } from '../../../imaging/volume/planes';
import { Icon } from '../../../ui/Icon';
import { PlaneTile } from './PlaneTile';
import { placeInView } from './place';
import type { MprRoom } from './room';
import { Sheet } from './Sheet';
import { remarksOn } from './words';
import './mpr.css';

interface Props {
  room: MprRoom;
  mouse: MouseChoice;
  onOpened: (mpr: Mpr | undefined) => void;
  onClose: () => void;
}

/** Three planes of a series and a sheet beside them, over the tiles, which stay as they are. */
export function MprView({ room, mouse, onOpened, onClose }: Props) {
  const roomState = useSyncExternalStore(room.subscribe, room.getState);
  const hosts = {
    axial: useRef<HTMLDivElement>(null),
    coronal: useRef<HTMLDivElement>(null),
    sagittal: useRef<HTMLDivElement>(null),
  };
  const [mpr, setMpr] = useState<Mpr>();
  const { offer, chosen } = roomState;
  const frame = useRef<HTMLElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the elements are there as long as the view is
  useEffect(() => {
    if (!offer) return;
    const elements = Object.fromEntries(PLANES.map((name) => [name, hosts[name].current])) as Record<
      PlaneName,
      HTMLDivElement
    >;
    const { set, window, inverted } = room.request;
    const start = placeInView(room.request);
    const opened = new Mpr(
      { ...offer, name: `${set.seriesInstanceUid}/${chosen}`, window, inverted, mouse, start },
      elements,
    );
    setMpr(opened);
    onOpened(opened);
    void opened.open();
    let request = 0;
    const observer = new ResizeObserver(() => {
      cancelAnimationFrame(request);
      request = requestAnimationFrame(() => opened.resize());
    });
    for (const name of PLANES) observer.observe(elements[name]);
    return () => {
      cancelAnimationFrame(request);
      observer.disconnect();
      opened.destroy();
      setMpr(undefined);
      onOpened(undefined);
    };
  }, [room, offer, chosen]);

  useEffect(() => frame.current?.focus(), []);
  const subscribe = useCallback((listener: () => void) => mpr?.subscribe(listener) ?? (() => {}), [mpr]);
  const state = useSyncExternalStore(subscribe, () => mpr?.getState());
  const progress = state?.progress;
  const remarks = useMemo(
    () => (offer && progress ? remarksOn(offer.volume, offer.plan, progress) : []),
    [offer, progress],
  );
  const { instance } = room.request.slice;
  return (
    <section
      aria-label={t('mpr.title')}
      className="mpr"
      ref={frame}
      tabIndex={-1}
      data-testid="mpr"
      data-status={roomState.status}
    >
      {PLANES.map((plane) => (
        <PlaneTile
          key={plane}
          plane={plane}
          host={hosts[plane]}
          mpr={mpr}
          state={state}
          instance={instance}
          remarks={remarks}
        />
      ))}
      <Sheet room={room} roomState={roomState} mpr={mpr} state={state} remarks={remarks} onClose={onClose} />
      {roomState.status !== 'open' && (
        <div className="mpr-message" role={roomState.status === 'refused' ? 'alert' : 'status'}>
          {roomState.status === 'judging' ? (
            <p>{t('mpr.judging')}</p>
          ) : (
            <>
              <Icon name="warning" size={22} />
              <p>{t('mpr.refused')}</p>
              <p className="muted">{roomState.reason}</p>
            </>
          )}
        </div>
      )}
    </section>
  );
}
