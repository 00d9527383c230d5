-- The spine: who (units, posts, holdings), what was done (logs), what next (matters, proposals), by when (clocks),
-- how much (tallies, rollups). city_id is the tenant and stands first in every key of every business table.
-- Columns that may be empty are '' or 0, never NULL in meaning. Days are YYYY-MM-DD, instants microseconds UTC.

CREATE TABLE tenants (
  city_id BIGINT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('city', 'province', 'nation')),
  name TEXT NOT NULL,
  above_id BIGINT NOT NULL DEFAULT 0,
  code TEXT DEFAULT ''
);

CREATE TABLE settings_deployment (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE settings (
  city_id BIGINT NOT NULL,
  unit_id TEXT NOT NULL,
  key TEXT NOT NULL,
  from_on TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (city_id, unit_id, key, from_on)
) /*rowidless*/;

-- access ------------------------------------------------------------------------------------------------------------

CREATE TABLE units (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  level SMALLINT NOT NULL,
  code TEXT DEFAULT '',
  name TEXT NOT NULL,
  short TEXT DEFAULT '',
  pinyin TEXT DEFAULT '',
  initials TEXT DEFAULT '',
  superior_id TEXT DEFAULT '',
  county_id TEXT DEFAULT '',
  township_id TEXT DEFAULT '',
  organ_id TEXT DEFAULT '',
  office_id TEXT DEFAULT '',
  opened_on TEXT NOT NULL,
  closed_on TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id)
);
CREATE INDEX units_superior ON units (city_id, superior_id, code, id);
CREATE INDEX units_organ ON units (city_id, organ_id, kind);
CREATE INDEX units_code ON units (city_id, code);
CREATE INDEX units_county ON units (city_id, county_id, kind, code);

CREATE TABLE unit_attrs (
  city_id BIGINT NOT NULL,
  unit_id TEXT NOT NULL,
  from_on TEXT NOT NULL,
  code TEXT DEFAULT '',
  name TEXT NOT NULL,
  superior_id TEXT DEFAULT '',
  PRIMARY KEY (city_id, unit_id, from_on),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
) /*rowidless*/;

CREATE TABLE people (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  pinyin TEXT DEFAULT '',
  born TEXT DEFAULT '',
  discipline_months BIGINT NOT NULL DEFAULT 0,
  skills TEXT DEFAULT '',
  outside_no TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id)
);
CREATE INDEX people_name ON people (city_id, name);
CREATE INDEX people_outside ON people (city_id, outside_no);

CREATE TABLE posts (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  established BOOLEAN NOT NULL DEFAULT TRUE,
  opened_on TEXT NOT NULL,
  closed_on TEXT DEFAULT '',
  vacant_since TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
);
CREATE INDEX posts_unit ON posts (city_id, unit_id, kind);

CREATE TABLE holdings (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  post_id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  person_id TEXT NOT NULL,
  from_on TEXT NOT NULL,
  to_on TEXT DEFAULT '',
  full_time BOOLEAN NOT NULL DEFAULT TRUE,
  acting BOOLEAN NOT NULL DEFAULT FALSE,
  leave_reason TEXT DEFAULT '',
  leave_to TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, post_id) REFERENCES posts (city_id, id),
  FOREIGN KEY (city_id, person_id) REFERENCES people (city_id, id)
);
CREATE INDEX holdings_person ON holdings (city_id, person_id, to_on);
CREATE INDEX holdings_unit ON holdings (city_id, unit_id, to_on, kind);
CREATE INDEX holdings_post ON holdings (city_id, post_id, to_on);

CREATE TABLE delegations (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  from_person TEXT NOT NULL,
  from_holding TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  to_person TEXT NOT NULL,
  from_on TEXT NOT NULL,
  to_on TEXT NOT NULL,
  reason TEXT DEFAULT '',
  made_on TEXT NOT NULL,
  revoked_on TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id)
);
CREATE INDEX delegations_to ON delegations (city_id, to_person, to_on);
CREATE INDEX delegations_from ON delegations (city_id, from_person, to_on);
CREATE INDEX delegations_unit ON delegations (city_id, unit_id, to_on);

-- A person named in a family of matters, or recused from it by decision: every read refuses.
CREATE TABLE bars (
  city_id BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  root_id TEXT NOT NULL,
  why TEXT NOT NULL CHECK (why IN ('named', 'recused')),
  PRIMARY KEY (city_id, person_id, root_id, why)
) /*rowidless*/;
CREATE INDEX bars_root ON bars (city_id, root_id);

-- ledger ------------------------------------------------------------------------------------------------------------

CREATE TABLE logs (
  city_id BIGINT NOT NULL,
  log_id TEXT NOT NULL,
  size BIGINT NOT NULL,
  frontier BYTEA NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (city_id, log_id)
);

