/** A routing rule as it is being written, and what it becomes. */
import type { Route, RouteAsked, RouteVerdict } from '../../../api/types';
import type { MessageKey } from '../../../i18n';

export interface RuleDraft {
  name: string;
  kind: Route['kind'];
  destinations: readonly string[];
  conditions: ReadonlyArray<{ keyword: string; patterns: string }>;
  callers: string;
  window: string;
  priority: Route['priority'];
  priors: string;
  commit: boolean;
}

export const NEW_RULE: RuleDraft = {
  name: '',
  kind: 'send',
  destinations: [],
  conditions: [],
  callers: '',
  window: '',
  priority: 'medium',
  priors: '3',
  commit: false,
};

/** `CT, MR` as a list; what is empty is left out. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

export function ruleAsked(draft: RuleDraft): RouteAsked {
  return {
    name: draft.name.trim(),
    kind: draft.kind,
    destinations: [...draft.destinations],
    conditions: draft.conditions.map(({ keyword, patterns }) => ({ keyword, patterns: listOf(patterns) })),
    callers: listOf(draft.callers),
    window: draft.window.trim(),
    priority: draft.priority,
    priors: Number(draft.priors),
    commit: draft.kind === 'send' && draft.commit,
  };
}

export type RuleProblems = Partial<Record<'name' | 'destinations' | 'conditions' | 'priors', MessageKey>>;

export function ruleProblems(draft: RuleDraft): RuleProblems {
  const problems: RuleProblems = {};
  if (!/^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$/.test(draft.name.trim())) problems.name = 'admin.rules.badName';
  if (draft.destinations.length === 0) problems.destinations = 'admin.rules.noDestination';
  if (draft.conditions.some(({ patterns }) => listOf(patterns).length === 0)) {
    problems.conditions = 'admin.rules.noPattern';
  }
  const priors = Number(draft.priors);
  if (draft.kind === 'prefetch' && !(Number.isInteger(priors) && priors >= 1 && priors <= 50)) {
    problems.priors = 'admin.rules.badPriors';
  }
  return problems;
}

/** What a rule looks at, such as `Modality = CT, MR`. */
export function conditionText({ keyword, patterns }: { keyword: string; patterns: readonly string[] }): string {
  return `${keyword} = ${patterns.join(', ')}`;
}

export interface RuleSays {
  rule: string;
  destinations: readonly string[];
  /** Objects that it takes. */
  taken: number;
  /** Of those it does not take, why not, each reason once. */
  whyNot: readonly string[];
}

/** What each rule says of a study as a whole, those that take something first. */
export function ruleByRule(verdicts: readonly RouteVerdict[]): RuleSays[] {
  const rules = new Map<string, { destinations: Set<string>; taken: number; whyNot: Set<string> }>();
  for (const verdict of verdicts) {
    const says = rules.get(verdict.rule) ?? { destinations: new Set(), taken: 0, whyNot: new Set() };
    rules.set(verdict.rule, says);
    for (const title of verdict.destinations) says.destinations.add(title);
    if (verdict.why_not) says.whyNot.add(verdict.why_not);
    else says.taken += verdict.instances;
  }
  return [...rules]
    .map(([rule, says]) => ({
      rule,
      destinations: [...says.destinations],
      taken: says.taken,
      whyNot: [...says.whyNot],
    }))
    .sort((one, other) => Number(other.taken > 0) - Number(one.taken > 0) || one.rule.localeCompare(other.rule));
}
