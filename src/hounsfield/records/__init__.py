"""SQL that is never derived: accounts, sessions, tokens, peers, decisions."""
