import { t } from '../../../i18n';
import type { RuleDraft } from './draft';

interface Props {
  draft: RuleDraft;
  keywords: readonly string[];
  problem: string | undefined;
  onChange: (conditions: RuleDraft['conditions']) => void;
}

/** Which objects a rule takes: all conditions must hold. */
export function Conditions({ draft, keywords, problem, onChange }: Props) {
  const { conditions } = draft;
  const change = (at: number, changes: Partial<RuleDraft['conditions'][number]>): void =>
    onChange(conditions.map((one, index) => (index === at ? { ...one, ...changes } : one)));
  return (
    <fieldset className="field-set">
      <legend>{t('admin.rules.conditions')}</legend>
      {conditions.length === 0 && <p className="muted">{t('admin.rules.anyObject')}</p>}
      {conditions.map((condition, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no other identity than their place
        <div className="condition" key={at}>
          <select
            className="select"
            aria-label={t('admin.rules.attribute')}
            value={condition.keyword}
            onChange={(event) => change(at, { keyword: event.target.value })}
          >
            {keywords.map((keyword) => (
              <option key={keyword} value={keyword}>
                {keyword}
              </option>
            ))}
          </select>
          <input
            aria-label={t('admin.rules.patterns', { keyword: condition.keyword })}
            placeholder="CT, MR"
            value={condition.patterns}
            autoComplete="off"
            onChange={(event) => change(at, { patterns: event.target.value })}
          />
          <button
            type="button"
            className="button"
            onClick={() => onChange(conditions.filter((_, index) => index !== at))}
          >
            {t('callers.forget')}
          </button>
        </div>
      ))}
      {problem && <span className="field-problem">{problem}</span>}
      <div>
        <button
          type="button"
          className="button"
          onClick={() => {
            const keyword = keywords.includes('Modality') ? 'Modality' : (keywords[0] ?? '');
            onChange([...conditions, { keyword, patterns: '' }]);
          }}
        >
          {t('admin.rules.addCondition')}
        </button>
      </div>
    </fieldset>
  );
}
