import { type FormEvent, useState } from 'react';
import { admin } from '../../../api/admin';
import { t } from '../../../i18n';
import { Dialog } from '../../../ui/Dialog';
import { Field, Switch } from '../fields';
import { Problem } from '../Problem';
import { useActions } from '../useActions';
import { useLive } from '../useLive';
import { Conditions } from './Conditions';
import { NEW_RULE, type RuleDraft, type RuleProblems, ruleAsked, ruleProblems } from './draft';

interface Props {
  keywords: readonly string[];
  onClose: () => void;
  onSaved: () => void;
}

export function RuleDialog({ keywords, onClose, onSaved }: Props) {
  const [draft, setDraft] = useState<RuleDraft>(NEW_RULE);
  const [problems, setProblems] = useState<RuleProblems>({});
  const peers = useLive(admin.peers);
  const actions = useActions();
  const change = (changes: Partial<RuleDraft>): void => setDraft((before) => ({ ...before, ...changes }));
  const problem = (name: keyof RuleProblems): string | undefined => {
    const key = problems[name];
    return key && t(key);
  };
  const save = async (): Promise<void> => {
    const found = ruleProblems(draft);
    setProblems(found);
    if (Object.keys(found).length > 0) return;
    if (await actions.run('save', () => admin.addRoute(ruleAsked(draft)))) {
      onSaved();
      onClose();
    }
  };
  const offered = peers.value?.peers.filter(
    (peer) => peer.host && peer.port && (draft.kind === 'prefetch' || peer.may.includes('receive')),
  );
  return (
    <Dialog title={t('admin.rules.add')} onClose={onClose} className="admin-dialog" steady>
      <form
        className="form"
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={t('admin.rules.name')} problem={problem('name')}>
          {(attributes) => (
            <input
              {...attributes}
              value={draft.name}
              maxLength={64}
              autoComplete="off"
              onChange={(event) => change({ name: event.target.value })}
            />
          )}
        </Field>
        <Field label={t('admin.rules.does')}>
          {(attributes) => (
            <select
              {...attributes}
              className="select"
              value={draft.kind}
              onChange={(event) => change({ kind: event.target.value as RuleDraft['kind'], destinations: [] })}
            >
              <option value="send">{t('admin.rules.kind.send')}</option>
              <option value="prefetch">{t('admin.rules.kind.prefetch')}</option>
            </select>
          )}
        </Field>
        <fieldset className="field-set">
          <legend>{t(draft.kind === 'send' ? 'admin.rules.to' : 'admin.rules.askWhom')}</legend>
          <Problem text={peers.problem} onRetry={() => void peers.refresh()} />
          {offered?.length === 0 && <p className="muted">{t('admin.rules.nobody')}</p>}
          {offered?.map((peer) => (
            <label className="tick-label" key={peer.ae_title}>
              <input
                type="checkbox"
                checked={draft.destinations.includes(peer.ae_title)}
                onChange={(event) =>
                  change({
                    destinations: event.target.checked
                      ? [...draft.destinations, peer.ae_title]
                      : draft.destinations.filter((title) => title !== peer.ae_title),
                  })
                }
              />
              {peer.ae_title}
            </label>
          ))}
          {problem('destinations') && <span className="field-problem">{problem('destinations')}</span>}
        </fieldset>
        <Conditions
          draft={draft}
          keywords={keywords}
          problem={problem('conditions')}
          onChange={(conditions) => change({ conditions })}
        />
        <Field label={t('admin.rules.callers')} hint={t('admin.rules.callersHint')}>
          {(attributes) => (
            <input
              {...attributes}
              value={draft.callers}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => change({ callers: event.target.value })}
            />
          )}
        </Field>
        <Field label={t('admin.rules.window')} hint={t('admin.rules.windowHint')}>
          {(attributes) => (
            <input
              {...attributes}
              value={draft.window}
              placeholder="mon-fri 18:00-07:00"
              autoComplete="off"
              onChange={(event) => change({ window: event.target.value })}
            />
          )}
        </Field>
        <Field label={t('admin.rules.priority')}>
          {(attributes) => (
            <select
              {...attributes}
              className="select"
              value={draft.priority}
              onChange={(event) => change({ priority: event.target.value as RuleDraft['priority'] })}
            >
              {(['high', 'medium', 'low'] as const).map((priority) => (
                <option key={priority} value={priority}>
                  {t(`admin.rules.priority.${priority}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {draft.kind === 'send' ? (
          <Switch label={t('admin.rules.commit')} checked={draft.commit} onChange={(commit) => change({ commit })} />
        ) : (
          <Field label={t('admin.rules.priors')} problem={problem('priors')}>
            {(attributes) => (
              <input
                {...attributes}
                value={draft.priors}
                inputMode="numeric"
                onChange={(event) => change({ priors: event.target.value })}
              />
            )}
          </Field>
        )}
        <Problem text={actions.failures.save?.text} onRetry={() => void save()} />
        <div className="row form-buttons">
          <button type="button" className="button" onClick={onClose}>
            {t('admin.cancel')}
          </button>
          <button type="submit" className="button button-main" disabled={actions.busy.has('save')}>
            {t('admin.save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
