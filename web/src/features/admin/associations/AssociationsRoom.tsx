import { useCallback } from 'react';
import { admin } from '../../../api/admin';
import { t, tCount } from '../../../i18n';
import { bytes, count } from '../../../ui/format';
import { Icon } from '../../../ui/Icon';
import { Problem } from '../Problem';
import { Table } from '../Table';
import { type Asking, useLive } from '../useLive';
import { useNow } from '../useNow';
import { doingWords, sinceWords } from './words';

const EVERY_MS = 2000;

/** Who is connected by DICOM now; the page follows by itself. */
export function AssociationsRoom() {
  const load = useCallback((asking: Asking) => admin.associations(asking), []);
  const live = useLive(load, EVERY_MS);
  const now = useNow();
  const associations = live.value?.associations ?? [];
  const left = (live.value?.total ?? 0) - associations.length;
  return (
    <>
      <Problem text={live.problem} onRetry={() => void live.refresh()} />
      {live.value && associations.length === 0 && (
        <div className="admin-empty">
          <Icon name="node" size={28} />
          <h2>{t('admin.associations.none')}</h2>
          <p>{t('admin.associations.noneHint')}</p>
        </div>
      )}
      {associations.length > 0 && (
        <Table
          heads={[
            t('admin.associations.caller'),
            t('admin.associations.address'),
            t('admin.associations.doing'),
            { text: t('admin.associations.objects'), className: 'number' },
            { text: t('admin.associations.received'), className: 'number' },
            { text: t('admin.associations.since'), className: 'number' },
          ]}
        >
          {associations.map((one) => (
            <tr key={`${one.host}:${one.port}:${one.since}`} data-testid="association">
              <th scope="row">{one.calling_ae_title}</th>
              <td>
                {one.host}
                <span className="muted">:{one.port}</span>
                {one.encrypted && <span className="badge badge-info">TLS</span>}
              </td>
              <td>{doingWords(one)}</td>
              <td className="number">{count(one.objects)}</td>
              <td className="number">{bytes(one.bytes_received)}</td>
              <td className="number">{sinceWords(one.since, now)}</td>
            </tr>
          ))}
        </Table>
      )}
      {left > 0 && <p className="muted">{tCount('admin.associations.more', left)}</p>}
    </>
  );
}
