import { type FormEvent, useState } from 'react';
import { ApiError, api } from '../../api/client';
import { t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import './session.css';

const SHORTEST = 12;

interface Props {
  userName: string;
  /** It was given by somebody else: there is no way around a new one but out. */
  onSignOut?: () => void;
  onClose: () => void;
}

export function PasswordDialog({ userName, onSignOut, onClose }: Props) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const [error, setError] = useState('');
  const [done, setDone] = useState(false);

  const change = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (next.length < SHORTEST) return setError(t('session.tooShort'));
    if (next !== again) return setError(t('session.notEqual'));
    try {
      await api.changePassword(current, next);
      setDone(true);
    } catch (cause) {
      const failure = cause instanceof ApiError ? cause : new ApiError(0, '', '');
      if (failure.status === 401 || failure.status === 403) setError(t('session.currentWrong'));
      else if (failure.status === 0) setError(t('error.unreachable'));
      else setError(t('session.refused', { reason: failure.message }));
    }
  };

  return (
    <Dialog title={t('session.changePassword')} onClose={done || !onSignOut ? onClose : onSignOut} steady={!!onSignOut}>
      {done ? (
        <div className="form">
          <p role="status">{t('session.passwordChanged')}</p>
          <button type="button" className="button button-main" onClick={onClose}>
            {t('app.close')}
          </button>
        </div>
      ) : (
        <form className="form" onSubmit={(event) => void change(event)}>
          {onSignOut && <p>{t('session.mustChange')}</p>}
          <p className="muted">{t('session.tooShort')}</p>
          <input type="text" name="username" autoComplete="username" value={userName} readOnly hidden />
          <label>
            {t('session.currentPassword')}
            <input
              type="password"
              autoComplete="current-password"
              required
              value={current}
              onChange={(event) => setCurrent(event.target.value)}
            />
          </label>
          <label>
            {t('session.newPassword')}
            <input
              type="password"
              autoComplete="new-password"
              required
              value={next}
              onChange={(event) => setNext(event.target.value)}
            />
          </label>
          <label>
            {t('session.repeatPassword')}
            <input
              type="password"
              autoComplete="new-password"
              required
              value={again}
              onChange={(event) => setAgain(event.target.value)}
            />
          </label>
          <p className="form-error" role="alert">
            {error}
          </p>
          <button type="submit" className="button button-main">
            {t('session.changePassword')}
          </button>
        </form>
      )}
    </Dialog>
  );
}
