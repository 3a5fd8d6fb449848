import { useState } from 'react';
import { admin } from '../../../api/admin';
import { t } from '../../../i18n';
import { Field, Switch } from '../fields';
import { Problem } from '../Problem';
import { Table } from '../Table';
import { useLive } from '../useLive';
import { matching, piecesOf } from './prose';
import './settings.css';

/** The settings in force and what they mean, as the reference has them. */
export function SettingsRoom() {
  const live = useLive(admin.settings);
  const [typed, setTyped] = useState('');
  const [changedOnly, setChangedOnly] = useState(false);
  const shown = matching(live.value?.settings ?? [], typed, changedOnly);
  return (
    <>
      <Problem text={live.problem} onRetry={() => void live.refresh()} />
      <div className="admin-tools align-end">
        <Field label={t('admin.settings.search')}>
          {(attributes) => (
            <input
              {...attributes}
              type="search"
              className="wide"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        <Switch label={t('admin.settings.changedOnly')} checked={changedOnly} onChange={setChangedOnly} />
      </div>
      {live.value && shown.length === 0 && <p className="muted">{t('admin.settings.none')}</p>}
      {shown.length > 0 && (
        <Table
          heads={[t('admin.settings.setting'), t('admin.settings.value'), t('admin.settings.meaning')]}
          className="settings"
        >
          {shown.map((setting) => (
            <tr key={setting.name} data-testid={`setting-${setting.name}`}>
              <th scope="row">{setting.name}</th>
              <td>
                <span className="setting-value">{setting.value || '–'}</span>
                {setting.changed && (
                  <div className="muted">{t('admin.settings.default', { value: setting.default || '–' })}</div>
                )}
              </td>
              <td lang="en">
                {piecesOf(setting.meaning).map((piece, at) =>
                  // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text that does not change
                  piece.code ? <code key={at}>{piece.text}</code> : <span key={at}>{piece.text}</span>,
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}
