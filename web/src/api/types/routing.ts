/** Routing rules, and the queue that they fill. */

export interface RouteCondition {
  keyword: string;
  patterns: string[];
}

/** A rule. window: like `mon-fri 18:00-07:00`, the site's local time; empty: at any time. */
export interface Route {
  name: string;
  kind: 'send' | 'prefetch';
  destinations: string[];
  conditions: RouteCondition[];
  callers: string[];
  window: string;
  priority: 'low' | 'medium' | 'high';
  priors: number;
  commit: boolean;
  created_at: string;
}

/** What is sent to add a rule. */
export type RouteAsked = Omit<Route, 'created_at'>;

export interface Routes {
  routes: Route[];
  keywords: string[];
}

export interface RouteVerdict {
  series_instance_uid: string;
  rule: string;
  destinations: string[];
  why_not: string;
  instances: number;
}

export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** What goes to one peer, is brought from it or kept by it. next_try: while all of it is paused, else empty. */
export interface Queue {
  name: string;
  kind: string;
  peer: string;
  waiting: number;
  running: number;
  done: number;
  failed: number;
  cancelled: number;
  next_try: string;
  failures: number;
  last_error: string;
}

export interface Job {
  id: number;
  queue: string;
  rule: string;
  study_instance_uid: string;
  series_instance_uid: string;
  sop_instance_uid: string;
  state: JobState;
  attempts: number;
  next_try: string;
  last_error: string;
  enqueued_at: string;
  finished_at: string;
  transaction_uid: string;
}

/** next: to be sent as `before` for the following page; 0 on the last. */
export interface Queues {
  queues: Queue[];
  jobs: Job[];
  next: number;
}
