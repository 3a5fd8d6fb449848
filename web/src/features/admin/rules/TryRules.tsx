import { type FormEvent, useState } from 'react';
import { admin } from '../../../api/admin';
import { api } from '../../../api/client';
import type { Route, StudyRow } from '../../../api/types';
import { t, tCount } from '../../../i18n';
import { dicomDate, personName } from '../../../ui/format';
import { Icon } from '../../../ui/Icon';
import { Field } from '../fields';
import { Problem } from '../Problem';
import { useActions } from '../useActions';
import { type RuleSays, ruleByRule } from './draft';

const FOUND = 8;

/** What the rules would do with a study; nothing is sent. */
export function TryRules({ rules }: { rules: readonly Route[] }) {
  const [search, setSearch] = useState('');
  const [found, setFound] = useState<readonly StudyRow[]>();
  const [tried, setTried] = useState<{ study: StudyRow; says: readonly RuleSays[] }>();
  const actions = useActions();
  const find = (): void => {
    void actions.run('find', async () => {
      const query = new URLSearchParams({ q: search, limit: String(FOUND), sort: '-received_at' });
      setFound((await api.worklist(query.toString())).rows);
      setTried(undefined);
    });
  };
  const attempt = (study: StudyRow): void => {
    void actions.run('try', async () => {
      const { verdicts } = await admin.tryRoutes(study.study_instance_uid);
      setTried({ study, says: ruleByRule(verdicts) });
    });
  };
  const kinds = new Map(rules.map((rule) => [rule.name, rule.kind]));
  return (
    <section>
      <h2>{t('admin.rules.try')}</h2>
      <p className="muted admin-lead">{t('admin.rules.tryHint')}</p>
      <form
        className="admin-tools align-end"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          find();
        }}
      >
        <Field label={t('admin.rules.study')}>
          {(attributes) => (
            <input
              {...attributes}
              type="search"
              placeholder={t('worklist.search')}
              className="wide"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          )}
        </Field>
        <button type="submit" className="button" disabled={actions.busy.has('find')}>
          {t('worklist.focusSearch')}
        </button>
      </form>
      <Problem text={actions.failures.find?.text} onRetry={find} />
      {found?.length === 0 && <p className="muted">{t('worklist.nothing')}</p>}
      <ul className="found">
        {found?.map((study) => (
          <li key={study.study_instance_uid}>
            <button
              type="button"
              className="found-study"
              aria-pressed={tried?.study === study}
              onClick={() => attempt(study)}
            >
              <strong>{personName(study.patient_name) || t('worklist.noName')}</strong>
              <span className="muted">
                {[study.patient_id, dicomDate(study.study_date), study.modalities.join(' '), study.description]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <Problem text={actions.failures.try?.text} onRetry={() => actions.failures.try?.again()} />
      <output>
        {tried && (
          <ul className="verdicts">
            {tried.says.map((says) => (
              <li key={says.rule} data-testid={`verdict-${says.rule}`}>
                <strong>{says.rule}</strong>{' '}
                {says.taken > 0 ? (
                  <span className="said-good">
                    <Icon name="check" />{' '}
                    {tCount(
                      kinds.get(says.rule) === 'prefetch' ? 'admin.rules.wouldAsk' : 'admin.rules.wouldSend',
                      says.taken,
                      { peers: says.destinations.join(', ') },
                    )}
                  </span>
                ) : (
                  <span className="muted">{t('admin.rules.wouldNot', { reason: says.whyNot.join('; ') })}</span>
                )}
              </li>
            ))}
          </ul>
        )}
      </output>
    </section>
  );
}
