/** The words in a tile's corners, from the instance in view. Pure. */
import type { StudyRow } from '../../api/types';
import { t } from '../../i18n';
import { type DicomInstance, functionalGroup, number, numbers, TAG, text } from '../../imaging/dicom';
import type { TileState } from '../../imaging/tileState';
import { ageOf, dicomDate, dicomTime, personName, withDecimalSign } from '../../ui/format';
import { ageAt } from '../../ui/patientAge';
import { isTrueSize } from '../../ui/screen';
import { seriesName } from '../../ui/seriesName';
import { isProjection, viewOf } from './hanging/facts';
import { gapBetween } from './moment';
import { syntaxWords } from './syntaxWords';

export interface CornerText {
  topLeft: string[];
  topRight: string[];
  bottomLeft: string[];
  bottomRight: string[];
}

export interface Badge {
  text: string;
  tone: 'warn' | 'info';
}

/** `0.9766` rather than `0.976562500`; no trailing zeros. With the decimal sign of the language. */
export function shortNumber(value: number, digits = 4): string {
  return withDecimalSign(String(Number(value.toPrecision(digits))));
}

export function lengthLabel(mm: number): string {
  if (mm >= 100) return `${shortNumber(mm / 10)} cm`;
  return mm < 1 ? `${shortNumber(mm * 1000)} µm` : `${shortNumber(mm)} mm`;
}

export function ageText(days: number): string {
  const age = ageOf(Math.abs(days));
  return t(`viewer.${age.unit}`, { count: age.count });
}

/** `14 mo`, or `7 h 33` within a day. */
export function gapText(gap: { days: number } | { minutes: number }): string {
  if ('days' in gap) return ageText(gap.days);
  const minutes = Math.abs(gap.minutes);
  const rest = String(minutes % 60).padStart(2, '0');
  return minutes < 60
    ? t('viewer.minutes', { count: minutes })
    : t('viewer.hours', { hours: Math.floor(minutes / 60), minutes: rest });
}

