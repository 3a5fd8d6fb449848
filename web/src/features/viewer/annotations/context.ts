/** What a reader makes of the opened studies, for the parts of the viewer that show some of it. */
import { createContext, useContext, useMemo, useSyncExternalStore } from 'react';
import { keyId } from '../measurements/keys';
import type { MeasurementStore } from '../measurements/store';
import { type KeyIds, keyIds } from './keyFrames';
import type { ViewStore } from './views';

export interface Annotations {
  measurements: MeasurementStore;
  views: ViewStore;
}

export const AnnotationContext = createContext<Annotations | undefined>(undefined);

export function useAnnotations(): Annotations {
  const annotations = useContext(AnnotationContext);
  if (!annotations) throw new Error('outside of an opened study');
  return annotations;
}

/** Identities of all key images, as they are now. */
export function useKeyIds(): KeyIds {
  const { measurements } = useAnnotations();
  const { keys, selections } = useSyncExternalStore(measurements.subscribe, measurements.getState);
  return useMemo(() => keyIds({ keys, selections }), [keys, selections]);
}

/** Identities of the frames on which something was measured. */
export function useMeasuredIds(): KeyIds {
  const { measurements } = useAnnotations();
  const { items } = useSyncExternalStore(measurements.subscribe, measurements.getState);
  return useMemo(
    () =>
      new Set(
        items.map(({ measurement: { sop_instance_uid: sopInstanceUid, frame } }) => keyId({ sopInstanceUid, frame })),
      ),
    [items],
  );
}
