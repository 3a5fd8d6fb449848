import { type ReactNode, useState } from 'react';
import type { ServerStatus } from '../../api/types';
import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';

/** What to do with an archive that holds nothing yet. */
export function EmptyState({ status, children }: { status: ServerStatus | undefined; children: ReactNode }) {
  const [copied, setCopied] = useState(false);
  const line = status ? `storescu -v -aec ${status.ae_title} +sd +r ${status.host} ${status.dicom_port} FOLDER` : '';
  return (
    <div className="empty" data-testid="empty">
      <Icon name="node" size={36} />
      <h2>{t('worklist.empty.title')}</h2>
      <p>{t('worklist.empty.lead')}</p>
      {status && (
        <>
          <p>
            <strong>
              {t('worklist.empty.node', { aeTitle: status.ae_title, host: status.host, port: status.dicom_port })}
            </strong>
          </p>
          <p className="muted">{t('worklist.empty.command')}</p>
          <div className="row">
            <code>{line}</code>
            <button
              type="button"
              className="button"
              onClick={() => void navigator.clipboard?.writeText(line).then(() => setCopied(true))}
            >
              {copied ? t('callers.copied') : t('callers.copy')}
            </button>
          </div>
        </>
      )}
      <div className="empty-drop">
        <Icon name="upload" size={24} />
        <p>{t('worklist.empty.drop')}</p>
        <div className="row">{children}</div>
      </div>
      <p className="muted">
        {t('worklist.empty.samples')} <code>hounsfield demo</code>
      </p>
    </div>
  );
}
