/** Measurements as the renderer's annotations, and back. */
import { cache, eventTarget } from '@cornerstonejs/core';
import {
  annotation as annotations,
  cancelActiveManipulations,
  Enums,
  type Types,
  utilities,
} from '@cornerstonejs/tools';
import type { Measurement } from '../api/types';
import { TAG, text } from './dicom';
import type { DisplaySet, Slice } from './displaySets';
import { frameOf, imageIdFor } from './images';
import { lines } from './measuredText';
import { measure, samePoints } from './measuring';
import { type Plane, planeOf, toImage, toWorld, type World } from './plane';
import type { Pixels } from './regions';
import { lengthScale, type Point } from './spacing';
import { MEASURING_TOOLS } from './toolNames';
import { type Drawable, fromTool, isPoint, longAxisFirst, toTool } from './toolShapes';
import { TOOL_CLASSES } from './tools';

const EVENTS = Enums.Events;

const DRAWABLE: readonly Drawable[] = MEASURING_TOOLS;
const KIND_OF = new Map(DRAWABLE.map((kind) => [TOOL_CLASSES[kind], kind] as const));
/** Of tools that need further clicks after the first line. */
const LEAST_POINTS: Partial<Record<Drawable, number>> = { angle: 3, cobb: 4, bidirectional: 4, freehand: 3 };

/** A measurement and the study of its image. */
export interface Mark {
  studyUid: string;
  measurement: Measurement;
}

/** What a person did on the picture. */
export interface MarkEvents {
  drawn: (mark: Mark) => void;
  changed: (mark: Mark) => void;
  /** A text is to be typed; empty where it is given up. */
  asked: (before: string, done: (text: string) => void) => void;
}

const keyOf = (sopInstanceUid: string, frame: number): string => `${sopInstanceUid}/${frame}`;

/** Derived from the annotation's UUID (PS3.5 B.2). */
function trackingUidOf(annotationUid: string): string {
  return /^[0-9.]+$/.test(annotationUid) ? annotationUid : `2.25.${BigInt(`0x${annotationUid.replaceAll('-', '')}`)}`;
}

function pixelsOf(imageId: string): Pixels | undefined {
  const image = cache.getImage(imageId);
  if (!image) return undefined;
  const data = image.getPixelData();
  const scaled = image.preScale?.scaled;
  const [slope, intercept] = scaled ? [1, 0] : [image.slope ?? 1, image.intercept ?? 0];
  return { columns: image.columns, rows: image.rows, at: (index) => (data[index] ?? Number.NaN) * slope + intercept };
}

export class Marks {
  /** As the list has them, by tracking UID. */
  private wanted = new Map<string, Mark>();
  private readonly annotationOf = new Map<string, string>();
  private readonly slices = new Map<string, Slice>();
  private readonly touched = new Set<string>();
  private readonly computed = new WeakMap<
    object,
    { points: Point[]; here: boolean; found: ReturnType<typeof measure> }
  >();
  private readonly cleanUps: Array<() => void> = [];
  private events: MarkEvents | undefined;
  private abandoning = false;

  /** viewportIds: those on the page now. */
  constructor(private readonly viewportIds: () => string[]) {
    const onPage = (name: string, listener: (annotation: Types.Annotation) => void): void => {
      const heard = (event: Event): void =>
        listener((event as CustomEvent<{ annotation: Types.Annotation }>).detail.annotation);
      eventTarget.addEventListener(name, heard as EventListener);
      this.cleanUps.push(() => eventTarget.removeEventListener(name, heard as EventListener));
    };
    onPage(EVENTS.ANNOTATION_COMPLETED, (annotation) => this.completed(annotation));
    onPage(EVENTS.ANNOTATION_MODIFIED, (annotation) => this.touched.add(annotation.annotationUID ?? ''));
    // The tools say that something is being changed, and not when it is done.
    const released = (): void => void setTimeout(() => this.report());
    for (const name of ['mouseup', 'touchend']) {
      window.addEventListener(name, released);
      this.cleanUps.push(() => window.removeEventListener(name, released));
    }
  }

