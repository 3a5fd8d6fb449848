import { useState } from 'react';
import { admin } from '../../../api/admin';
import type { Route } from '../../../api/types';
import { t, tCount } from '../../../i18n';
import { Icon } from '../../../ui/Icon';
import { Confirm, focusTitle } from '../Confirm';
import { Problem } from '../Problem';
import { Table } from '../Table';
import { useActions } from '../useActions';
import { useLive } from '../useLive';
import { conditionText } from './draft';
import { RuleDialog } from './RuleDialog';
import { TryRules } from './TryRules';
import './rules.css';

/** The rules by which arriving objects go on to peers. */
export function RulesRoom() {
  const rules = useLive(admin.routes);
  const actions = useActions();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Route>();
  const remove = (route: Route): void => {
    void actions
      .run(route.name, async () => {
        await admin.removeRoute(route.name);
        await rules.refresh();
      })
      .then((done) => done && focusTitle());
  };
  const routes = rules.value?.routes ?? [];
  return (
    <>
      <div className="admin-tools">
        <button type="button" className="button button-main" disabled={!rules.value} onClick={() => setAdding(true)}>
          {t('admin.rules.add')}
        </button>
      </div>
      <Problem text={rules.problem} onRetry={() => void rules.refresh()} />
      {rules.value && routes.length === 0 && (
        <div className="admin-empty">
          <Icon name="arrow" size={28} />
          <h2>{t('admin.rules.none')}</h2>
          <p>{t('admin.rules.noneHint')}</p>
        </div>
      )}
      {routes.length > 0 && (
        <Table
          heads={[t('admin.rules.name'), t('admin.rules.does'), t('admin.rules.when'), t('admin.rules.priority')]}
          actions
        >
          {routes.map((route) => (
            <tr key={route.name} data-testid={`rule-${route.name}`}>
              <th scope="row">{route.name}</th>
              <td>{doesWords(route)}</td>
              <td>{whenWords(route)}</td>
              <td>{t(`admin.rules.priority.${route.priority}`)}</td>
              <td>
                <div className="row row-end">
                  <button type="button" className="button" onClick={() => setRemoving(route)}>
                    {t('callers.forget')}
                  </button>
                </div>
                <Problem text={actions.failures[route.name]?.text} onRetry={() => remove(route)} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      {routes.length > 0 && <TryRules rules={routes} />}
      {adding && rules.value && (
        <RuleDialog
          keywords={rules.value.keywords}
          onClose={() => setAdding(false)}
          onSaved={() => void rules.refresh()}
        />
      )}
      {removing && (
        <Confirm
          title={t('admin.rules.removeTitle', { name: removing.name })}
          verb={t('callers.forget')}
          onClose={() => setRemoving(undefined)}
          onConfirm={() => remove(removing)}
        >
          <p>{t('admin.rules.removeText')}</p>
        </Confirm>
      )}
    </>
  );
}

function doesWords(route: Route): string {
  const peers = route.destinations.join(', ');
  if (route.kind === 'prefetch') return tCount('admin.rules.doesPrefetch', route.priors, { peers });
  return route.commit ? t('admin.rules.doesSendCommit', { peers }) : t('admin.rules.doesSend', { peers });
}

function whenWords(route: Route): string {
  const parts = route.conditions.map(conditionText);
  if (route.callers.length > 0) parts.push(t('admin.rules.from', { callers: route.callers.join(', ') }));
  if (route.window) parts.push(route.window);
  return parts.join('; ') || t('admin.rules.always');
}