function technique(instance: DicomInstance, frame: number): string {
  const thickness = number(functionalGroup(instance, frame, TAG.pixelMeasuresSequence), TAG.sliceThickness);
  const kvp = number(instance, TAG.kvp);
  const mas = number(instance, TAG.exposureMas);
  const tr = number(instance, TAG.repetitionTime);
  const te = number(instance, TAG.echoTime);
  return [
    thickness ? t('viewer.thickness', { mm: shortNumber(thickness, 3) }) : '',
    kvp ? `${shortNumber(kvp)} kV` : '',
    mas ? `${shortNumber(mas)} mAs` : '',
    tr ? `TR ${shortNumber(tr)}` : '',
    te ? `TE ${shortNumber(te)}` : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Slice Location where it is stated; its absence reads as nothing, never as 0. */
function location(instance: DicomInstance, frame: number): string {
  const stated = number(instance, TAG.sliceLocation);
  if (stated !== undefined) return t('viewer.position', { mm: withDecimalSign(stated.toFixed(1)) });
  const z = numbers(functionalGroup(instance, frame, TAG.planePositionSequence), TAG.imagePosition)[2];
  const plane = numbers(functionalGroup(instance, frame, TAG.planeOrientationSequence), TAG.imageOrientation);
  const axial = plane.length === 6 && Math.abs(plane[2] ?? 1) < 0.05 && Math.abs(plane[5] ?? 1) < 0.05;
  return z !== undefined && axial ? t('viewer.position', { mm: withDecimalSign(z.toFixed(1)) }) : '';
}

/** pixelsPerMm: CSS pixels of this screen, where it is calibrated. */
export function cornerText(instance: DicomInstance, state: TileState, pixelsPerMm?: number): CornerText {
  const frame = (state.displaySet?.slices[state.index]?.frame ?? 1) - 1;
  const birth = text(instance, TAG.birthDate);
  const sex = text(instance, TAG.sex);
  const studyDate = text(instance, TAG.studyDate);
  const projection = isProjection(text(instance, TAG.modality));
  const laterality = [
    text(instance, TAG.imageLaterality) || text(instance, TAG.laterality),
    projection ? viewOf(instance) : '',
  ];
  const seriesNumber = text(instance, TAG.seriesNumber);
  const position = state.displaySet?.multiframe ? 'viewer.frame' : 'viewer.image';
  const syntax = text(instance, TAG.availableTransferSyntaxUid);
  return {
    topLeft: [
      personName(fullName(instance)) || t('worklist.noName'),
      [text(instance, TAG.patientId), sex].filter(Boolean).join(' · '),
      [birth ? t('viewer.dob', { date: dicomDate(birth) }) : '', ageAt(birth, studyDate)].filter(Boolean).join(' · '),
    ],
    topRight: [
      text(instance, TAG.studyDescription),
      [dicomDate(studyDate), dicomTime(text(instance, TAG.studyTime))].filter(Boolean).join(' '),
      text(instance, TAG.institution),
      text(instance, TAG.accessionNumber) ? t('viewer.acc', { number: text(instance, TAG.accessionNumber) }) : '',
    ],
    bottomLeft: [
      [
        seriesNumber ? t('viewer.seriesShort', { number: seriesNumber }) : '',
        text(instance, TAG.modality),
        seriesName(text(instance, TAG.modality), text(instance, TAG.seriesDescription)),
        laterality.filter((word) => word && word !== 'U').join(' '),
      ]
        .filter(Boolean)
        .join(' · '),
      [state.count > 0 ? t(position, { index: state.index + 1, count: state.count }) : '', location(instance, frame)]
        .filter(Boolean)
        .join(' · '),
      technique(instance, frame),
    ],
    bottomRight: [
      windowText(state),
      [
        state.count > 0 ? t('viewer.zoom', { percent: Math.round(state.zoom * 100) }) : '',
        isTrueSize(state.mmPerPixel?.x, pixelsPerMm) ? t('viewer.trueSize') : '',
      ]
        .filter(Boolean)
        .join(' · '),
      syntaxWords(syntax),
    ],
  };
}

/** The name of the table that makes the greys, where one does, and width and centre. */
function windowText({ window, tableName }: TileState): string {
  if (!window) return '';
  const stated = t('viewer.window', { width: shortNumber(window.width), center: shortNumber(window.center) });
  if (tableName === undefined) return stated;
  const name = tableName ? t('viewer.table', { name: tableName }) : t('viewer.tableUnnamed');
  return t('viewer.windowAs', { name, window: stated });
}

/** Alphabetic and ideographic groups, joined as PS3.5 6.2.1 writes them. */
function fullName(instance: DicomInstance): string {
  const value = instance[TAG.patientName]?.Value?.[0];
  if (value && typeof value === 'object') {
    const name = value as { Alphabetic?: string; Ideographic?: string };
    return [name.Alphabetic ?? '', name.Ideographic ?? ''].join('=').replace(/=$/, '');
  }
  return typeof value === 'string' ? value : '';
}

/** How much earlier or later than the study that is read another one is, where that is known; undefined for that study itself. */
export function priorBadge(main: StudyRow, shown: StudyRow): Badge | undefined {
  if (shown.study_instance_uid === main.study_instance_uid) return undefined;
  const gap = gapBetween(shown, main);
  const size = gap && ('days' in gap ? gap.days : gap.minutes);
  if (!gap || !size) return { text: t('viewer.otherStudy'), tone: 'warn' };
  return { text: t(size > 0 ? 'viewer.priorBadge' : 'viewer.laterBadge', { age: gapText(gap) }), tone: 'info' };
}

/** main: the study the page was opened for; shown: the one in the tile. */
export function badges(
  instance: DicomInstance,
  { hidden }: TileState,
  main: StudyRow,
  shown: StudyRow | undefined,
): Badge[] {
  const found: Badge[] = hidden.map((what) => ({
    text: t(what === 'overlays' ? 'viewer.overlaysHidden' : 'viewer.shutterOpen'),
    tone: 'info',
  }));
  if (
    text(instance, TAG.lossy) === '01' ||
    /\.4\.(50|51|81|91|203)$/.test(text(instance, TAG.availableTransferSyntaxUid))
  ) {
    const ratio = number(instance, TAG.lossyRatio);
    found.push({
      text: ratio && ratio > 1 ? t('viewer.lossyRatio', { ratio: shortNumber(ratio, 2) }) : t('viewer.lossy'),
      tone: 'warn',
    });
  }
  if (shown && shown.study_instance_uid !== main.study_instance_uid) {
    const prior = priorBadge(main, shown);
    if (prior) found.push(prior);
    if (shown.patient_id !== main.patient_id) found.push({ text: t('viewer.otherPatient'), tone: 'warn' });
  }
  return found;
}