  listen(events: MarkEvents | undefined): void {
    this.events = events;
  }

  /** Slices that may be shown from now on: what is measured on them can be drawn. */
  know(sets: readonly DisplaySet[]): void {
    for (const set of sets) {
      if (set.kind !== 'image') continue;
      for (const slice of set.slices) this.slices.set(keyOf(slice.sopInstanceUid, slice.frame), slice);
    }
    this.show([...this.wanted.values()]);
  }

  /** Makes the pictures show just these. */
  show(marks: readonly Mark[]): void {
    const before = this.wanted;
    this.wanted = new Map(marks.map((mark) => [mark.measurement.tracking_uid, mark]));
    for (const uid of before.keys()) if (!this.wanted.has(uid)) this.erase(uid);
    for (const mark of this.wanted.values()) this.draw(mark.measurement);
    utilities.triggerAnnotationRenderForViewportIds(this.viewportIds());
  }

  /** The lines beside a figure; those of the list where it is as the list has it. */
  linesOf(data: object): string[] | undefined {
    const annotation = annotations.state.getAllAnnotations().find((candidate) => candidate.data === data);
    const mark = annotation && this.read(annotation);
    if (!mark) return undefined;
    const known = this.wanted.get(mark.measurement.tracking_uid)?.measurement;
    return lines(known && samePoints(known.points, mark.measurement.points) ? known : mark.measurement);
  }

  /** For the tools that carry a text. */
  askText(before: string, done: (text: string) => void): void {
    if (!this.events) {
      done('');
      return;
    }
    this.events.asked(before, (text) => {
      // A text that was there before stays.
      if (text || !before) done(text);
      this.report();
    });
  }

  /** Gives up a figure that is being drawn, without a trace. False where none is. elements: those of the tiles. */
  abandon(elements: readonly HTMLDivElement[]): boolean {
    this.abandoning = true;
    const uid = elements.map((element) => cancelActiveManipulations(element)).find(Boolean);
    this.abandoning = false;
    if (!uid || this.wanted.has(trackingUidOf(uid))) return false;
    annotations.state.removeAnnotation(uid);
    utilities.triggerAnnotationRenderForViewportIds(this.viewportIds());
    return true;
  }

  /** Tracking UIDs of what was chosen by a click. */
  chosen(): string[] {
    return annotations.selection
      .getAnnotationsSelected()
      .map(trackingUidOf)
      .filter((uid) => this.wanted.has(uid));
  }

  destroy(): void {
    this.events = undefined;
    for (const cleanUp of this.cleanUps) cleanUp();
  }

  private completed(annotation: Types.Annotation): void {
    const mark = this.abandoning ? undefined : this.read(annotation);
    if (!mark || this.wanted.has(mark.measurement.tracking_uid)) return;
    if (isPoint(mark.measurement)) {
      annotations.state.removeAnnotation(annotation.annotationUID ?? '');
      return;
    }
    this.annotationOf.set(mark.measurement.tracking_uid, annotation.annotationUID ?? '');
    this.events?.drawn(mark);
  }

  private report(): void {
    const touched = [...this.touched];
    this.touched.clear();
    for (const uid of touched) {
      const annotation = annotations.state.getAnnotation(uid);
      const known = this.wanted.get(trackingUidOf(uid || '0'));
      const mark = annotation && known && this.read(annotation);
      if (!mark || !known) continue;
      const { observer } = known.measurement;
      const label = mark.measurement.label || known.measurement.label;
      if (label === known.measurement.label && samePoints(known.measurement.points, mark.measurement.points)) continue;
      this.events?.changed({ ...mark, measurement: { ...mark.measurement, label, observer } });
    }
  }