CREATE TABLE acts (
  city_id BIGINT NOT NULL,
  log_id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  action TEXT NOT NULL,
  matter_id TEXT DEFAULT '',
  actor_id TEXT DEFAULT '',
  salt BYTEA,
  body BYTEA,
  PRIMARY KEY (city_id, log_id, seq)
) /*rowidless*/;
CREATE INDEX acts_matter ON acts (city_id, matter_id, at);
CREATE INDEX acts_actor ON acts (city_id, actor_id, at);

CREATE TABLE log_hashes (
  city_id BIGINT NOT NULL,
  log_id TEXT NOT NULL,
  idx BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (city_id, log_id, idx)
) /*rowidless*/;

-- The covered rows of a bulk import, whose digests the act's body carries.
CREATE TABLE act_parts (
  city_id BIGINT NOT NULL,
  log_id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  n SMALLINT NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (city_id, log_id, seq, n)
);

CREATE TABLE checkpoints (
  city_id BIGINT NOT NULL,
  log_id TEXT NOT NULL,
  size BIGINT NOT NULL,
  at BIGINT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (city_id, log_id, size)
) /*rowidless*/;

CREATE TABLE idempotency (
  city_id BIGINT NOT NULL,
  actor TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  answer TEXT DEFAULT '',
  at BIGINT NOT NULL,
  PRIMARY KEY (city_id, actor, key)
) /*rowidless*/;

-- flow --------------------------------------------------------------------------------------------------------------

CREATE TABLE matters (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  no TEXT DEFAULT '',
  state TEXT NOT NULL,
  open BOOLEAN NOT NULL,
  version BIGINT NOT NULL,
  level SMALLINT NOT NULL,
  organ_city BIGINT NOT NULL,
  organ_id TEXT NOT NULL,
  county_id TEXT DEFAULT '',
  township_id TEXT DEFAULT '',
  handler_city BIGINT NOT NULL DEFAULT 0,
  handler_id TEXT DEFAULT '',
  second_id TEXT DEFAULT '',
  parent_id TEXT DEFAULT '',
  root_id TEXT NOT NULL,
  title TEXT NOT NULL,
  source TEXT DEFAULT '',
  mode TEXT DEFAULT '',
  rank TEXT DEFAULT '',
  subject TEXT DEFAULT '',
  subject_post TEXT DEFAULT '',
  received_on TEXT NOT NULL,
  opened_on TEXT NOT NULL,
  ended_on TEXT DEFAULT '',
  outcome TEXT DEFAULT '',
  due_on TEXT DEFAULT '',
  flags TEXT DEFAULT '',
  PRIMARY KEY (city_id, id)
);
CREATE INDEX matters_city ON matters (city_id, kind, received_on, id);
CREATE INDEX matters_county ON matters (city_id, kind, county_id, received_on, id);
CREATE INDEX matters_handler ON matters (city_id, kind, handler_id, received_on, id);
CREATE INDEX matters_township ON matters (city_id, kind, township_id, received_on, id);
CREATE INDEX matters_county_state ON matters (city_id, kind, county_id, state, received_on, id);
CREATE INDEX matters_state ON matters (city_id, kind, state, received_on, id);
CREATE INDEX matters_due ON matters (city_id, kind, due_on, id) WHERE due_on <> '';
CREATE INDEX matters_county_due ON matters (city_id, kind, county_id, due_on, id) WHERE due_on <> '';
CREATE INDEX matters_parent ON matters (city_id, parent_id);
CREATE INDEX matters_root ON matters (city_id, root_id);
CREATE INDEX matters_no ON matters (city_id, no);

CREATE TABLE subjects (
  city_id BIGINT NOT NULL,
  matter_id TEXT NOT NULL,
  n SMALLINT NOT NULL,
  official_id TEXT DEFAULT '',
  person_id TEXT DEFAULT '',
  name TEXT DEFAULT '',
  unit_id TEXT DEFAULT '',
  unit_text TEXT DEFAULT '',
  post TEXT DEFAULT '',
  rank TEXT DEFAULT '',
  category TEXT DEFAULT '',
  party_member BOOLEAN NOT NULL DEFAULT FALSE,
  chief BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (city_id, matter_id, n)
) /*rowidless*/;
CREATE INDEX subjects_official ON subjects (city_id, official_id);
CREATE INDEX subjects_unit ON subjects (city_id, unit_id, name);

