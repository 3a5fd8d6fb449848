import { type FormEvent, useState } from 'react';
import { ApiError, api } from '../../api/client';
import type { Session } from '../../api/types';
import { t } from '../../i18n';
import './session.css';

export function SignInPage({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');

  const signIn = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError('');
    try {
      onSignedIn(await api.signIn(name, password));
    } catch (cause) {
      setBusy(false);
      setPassword('');
      const status = cause instanceof ApiError ? cause.status : 0;
      if (status === 401 || status === 400 || status === 422) setError(t('session.wrong'));
      else if (status === 429) setError(t('session.tooMany'));
      else setError(status === 0 ? t('error.unreachable') : t('error.server', { status }));
    }
  };

  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={(event) => void signIn(event)}>
        <img src="/icon.svg" alt="" width="44" height="44" />
        <h1>{t('app.name')}</h1>
        <label>
          {t('session.name')}
          <input
            // biome-ignore lint/a11y/noAutofocus: the page has nothing else to do
            autoFocus
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label>
          {t('session.password')}
          <input
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        <p className="form-error" role="alert">
          {error}
        </p>
        <button type="submit" className="button button-main" disabled={busy}>
          {busy ? t('session.signingIn') : t('session.signIn')}
        </button>
        <p className="muted sign-in-note">{t('session.firstStart')}</p>
      </form>
    </main>
  );
}
