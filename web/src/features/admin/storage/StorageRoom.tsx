import { useEffect, useState } from 'react';
import { admin } from '../../../api/admin';
import type { StorageCounted, StorageShare, StorageUse } from '../../../api/types';
import { t, tCount } from '../../../i18n';
import { bytes, count, moment } from '../../../ui/format';
import { Icon } from '../../../ui/Icon';
import { Problem } from '../Problem';
import { useLive } from '../useLive';
import { MonthChart } from './MonthChart';
import { diskShares, monthsLeft, monthsUpTo } from './plot';
import './storage.css';

const EVERY_MS = 5000;
const WHILE_COUNTING_MS = 700;
const MONTHS = 24;

/** How much is stored, of what and since when, and how much room is left. */
export function StorageRoom() {
  const [everyMs, setEveryMs] = useState(WHILE_COUNTING_MS);
  const storage = useLive(admin.storage, everyMs);
  const counting = !storage.value?.counted;
  useEffect(() => setEveryMs(counting ? WHILE_COUNTING_MS : EVERY_MS), [counting]);
  return (
    <>
      <Problem text={storage.problem} onRetry={() => void storage.refresh()} />
      {storage.value && <Totals storage={storage.value} />}
      {storage.value && <Disk storage={storage.value} />}
      {storage.value?.counted === null && <p role="status">{t('admin.storage.counting')}</p>}
      {storage.value?.counted && storage.value.instances > 0 && (
        <Counted counted={storage.value.counted} freeBytes={storage.value.disk_free_bytes} />
      )}
      {storage.value?.instances === 0 && (
        <div className="admin-empty">
          <Icon name="upload" size={28} />
          <h2>{t('worklist.empty.title')}</h2>
          <p>{t('admin.storage.emptyHint')}</p>
        </div>
      )}
    </>
  );
}

function Totals({ storage }: { storage: StorageUse }) {
  const totals: Array<[string, string]> = [
    [t('admin.storage.studies'), count(storage.studies)],
    [t('admin.storage.series'), count(storage.series)],
    [t('admin.storage.objects'), count(storage.instances)],
    [t('admin.storage.size'), bytes(storage.bytes_stored)],
  ];
  return (
    <dl className="totals">
      {totals.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd data-testid={`total-${name}`}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Disk({ storage }: { storage: StorageUse }) {
  const shares = diskShares(storage);
  const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;
  const words = t('admin.storage.disk', {
    free: bytes(storage.disk_free_bytes),
    total: bytes(storage.disk_total_bytes),
    archive: bytes(storage.bytes_stored),
  });
  return (
    <section>
      <h2>{t('admin.storage.diskTitle')}</h2>
      <div className="disk" aria-hidden="true">
        <i className="disk-archive" style={{ width: percent(shares.archive) }} />
        <i className="disk-other" style={{ width: percent(shares.other) }} />
      </div>
      <p className="legend">
        <span className="disk-archive key" aria-hidden="true" /> {t('admin.storage.archive')}
        <span className="disk-other key" aria-hidden="true" /> {t('admin.storage.other')}
        <span className="disk key" aria-hidden="true" /> {t('admin.storage.free')}
      </p>
      <p data-testid="disk">{words}</p>
      {shares.low && (
        <p className="said-odd">
          <Icon name="warning" /> {t('admin.storage.low', { least: bytes(storage.min_free_bytes) })}
        </p>
      )}
    </section>
  );
}

type Measure = 'size' | 'objects';

function Counted({ counted, freeBytes }: { counted: StorageCounted; freeBytes: number }) {
  const [measure, setMeasure] = useState<Measure>('size');
  const amountOf = (share: StorageShare): number => (measure === 'size' ? share.bytes_stored : share.instances);
  const say = (value: number): string => (measure === 'size' ? bytes(value) : count(value));
  const current = new Date().toISOString().slice(0, 7);
  const months = monthsUpTo(counted.months, current, MONTHS);
  const left = monthsLeft(counted.months, current, freeBytes);
  const largest = Math.max(1, ...counted.modalities.map(amountOf));
  return (
    <>
      <div className="admin-tools measure">
        <label className="row">
          {t('admin.storage.measure')}
          <select className="select" value={measure} onChange={(event) => setMeasure(event.target.value as Measure)}>
            <option value="size">{t('admin.storage.size')}</option>
            <option value="objects">{t('admin.storage.objects')}</option>
          </select>
        </label>
        <span className="muted">{t('admin.storage.countedAt', { when: moment(counted.counted_at) })}</span>
      </div>
      <section>
        <h2>{t('admin.storage.byMonth')}</h2>
        <MonthChart title={t('admin.storage.byMonth')} months={months} amountOf={amountOf} say={say} />
        {left !== undefined && <p>{tCount('admin.storage.monthsLeft', left)}</p>}
        <details>
          <summary>{t('admin.storage.asTable')}</summary>
          <table className="admin-table short">
            <tbody>
              {[...months].reverse().map((month) => (
                <tr key={month.name} data-testid={`month-${month.name}`}>
                  <th scope="row">{month.name}</th>
                  <td className="number">{count(month.instances)}</td>
                  <td className="number">{bytes(month.bytes_stored)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      </section>
      <section>
        <h2>{t('admin.storage.byModality')}</h2>
        <table className="admin-table">
          <thead>
            <tr>
              <th scope="col">{t('worklist.modality')}</th>
              <th scope="col" className="number">
                {t('admin.storage.objects')}
              </th>
              <th scope="col" className="number">
                {t('admin.storage.size')}
              </th>
              <td className="bar-cell" />
            </tr>
          </thead>
          <tbody>
            {[...counted.modalities]
              .sort((one, other) => amountOf(other) - amountOf(one))
              .map((share) => (
                <tr key={share.name} data-testid={`modality-${share.name}`}>
                  <th scope="row">{share.name || t('admin.storage.noModality')}</th>
                  <td className="number">{count(share.instances)}</td>
                  <td className="number">{bytes(share.bytes_stored)}</td>
                  <td className="bar-cell" aria-hidden="true">
                    <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                      <rect className="chart-bar" width={(amountOf(share) / largest) * 100} height="10" />
                    </svg>
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
