/** Which volume of a series is shown for the image in view, or why there is none. Pure. */
import type { LeftOutReason, SeriesVolumes, Volume } from '../../api/types';
import type { DisplaySet, Slice } from '../displaySets';
import { type Limits, planVolume, type Refusal, type VolumePlan } from './plan';
import { type VoxelKind, voxelKind } from './voxels';

export type RefusalReason = Refusal | LeftOutReason | 'not-found';

export interface Offer {
  volume: Volume;
  plan: VolumePlan;
  kind: VoxelKind;
  /** In the order of the volume. */
  slices: Slice[];
}

/** The index of the volume that holds a frame, or why none does. */
export function volumeOf(found: SeriesVolumes, sopInstanceUid: string, frame: number): number | RefusalReason {
  const isIt = (one: { sop_instance_uid: string; frame: number }): boolean =>
    one.sop_instance_uid === sopInstanceUid && one.frame === frame;
  const index = found.volumes.findIndex(({ slices }) => slices.some(isIt));
  if (index >= 0) return index;
  const named = found.left_out.find(isIt)?.reason;
  if (named) return named;
  const reasons = Object.keys(found.left_out_count) as LeftOutReason[];
  return reasons[0] ?? 'not-found';
}

/** sets: of the series. */
export function offerOf(
  volume: Volume,
  sets: readonly DisplaySet[],
  limits: Omit<Limits, 'bytesPerVoxel'>,
): Offer | RefusalReason {
  const slices = new Map(
    sets.flatMap((set) => set.slices.map((slice) => [`${slice.sopInstanceUid}/${slice.frame}`, slice] as const)),
  );
  const inOrder = volume.slices.flatMap((one) => slices.get(`${one.sop_instance_uid}/${one.frame}`) ?? []);
  if (inOrder.length !== volume.slices.length) return 'not-found';
  const kind = voxelKind(inOrder);
  const plan = planVolume(volume, { ...limits, bytesPerVoxel: kind.bytes });
  return typeof plan === 'string' ? plan : { volume, plan, kind, slices: inOrder };
}
