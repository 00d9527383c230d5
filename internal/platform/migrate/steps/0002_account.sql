-- Accounts, their second factors and sessions; the organs' keys and what is sealed to them.

CREATE TABLE logins (
  login TEXT NOT NULL PRIMARY KEY,
  city_id BIGINT NOT NULL,
  account_id TEXT NOT NULL
);

-- epoch counts what ends every session begun before it; reset_by and cleared_by name who gave out the one-time password
-- and who took the second factors away, until the person has set their own again.
CREATE TABLE accounts (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  login TEXT NOT NULL,
  password TEXT NOT NULL,
  totp TEXT DEFAULT '',
  totp_last BIGINT NOT NULL DEFAULT 0,
  recovery TEXT DEFAULT '',
  must_change BOOLEAN NOT NULL DEFAULT FALSE,
  reset_by TEXT DEFAULT '',
  cleared_by TEXT DEFAULT '',
  disabled BOOLEAN NOT NULL DEFAULT FALSE,
  lang TEXT DEFAULT '',
  epoch BIGINT NOT NULL DEFAULT 0,
  changed_at BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, person_id) REFERENCES people (city_id, id)
);
CREATE UNIQUE INDEX accounts_person ON accounts (city_id, person_id);

CREATE TABLE passkeys (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  name TEXT NOT NULL,
  credential TEXT NOT NULL,
  added_on TEXT NOT NULL,
  removed_on TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, account_id) REFERENCES accounts (city_id, id)
);
CREATE INDEX passkeys_account ON passkeys (city_id, account_id);

-- What was begun and awaits its answer: a passkey's challenge, or an authenticator's secret not yet confirmed (sealed).
CREATE TABLE passkey_challenges (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  until_at BIGINT NOT NULL,
  PRIMARY KEY (city_id, id)
) /*rowidless*/;

-- token and device are digests: whoever reads the table can't sign in with it.
CREATE TABLE sessions (
  city_id BIGINT NOT NULL,
  token TEXT NOT NULL,
  account_id TEXT NOT NULL,
  holding_id TEXT DEFAULT '',
  stage TEXT NOT NULL CHECK (stage IN ('password', 'full', 'program')),
  name TEXT DEFAULT '',
  device TEXT DEFAULT '',
  epoch BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  idle_until BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  PRIMARY KEY (city_id, token)
) /*rowidless*/;
CREATE INDEX sessions_account ON sessions (city_id, account_id);

-- Budgets of failed attempts, per account and per browser that has signed in to it before; no addresses.
CREATE TABLE attempts (
  who TEXT NOT NULL PRIMARY KEY,
  failures BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX attempts_at ON attempts (at);

CREATE TABLE organ_keys (
  city_id BIGINT NOT NULL,
  organ_id TEXT NOT NULL,
  id TEXT NOT NULL,
  suite TEXT NOT NULL,
  public TEXT NOT NULL,
  wrapped TEXT NOT NULL,
  made_on TEXT NOT NULL,
  retired_on TEXT DEFAULT '',
  PRIMARY KEY (city_id, organ_id, id)
);

CREATE TABLE envelopes (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  matter_id TEXT NOT NULL,
  what TEXT NOT NULL,
  suite TEXT NOT NULL,
  keys TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (city_id, id)
);
CREATE INDEX envelopes_matter ON envelopes (city_id, matter_id, what);
