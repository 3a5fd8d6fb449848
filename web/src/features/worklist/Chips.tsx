import { currentLanguage, t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { priorityKey, statusKey } from '../../ui/reading';
import { datesOf, type Filters, typed } from './filters';
import { type Reader, readerNow } from './reader';

interface Chip {
  id: string;
  text: string;
  without: Partial<Filters>;
}

function days(from: string, to: string): string {
  if (from && from === to) return from;
  return `${from || '…'} – ${to || '…'}`;
}

/** What narrows the list, beside the modalities, whose buttons show it themselves. */
function chipsOf(filters: Filters, reader: Reader): Chip[] {
  const chips: Chip[] = [];
  const { text, said } = typed(filters, reader);
  if (text) chips.push({ id: 'text', text: t('worklist.chip.text', { text }), without: { q: said } });
  const dates = datesOf(filters, reader);
  if (dates.from || dates.to) {
    const range = days(dates.from, dates.to);
    chips.push({
      id: 'date',
      text: said ? t('worklist.chip.said', { said, range }) : t('worklist.chip.date', { range }),
      without: { q: text, date: 'any', from: '', to: '' },
    });
  }
  if (filters.status.length > 0) {
    const names = filters.status.map((one) => t(statusKey(one))).join(', ');
    chips.push({ id: 'status', text: names, without: { status: [] } });
  }
  if (filters.priority.length > 0) {
    const names = filters.priority.map((one) => t(priorityKey(one))).join(', ');
    chips.push({ id: 'priority', text: names, without: { priority: [] } });
  }
  return chips;
}

export function Chips({ filters, onChange }: { filters: Filters; onChange: (part: Partial<Filters>) => void }) {
  const chips = chipsOf(filters, readerNow(currentLanguage()));
  if (chips.length === 0) return null;
  return (
    <ul className="active-filters" aria-label={t('worklist.active')}>
      {chips.map((chip) => (
        <li key={chip.id} data-testid={`filter-${chip.id}`}>
          {chip.text}
          <button
            type="button"
            aria-label={t('worklist.chip.remove', { what: chip.text })}
            onClick={() => onChange(chip.without)}
          >
            <Icon name="close" size={10} />
          </button>
        </li>
      ))}
    </ul>
  );
}
