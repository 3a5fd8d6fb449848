import { forwardRef, useEffect, useRef, useState } from 'react';
import type { Worklist } from '../../api/types';
import { t, tCount } from '../../i18n';
import { count } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { priorityKey, statusKey } from '../../ui/reading';
import { Chips } from './Chips';
import { DATE_PRESETS, type DatePreset } from './datePresets';
import { type Filters, isFiltered, NO_FILTERS } from './filters';
import { PRIORITY_CHOICES, STATUS_CHOICES } from './markChoices';
import { Views } from './Views';

const MODALITIES = ['CT', 'MR', 'US', 'CR', 'DX', 'MG', 'XA', 'PT', 'NM', 'RF', 'OT', 'SR'];
const TYPING_PAUSE_MS = 250;

interface Props {
  filters: Filters;
  total: Worklist['total'] | undefined;
  loading: boolean;
  onChange: (part: Partial<Filters>) => void;
  onSearch: (search: string) => void;
}

export const FilterBar = forwardRef<HTMLInputElement, Props>(function FilterBar(
  { filters, total, loading, onChange, onSearch },
  field,
) {
  const [typed, setTyped] = useState(filters.q);
  const sent = useRef(filters.q);
  // Back, forward and "clear" change the address under the field.
  useEffect(() => {
    if (filters.q !== sent.current) {
      sent.current = filters.q;
      setTyped(filters.q);
    }
  }, [filters.q]);
  useEffect(() => {
    if (typed === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = typed;
      onChange({ q: typed });
    }, TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, onChange]);

  const others = filters.modalities.filter((name) => !MODALITIES.includes(name));
  const toggle = (name: string): void =>
    onChange({
      modalities: filters.modalities.includes(name)
        ? filters.modalities.filter((other) => other !== name)
        : [...filters.modalities, name],
    });
  return (
    <search className="filters" aria-label={t('worklist.focusSearch')}>
      <div className="search-field">
        <Icon name="search" />
        <input
          ref={field}
          type="search"
          value={typed}
          placeholder={t('worklist.search')}
          aria-label={t('worklist.search')}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape' || event.key === 'Enter') event.currentTarget.blur();
          }}
        />
        <kbd>/</kbd>
      </div>
      <Views filters={filters} onSearch={onSearch} />
      <select
        className="select"
        aria-label={t('worklist.date')}
        value={filters.date}
        onChange={(event) => onChange({ date: event.target.value as DatePreset })}
      >
        {DATE_PRESETS.map((preset) => (
          <option key={preset} value={preset}>
            {t(`worklist.date.${preset}`)}
          </option>
        ))}
      </select>
      <select
        className="select"
        aria-label={t('reading.status')}
        data-testid="filter-status-select"
        value={filters.status.join(',')}
        onChange={(event) =>
          onChange({ status: [...(STATUS_CHOICES.find((some) => some.join(',') === event.target.value) ?? [])] })
        }
      >
        {STATUS_CHOICES.map((some) => (
          <option key={some.join(',')} value={some.join(',')}>
            {some.map((one) => t(statusKey(one))).join(', ') || t('reading.status.any')}
          </option>
        ))}
      </select>
      <select
        className="select"
        aria-label={t('reading.priority')}
        data-testid="filter-priority-select"
        value={filters.priority.join(',')}
        onChange={(event) =>
          onChange({ priority: [...(PRIORITY_CHOICES.find((some) => some.join(',') === event.target.value) ?? [])] })
        }
      >
        {PRIORITY_CHOICES.map((some) => (
          <option key={some.join(',')} value={some.join(',')}>
            {some.map((one) => t(priorityKey(one))).join(', ') || t('reading.priority.any')}
          </option>
        ))}
      </select>
      {filters.date === 'custom' && (
        <span className="dates">
          <input
            type="date"
            aria-label={t('worklist.date.from')}
            value={filters.from}
            onChange={(event) => onChange({ from: event.target.value })}
          />
          –
          <input
            type="date"
            aria-label={t('worklist.date.to')}
            value={filters.to}
            onChange={(event) => onChange({ to: event.target.value })}
          />
        </span>
      )}
      {isFiltered(filters) && (
        <button
          type="button"
          className="button"
          onClick={() => {
            setTyped('');
            sent.current = '';
            onChange({ ...NO_FILTERS, sort: filters.sort, descending: filters.descending });
          }}
        >
          {t('worklist.clear')}
        </button>
      )}
      <span className="total" role="status" aria-busy={loading} data-testid="total">
        {total && tCount('worklist.count', total.count, total.capped ? { count: `${count(total.count)}+` } : {})}
      </span>
      <div className="filters-second">
        <fieldset className="chips">
          <legend className="visually-hidden">{t('worklist.modality')}</legend>
          {[...MODALITIES, ...others].map((name) => (
            <button
              type="button"
              key={name}
              className="chip-button"
              aria-pressed={filters.modalities.includes(name)}
              onClick={() => toggle(name)}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <Chips filters={filters} onChange={onChange} />
      </div>
    </search>
  );
});
