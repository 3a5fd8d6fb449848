/** What machines say, as people read it. */
import type { Echo, Queue } from '../../api/types';
import { t } from '../../i18n';
import { count } from '../../ui/format';

/** The answer to a C-ECHO (PS3.7 9.3.5, statuses of annex C). */
export function echoWords(echo: Echo): { good: boolean; text: string } {
  const time = count(Math.max(1, Math.round(echo.milliseconds)));
  if (echo.status === '0000') return { good: true, text: t('admin.peers.answers', { time }) };
  if (echo.status === '0122') return { good: false, text: t('admin.peers.answersNoEcho', { time }) };
  return { good: false, text: t('admin.peers.answersOdd', { time, status: echo.status }) };
}

/** How long until an instant, coarsely; empty where there is none. */
export function untilWords(iso: string, now: number): string {
  const left = Math.ceil((Date.parse(iso) - now) / 1000);
  if (!Number.isFinite(left)) return '';
  if (left <= 0) return t('admin.now');
  if (left < 120) return t('admin.inSeconds', { count: left });
  return t('admin.inMinutes', { count: Math.round(left / 60) });
}

const KINDS: ReadonlySet<string> = new Set(['send', 'prefetch', 'priors', 'study', 'commit']);

/** What a queue does. */
export function queueWords(queue: Pick<Queue, 'kind' | 'peer' | 'name'>): string {
  if (!KINDS.has(queue.kind)) return queue.name;
  return t(`admin.queue.kind.${queue.kind as 'send'}`, { peer: queue.peer });
}
