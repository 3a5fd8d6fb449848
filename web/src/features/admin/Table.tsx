import type { ReactNode } from 'react';
import { t } from '../../i18n';

/** What stands above a column; `className` as in admin.css: `number`, `narrow`, `until`, `tick`. */
export interface Head {
  text: ReactNode;
  className?: string;
  hint?: string;
}

interface Props {
  heads: ReadonlyArray<string | Head>;
  /** A last column holds buttons: its head is read aloud, not shown. */
  actions?: boolean;
  className?: string;
  children: ReactNode;
}

/** A table of administration; where it is wider than the page it scrolls by itself. */
export function Table({ heads, actions = false, className = '', children }: Props) {
  return (
    <div className="admin-scroll">
      <table className={`admin-table ${className}`.trim()}>
        <thead>
          <tr>
            {heads.map((head, at) => {
              const { text, className: kind, hint }: Head = typeof head === 'string' ? { text: head } : head;
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns do not move
                <th scope="col" key={at} className={kind} title={hint}>
                  {text}
                </th>
              );
            })}
            {actions && (
              <th scope="col">
                <span className="visually-hidden">{t('admin.actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
