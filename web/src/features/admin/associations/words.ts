/** What an association does and how long it has been there, as people read it. */
import type { LiveAssociation } from '../../../api/types';
import { t } from '../../../i18n';

const DOINGS = ['store', 'query', 'retrieve', 'commit', 'verify'] as const;

export function doingWords({ state, doing }: Pick<LiveAssociation, 'state' | 'doing'>): string {
  if (state === 'negotiating') return t('admin.associations.negotiating');
  if (state !== 'established') return t('admin.associations.ending');
  const known = DOINGS.find((one) => one === doing);
  return known ? t(`admin.associations.doing.${known}`) : t('admin.associations.idle');
}

/** Coarsely: seconds, then minutes, then hours. */
export function sinceWords(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 120) return t('admin.associations.seconds', { count: seconds });
  if (seconds < 7200) return t('admin.associations.minutes', { count: Math.round(seconds / 60) });
  return t('admin.associations.hours', { count: Math.round(seconds / 3600) });
}
