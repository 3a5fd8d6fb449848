/** Which frames of what is shown are key images, the reader's own or another's. */

import { t } from '../../../i18n';
import { TAG, text } from '../../../imaging/dicom';
import type { DisplaySet, Slice } from '../../../imaging/displaySets';
import { keyId } from '../measurements/keys';
import type { MeasurementState } from '../measurements/state';
import type { MeasurementStore } from '../measurements/store';
import type { ViewerSession } from '../session';

export type KeyIds = ReadonlySet<string>;

/** Identities of all key images, ours and other makers'. A selection without a frame means the first. */
export function keyIds({ keys, selections }: Pick<MeasurementState, 'keys' | 'selections'>): KeyIds {
  const others = selections.flatMap(({ images }) =>
    images.map(({ sop_instance_uid: sopInstanceUid, frame }) => keyId({ sopInstanceUid, frame: frame || 1 })),
  );
  return new Set([...keys.keys(), ...others]);
}

/** 0-based indexes of the slices that are key images. */
export function keyIndexes(set: DisplaySet | undefined, ids: KeyIds): number[] {
  if (!set || ids.size === 0) return [];
  return set.slices.flatMap((slice, at) => (ids.has(keyId(slice)) ? [at] : []));
}

/** The frame in the active tile becomes a key image, or is one no longer. */
export function toggleKeyImage(session: ViewerSession, store: Pick<MeasurementStore, 'toggleKey'>): void {
  const state = session.activeTile()?.getState();
  const slice = state?.displaySet?.kind === 'image' ? state.displaySet.slices[state.index] : undefined;
  if (slice) store.toggleKey(frameOf(slice));
}

function frameOf({ instance, sopInstanceUid, frame }: Slice) {
  return {
    studyUid: text(instance, TAG.studyInstanceUid),
    seriesUid: text(instance, TAG.seriesInstanceUid),
    sopInstanceUid,
    frame,
  };
}

/** Stands for the key images of a study as if they were a series. */
export function keySeriesUid(studyUid: string): string {
  return `key-images/${studyUid}`;
}

/** The key images of a study as one stack, in the order of their series and slices. */
export async function keyDisplaySets(
  session: ViewerSession,
  state: Pick<MeasurementState, 'keys' | 'selections'>,
  studyUid: string,
): Promise<DisplaySet[]> {
  const ids = keyIds(state);
  const slices: Slice[] = [];
  for (const seriesUid of keySeries(session, state, studyUid)) {
    const sets = await session.loadSeries(studyUid, seriesUid);
    for (const set of sets) slices.push(...set.slices.filter((slice) => ids.has(keyId(slice))));
  }
  const [first] = slices;
  if (!first) return [];
  const seriesInstanceUid = keySeriesUid(studyUid);
  return [
    {
      id: seriesInstanceUid,
      studyInstanceUid: studyUid,
      seriesInstanceUid,
      modality: text(first.instance, TAG.modality),
      description: t('key.series'),
      seriesNumber: undefined,
      kind: 'image',
      slices,
      multiframe: false,
    },
  ];
}

/** Series of a study that have key images, in the order in which the study lists them. */
export function keySeries(
  session: ViewerSession,
  { keys, selections }: Pick<MeasurementState, 'keys' | 'selections'>,
  studyUid: string,
): string[] {
  const named = new Set([
    ...[...keys.values()].map((key) => key.seriesUid),
    ...selections.flatMap(({ images }) => images.map((image) => image.series_instance_uid)),
  ]);
  const series = session.getState().studies[studyUid]?.series ?? [];
  return series.map((row) => row.series_instance_uid).filter((uid) => named.has(uid));
}