  private draw(measurement: Measurement): void {
    const slice = this.slices.get(keyOf(measurement.sop_instance_uid, measurement.frame));
    const kind = DRAWABLE.find((candidate) => candidate === measurement.kind);
    if (!slice || !kind) return;
    const imageId = imageIdFor(slice);
    const plane = planeOf(imageId);
    const known = annotations.state.getAnnotation(this.annotationOf.get(measurement.tracking_uid) ?? '');
    if (known) {
      if (!samePoints(this.read(known)?.measurement.points ?? [], measurement.points)) {
        this.place(known.data, kind, this.worldPoints(kind, measurement, plane));
        known.invalidated = true;
      }
      known.data.label = measurement.label;
      return;
    }
    this.annotationOf.set(measurement.tracking_uid, measurement.tracking_uid);
    const data = { label: measurement.label, cachedStats: {}, handles: { points: [], activeHandleIndex: null } };
    this.place(data, kind, this.worldPoints(kind, measurement, plane));
    annotations.state.addAnnotation(
      {
        annotationUID: measurement.tracking_uid,
        highlighted: false,
        invalidated: false,
        isLocked: false,
        isVisible: true,
        metadata: {
          toolName: TOOL_CLASSES[kind],
          referencedImageId: imageId,
          FrameOfReferenceUID: plane.frameOfReferenceUID as string,
        },
        data,
      } as unknown as Types.Annotation,
      plane.frameOfReferenceUID as string,
    );
  }

  private erase(trackingUid: string): void {
    annotations.state.removeAnnotation(this.annotationOf.get(trackingUid) ?? trackingUid);
    this.annotationOf.delete(trackingUid);
  }

  private place(data: Types.Annotation['data'], kind: Drawable, points: World[]): void {
    if (kind === 'freehand') data.contour = { ...data.contour, polyline: points, closed: true };
    else data.handles = { ...data.handles, points, ...(kind === 'arrow' ? { arrowFirst: true } : {}) };
  }

  private worldPoints(kind: Drawable, measurement: Measurement, plane: Plane): World[] {
    return toTool(kind, measurement.points as Point[]).map((point) => toWorld(plane, point));
  }

  /** An annotation as a measurement; undefined where it is of another kind, not finished, or its image is gone. */
  private read(annotation: Types.Annotation): Mark | undefined {
    const kind = KIND_OF.get(annotation.metadata?.toolName ?? '');
    const imageId = annotation.metadata?.referencedImageId;
    const image = imageId ? frameOf(imageId) : undefined;
    const held = kind === 'freehand' ? annotation.data.contour?.polyline : annotation.data.handles?.points;
    const world = held as World[] | undefined;
    if (!kind || !imageId || !image || !world || world.length < (LEAST_POINTS[kind] ?? 1)) return undefined;
    const plane = planeOf(imageId);
    const placed = fromTool(
      kind,
      world.map((point) => toImage(plane, point)),
    );
    const points =
      kind === 'bidirectional' ? longAxisFirst(placed, lengthScale(image.instance, image.frame - 1, placed)) : placed;
    return {
      studyUid: text(image.instance, TAG.studyInstanceUid),
      measurement: {
        tracking_uid: trackingUidOf(annotation.annotationUID ?? '0'),
        label: annotation.data.label?.trim() ?? '',
        kind,
        series_instance_uid: text(image.instance, TAG.seriesInstanceUid),
        sop_instance_uid: text(image.instance, TAG.sopInstanceUid),
        frame: image.frame,
        points,
        observer: '',
        ...this.measured(annotation.data, kind, points, imageId),
      },
    };
  }

  /** Computed once for the same points: every frame drawn asks again. */
  private measured(data: object, kind: Drawable, points: Point[], imageId: string): ReturnType<typeof measure> {
    const before = this.computed.get(data);
    const here = cache.isLoaded(imageId);
    if (before && before.here === here && before.points.every((point, at) => String(point) === String(points[at])))
      return before.found;
    const image = frameOf(imageId);
    const found = measure(kind, points, image?.instance ?? {}, (image?.frame ?? 1) - 1, pixelsOf(imageId));
    this.computed.set(data, { points, here, found });
    return found;
  }
}
