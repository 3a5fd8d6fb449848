import { useState } from 'react';
import { usePreference } from '../../api/preferences';
import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { Menu } from '../../ui/Menu';
import { type Filters, filtersToUrl } from './filters';
import { LONGEST_NAME, MOST_VIEWS, NO_VIEWS, readViews, withoutView, withView } from './views';

interface Props {
  filters: Filters;
  onSearch: (search: string) => void;
}

/** Saved filters: chosen, added and taken away. */
export function Views({ filters, onSearch }: Props) {
  const [views, setViews] = usePreference('worklist.views', NO_VIEWS, readViews);
  const [name, setName] = useState('');
  const now = filtersToUrl(filters);
  const current = views.find((view) => view.search === now);
  return (
    <Menu testId="menu-views" label={`${current?.name ?? t('views.title')} ▾`}>
      {(close) => (
        <>
          {views.length === 0 && <p className="muted menu-note">{t('views.none')}</p>}
          {views.map((view) => (
            <div className="row" key={view.name}>
              <button
                type="button"
                className="menu-item"
                aria-current={view === current}
                onClick={() => {
                  onSearch(view.search ? `?${view.search}` : '');
                  close();
                }}
              >
                {view.name}
              </button>
              <button
                type="button"
                className="icon-button"
                aria-label={t('views.remove', { name: view.name })}
                onClick={() => setViews(withoutView(views, view.name))}
              >
                <Icon name="close" size={12} />
              </button>
            </div>
          ))}
          <form
            className="menu-form"
            onSubmit={(event) => {
              event.preventDefault();
              setViews(withView(views, { name, search: now }));
              setName('');
            }}
          >
            <label htmlFor="view-name">{t('views.save')}</label>
            <div className="row">
              <input
                id="view-name"
                value={name}
                maxLength={LONGEST_NAME}
                placeholder={t('views.name')}
                autoComplete="off"
                onChange={(event) => setName(event.target.value)}
              />
              <button type="submit" className="button" disabled={!name.trim() || views.length >= MOST_VIEWS}>
                {t('views.keep')}
              </button>
            </div>
          </form>
        </>
      )}
    </Menu>
  );
}
