/** Which jobs of a list are chosen, and what can be done about them. */
import type { Job } from '../../../api/types';

export const canRetry = (job: Job): boolean => ['waiting', 'failed', 'cancelled'].includes(job.state);
export const canCancel = (job: Job): boolean => ['waiting', 'running', 'failed'].includes(job.state);

export type Chosen = ReadonlySet<number>;

export function toggled(chosen: Chosen, id: number): Chosen {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** All of a list where not all are chosen, else none. */
export function allToggled(chosen: Chosen, jobs: readonly Job[]): Chosen {
  return jobs.every((job) => chosen.has(job.id)) ? new Set() : new Set(jobs.map((job) => job.id));
}

/** Those of the list that are chosen: what has left the list is not acted on. */
export function chosenOf(chosen: Chosen, jobs: readonly Job[], suits: (job: Job) => boolean): Job[] {
  return jobs.filter((job) => chosen.has(job.id) && suits(job));
}