-- raised is how it came up, asker who asked when somebody did; relation is shown to the declarant and the decider only.
CREATE TABLE recusals (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  matter_id TEXT NOT NULL,
  root_id TEXT NOT NULL,
  person_city BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  person_name TEXT NOT NULL,
  ground TEXT NOT NULL,
  raised TEXT NOT NULL CHECK (raised IN ('self', 'asked', 'ordered')),
  asker TEXT DEFAULT '',
  declarant_id TEXT NOT NULL,
  declarant_name TEXT NOT NULL,
  relation TEXT DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('declared', 'granted', 'refused')),
  declared_on TEXT NOT NULL,
  moved TEXT DEFAULT '',
  decider_id TEXT DEFAULT '',
  decider_name TEXT DEFAULT '',
  holding_id TEXT DEFAULT '',
  for_person TEXT DEFAULT '',
  decided_on TEXT DEFAULT '',
  note TEXT DEFAULT '',
  clock_id TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, matter_id) REFERENCES matters (city_id, id)
);
CREATE INDEX recusals_root ON recusals (city_id, root_id);

CREATE TABLE proposals (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  matter_id TEXT NOT NULL,
  root_id TEXT NOT NULL,
  move TEXT NOT NULL,
  input TEXT NOT NULL,
  from_state TEXT NOT NULL,
  author_id TEXT NOT NULL,
  author_unit TEXT NOT NULL,
  chain TEXT NOT NULL,
  chain_version TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'returned', 'withdrawn')),
  step SMALLINT NOT NULL,
  made_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0,
  clock_id TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, matter_id) REFERENCES matters (city_id, id)
);
CREATE INDEX proposals_open ON proposals (city_id, id) WHERE state = 'open';
CREATE INDEX proposals_matter ON proposals (city_id, matter_id, made_at);

CREATE TABLE proposal_steps (
  city_id BIGINT NOT NULL,
  proposal_id TEXT NOT NULL,
  n SMALLINT NOT NULL,
  role TEXT NOT NULL,
  seat TEXT NOT NULL,
  unit_city BIGINT NOT NULL,
  unit_id TEXT NOT NULL,
  moved TEXT DEFAULT '',
  decision TEXT DEFAULT '',
  person_id TEXT DEFAULT '',
  holding_id TEXT DEFAULT '',
  for_person TEXT DEFAULT '',
  note TEXT DEFAULT '',
  on_day TEXT DEFAULT '',
  at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (city_id, proposal_id, n),
  FOREIGN KEY (city_id, proposal_id) REFERENCES proposals (city_id, id)
) /*rowidless*/;

CREATE TABLE team (
  city_id BIGINT NOT NULL,
  matter_id TEXT NOT NULL,
  stage TEXT NOT NULL,
  person_id TEXT NOT NULL,
  root_id TEXT NOT NULL,
  lead BOOLEAN NOT NULL DEFAULT FALSE,
  from_on TEXT NOT NULL,
  to_on TEXT DEFAULT '',
  signed_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (city_id, matter_id, stage, person_id)
) /*rowidless*/;
CREATE INDEX team_person ON team (city_id, person_id, to_on);
CREATE INDEX team_root ON team (city_id, root_id);

-- A paper is kept as it was numbered; a corrected one is another that says which it replaces.
CREATE TABLE papers (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  matter_id TEXT NOT NULL,
  code TEXT NOT NULL,
  no TEXT DEFAULT '',
  issuer_id TEXT NOT NULL,
  made_on TEXT NOT NULL,
  move TEXT DEFAULT '',
  title TEXT NOT NULL,
  addressee TEXT DEFAULT '',
  copies TEXT DEFAULT '',
  body TEXT NOT NULL,
  made_by TEXT DEFAULT '',
  replaces TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, matter_id) REFERENCES matters (city_id, id)
);
CREATE INDEX papers_matter ON papers (city_id, matter_id, made_on);

CREATE TABLE counters (
  city_id BIGINT NOT NULL,
  organ_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  year BIGINT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (city_id, organ_id, kind, year)
);

-- The custody record of a file: stored is the name of its sealed content, plain the digest of what was sealed, keys those
-- it was sealed to. Where contents may not be kept, ref is its number in the system that may, and the rest is empty.
CREATE TABLE files (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  matter_id TEXT NOT NULL,
  root_id TEXT NOT NULL,
  name TEXT NOT NULL,
  ref TEXT DEFAULT '',
  size BIGINT NOT NULL,
  sealed BIGINT NOT NULL,
  stored TEXT DEFAULT '',
  plain TEXT DEFAULT '',
  suite TEXT DEFAULT '',
  keys TEXT DEFAULT '',
  added_on TEXT NOT NULL,
  added_by TEXT NOT NULL,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, matter_id) REFERENCES matters (city_id, id)
);
CREATE INDEX files_matter ON files (city_id, matter_id, id);

-- deadline ----------------------------------------------------------------------------------------------------------

