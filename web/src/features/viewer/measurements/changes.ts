/** A list of measurements against what is stored. Pure. */
import type { MeasurementChanges } from '../../../api/types';
import type { Mark } from '../../../imaging';
import { samePoints } from '../../../imaging/measuring';
import type { MarkDraft } from './draft';

export type Marked = ReadonlyMap<string, Mark>;

export const LABEL_MAX = 256;

/** As the server takes it: printable, not empty, not long. */
export function cleanLabel(text: string, fallback: string): string {
  const printable = text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return [...(printable || fallback)].slice(0, LABEL_MAX).join('');
}

export function isStored(mark: Mark, saved: Marked): boolean {
  const stored = saved.get(mark.measurement.tracking_uid);
  return (
    stored !== undefined &&
    stored.measurement.label === mark.measurement.label &&
    samePoints(stored.measurement.points, mark.measurement.points)
  );
}

export function draftOf(items: Marked, saved: Marked): MarkDraft {
  return {
    changed: [...items.values()].filter((mark) => !isStored(mark, saved)),
    removed: [...saved.keys()].filter((uid) => !items.has(uid)),
  };
}

/** What is stored, with the draft over it. */
export function withDraft(saved: Marked, draft: MarkDraft): Marked {
  const items = new Map([...saved].filter(([uid]) => !draft.removed.includes(uid)));
  for (const mark of draft.changed) items.set(mark.measurement.tracking_uid, mark);
  return items;
}

/** The requests that store a draft, by study. */
export function requestsOf(draft: MarkDraft, saved: Marked): Map<string, MeasurementChanges> {
  const requests = new Map<string, MeasurementChanges>();
  const of = (studyUid: string): MeasurementChanges => {
    const request = requests.get(studyUid) ?? { measurements: [], removed: [] };
    requests.set(studyUid, request);
    return request;
  };
  for (const { studyUid, measurement } of draft.changed) {
    const { series_instance_uid: _series, observer: _observer, ...sent } = measurement;
    of(studyUid).measurements.push({ ...sent, label: cleanLabel(sent.label, sent.kind) });
  }
  for (const uid of draft.removed) {
    const mark = saved.get(uid);
    if (!mark) continue;
    const { tracking_uid, label, kind, sop_instance_uid, frame } = mark.measurement;
    of(mark.studyUid).removed.push({ tracking_uid, label: cleanLabel(label, kind), sop_instance_uid, frame });
  }
  return requests;
}
