/** What a decision hides. */
import type { Rejection } from '../../../api/types';
import type { MessageKey } from '../../../i18n';

type Level = 'study' | 'series' | 'instance';

export function levelOf(rejection: Rejection): Level {
  if (rejection.sop_instance_uid) return 'instance';
  return rejection.series_instance_uid ? 'series' : 'study';
}

/** Of the lowest level that is named. */
export function uidOf(rejection: Rejection): string {
  return rejection.sop_instance_uid ?? rejection.series_instance_uid ?? rejection.study_instance_uid;
}

export function subjectKey(rejection: Rejection): string {
  const { study_instance_uid, series_instance_uid = '', sop_instance_uid = '' } = rejection;
  return [study_instance_uid, series_instance_uid, sop_instance_uid].join('/');
}

const CODES: Readonly<Record<string, MessageKey>> = {
  '113001': 'admin.rejected.code.113001',
  '113037': 'admin.rejected.code.113037',
  '113038': 'admin.rejected.code.113038',
  '113039': 'admin.rejected.code.113039',
};

/** The meaning of a rejection note's title (PS3.16 CID 7011); undefined for a code that is not known. */
export function codeKey(code: string): MessageKey | undefined {
  return CODES[code];
}