CREATE TABLE clocks (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  matter_id TEXT NOT NULL,
  root_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  version TEXT NOT NULL,
  hash TEXT NOT NULL,
  length BIGINT NOT NULL,
  unit TEXT NOT NULL,
  legal BOOLEAN NOT NULL,
  start_on TEXT NOT NULL,
  due_on TEXT NOT NULL,
  provisional BOOLEAN NOT NULL DEFAULT FALSE,
  state TEXT NOT NULL CHECK (state IN ('open', 'paused', 'done', 'dropped')),
  ended_on TEXT DEFAULT '',
  owed_city BIGINT NOT NULL,
  owed_id TEXT NOT NULL,
  owed_role TEXT NOT NULL,
  about TEXT DEFAULT '',
  organ_city BIGINT NOT NULL,
  organ_id TEXT NOT NULL,
  county_id TEXT DEFAULT '',
  fire_on TEXT DEFAULT '',
  entries SMALLINT NOT NULL DEFAULT 0,
  PRIMARY KEY (city_id, id)
);
CREATE INDEX clocks_owed ON clocks (city_id, owed_id, owed_role, due_on, id) WHERE state IN ('open', 'paused');
CREATE INDEX clocks_fire ON clocks (city_id, fire_on, id) WHERE fire_on <> '';
CREATE INDEX clocks_matter ON clocks (city_id, matter_id, id);
CREATE INDEX clocks_running ON clocks (city_id, matter_id, due_on, id) WHERE state IN ('open', 'paused');
CREATE INDEX clocks_county ON clocks (city_id, county_id, due_on, id) WHERE state IN ('open', 'paused');
CREATE INDEX clocks_city ON clocks (city_id, due_on, id) WHERE state IN ('open', 'paused');

CREATE TABLE clock_entries (
  city_id BIGINT NOT NULL,
  clock_id TEXT NOT NULL,
  n SMALLINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('opened', 'paused', 'resumed', 'extended', 'retargeted', 'recomputed', 'fulfilled', 'dropped', 'reowed', 'reopened')),
  on_day TEXT NOT NULL,
  at BIGINT NOT NULL,
  length BIGINT NOT NULL DEFAULT 0,
  unit TEXT DEFAULT '',
  to_on TEXT DEFAULT '',
  reason TEXT DEFAULT '',
  PRIMARY KEY (city_id, clock_id, n),
  FOREIGN KEY (city_id, clock_id) REFERENCES clocks (city_id, id)
) /*rowidless*/;

-- The key makes each warning and each rise happen once: whoever inserts the row did it.
CREATE TABLE fires (
  city_id BIGINT NOT NULL,
  clock_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  due_on TEXT NOT NULL,
  at BIGINT NOT NULL,
  matter_id TEXT NOT NULL,
  log_id TEXT NOT NULL,
  PRIMARY KEY (city_id, clock_id, kind, due_on)
) /*rowidless*/;
CREATE INDEX fires_matter ON fires (city_id, matter_id, at);

CREATE TABLE holiday_years (
  year BIGINT NOT NULL PRIMARY KEY,
  body TEXT NOT NULL,
  imported_at BIGINT NOT NULL
);

-- measure -----------------------------------------------------------------------------------------------------------

CREATE TABLE tallies (
  city_id BIGINT NOT NULL,
  measure TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  on_day TEXT NOT NULL,
  id TEXT NOT NULL,
  dim TEXT DEFAULT '',
  matter_id TEXT DEFAULT '',
  n BIGINT NOT NULL,
  PRIMARY KEY (city_id, measure, unit_id, on_day, id)
) /*rowidless*/;
CREATE INDEX tallies_matter ON tallies (city_id, matter_id);

CREATE TABLE rollups (
  city_id BIGINT NOT NULL,
  unit_id TEXT NOT NULL,
  month TEXT NOT NULL,
  measure TEXT NOT NULL,
  dim TEXT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (city_id, unit_id, month, measure, dim)
) /*rowidless*/;

-- machinery ---------------------------------------------------------------------------------------------------------

CREATE TABLE jobs (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  tenant BIGINT NOT NULL DEFAULT 0,
  args TEXT NOT NULL,
  once TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'dead')),
  run_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  claimed_until BIGINT NOT NULL DEFAULT 0,
  trouble TEXT DEFAULT ''
);
CREATE INDEX jobs_due ON jobs (state, run_at);
CREATE UNIQUE INDEX jobs_once ON jobs (kind, once) WHERE state IN ('waiting', 'running');

CREATE TABLE seen (
  city_id BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  what TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (city_id, person_id, what)
) /*rowidless*/;

CREATE TABLE drafts (
  city_id BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  what TEXT NOT NULL,
  body TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (city_id, person_id, what)
) /*rowidless*/;

CREATE TABLE access_log (
  city_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  n BIGINT NOT NULL,
  account_id TEXT NOT NULL,
  what TEXT NOT NULL,
  PRIMARY KEY (city_id, at, n)
) /*rowidless*/;
