/** Accounts and API tokens. */

/** A person's account. */
export interface Account {
  name: string;
  role: string;
  disabled: boolean;
  must_change_password: boolean;
  created_at: string;
}

/** A password that the server made up; it is told only here. */
export interface NewPassword {
  name: string;
  password: string;
}

/** A machine's credential, without its secret; times are empty where there is none. */
export interface ApiToken {
  name: string;
  role: string;
  created_at: string;
  created_by: string;
  last_used_at: string;
  expires_at: string;
  revoked_at: string;
}

/** valid_days: 0 for as long as it is not revoked. */
export interface TokenAsked {
  name: string;
  role: string;
  valid_days: number;
}

/** A token and its secret, told only here. */
export interface NewToken {
  token: ApiToken;
  secret: string;
}
