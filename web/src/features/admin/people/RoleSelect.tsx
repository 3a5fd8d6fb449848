import { t } from '../../../i18n';

export const ROLES = ['viewer', 'editor', 'administrator'] as const;

interface Props {
  value: string;
  onChange: (role: string) => void;
  disabled?: boolean;
  id?: string;
  'aria-label'?: string;
  'aria-describedby'?: string;
}

export function RoleSelect({ value, onChange, ...attributes }: Props) {
  return (
    <select {...attributes} className="select" value={value} onChange={(event) => onChange(event.target.value)}>
      {ROLES.map((role) => (
        <option key={role} value={role}>
          {t(`admin.people.role.${role}`)}
        </option>
      ))}
    </select>
  );
}
