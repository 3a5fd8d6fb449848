/** What an API token is worth now. */
import type { ApiToken } from '../../../api/types';

export type TokenState = 'live' | 'expired' | 'revoked';

export function tokenState(token: Pick<ApiToken, 'expires_at' | 'revoked_at'>, now: number): TokenState {
  if (token.revoked_at) return 'revoked';
  return token.expires_at && Date.parse(token.expires_at) <= now ? 'expired' : 'live';
}

/** Those that work first, then by name. */
export function byWorth(tokens: readonly ApiToken[], now: number): ApiToken[] {
  const rank = (token: ApiToken): number => (tokenState(token, now) === 'live' ? 0 : 1);
  return [...tokens].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
}
