-- Lists of the six haves: issued by a province or a city, adopted or adapted below, each by its issuer in the issuer's tenant.
-- from_* is the list that it was made from, '' for the rulebook's own.
CREATE TABLE have_lists (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  issuer_id TEXT NOT NULL,
  level SMALLINT NOT NULL,
  name TEXT NOT NULL,
  from_city BIGINT NOT NULL DEFAULT 0,
  from_id TEXT DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('draft', 'issued', 'replaced')),
  made_on TEXT NOT NULL,
  issued_on TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id)
);
CREATE INDEX have_lists_issuer ON have_lists (city_id, issuer_id, id);
CREATE INDEX have_lists_from ON have_lists (city_id, from_id);

-- how is what became of the line of the list it was made from: as it is, changed, dropped (and then asked of nobody), or added.
CREATE TABLE have_lines (
  city_id BIGINT NOT NULL,
  list_id TEXT NOT NULL,
  code TEXT NOT NULL,
  n BIGINT NOT NULL,
  have TEXT NOT NULL,
  zh TEXT NOT NULL,
  en TEXT DEFAULT '',
  kind TEXT NOT NULL CHECK (kind IN ('yes', 'number', 'date', 'measure', 'later')),
  least BIGINT NOT NULL DEFAULT 0,
  measure TEXT DEFAULT '',
  evidence_zh TEXT DEFAULT '',
  evidence_en TEXT DEFAULT '',
  owes TEXT NOT NULL CHECK (owes IN ('city', 'county', 'township')),
  how TEXT NOT NULL CHECK (how IN ('as_is', 'changed', 'added', 'dropped')),
  PRIMARY KEY (city_id, list_id, code),
  FOREIGN KEY (city_id, list_id) REFERENCES have_lists (city_id, id),
  CHECK (NOT (owes = 'township' AND have IN ('force', 'funds')))
) /*rowidless*/;

CREATE TABLE have_rounds (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  county_id TEXT NOT NULL,
  list_id TEXT NOT NULL,
  name TEXT NOT NULL,
  opened_on TEXT NOT NULL,
  due_on TEXT NOT NULL,
  closed_on TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, list_id) REFERENCES have_lists (city_id, id)
);
CREATE INDEX have_rounds_county ON have_rounds (city_id, county_id, opened_on, id);

-- What a township said of a line, and what the county's check made of it. met is what follows from the value, found what the
-- check found, '' until then.
CREATE TABLE have_answers (
  city_id BIGINT NOT NULL,
  round_id TEXT NOT NULL,
  township_id TEXT NOT NULL,
  code TEXT NOT NULL,
  have TEXT NOT NULL,
  value TEXT NOT NULL,
  met BOOLEAN NOT NULL,
  evidence TEXT DEFAULT '',
  said_on TEXT NOT NULL,
  checked TEXT DEFAULT '' CHECK (checked IN ('', 'agrees', 'differs', 'not_yet')),
  reason TEXT DEFAULT '',
  found TEXT DEFAULT '' CHECK (found IN ('', 'met', 'unmet')),
  checked_on TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, round_id, township_id, code),
  FOREIGN KEY (city_id, round_id) REFERENCES have_rounds (city_id, id)
) /*rowidless*/;
CREATE INDEX have_answers_town ON have_answers (city_id, township_id, round_id);

-- What a township lacks: a matter of the county, owed by the level that the line names.
CREATE TABLE gaps (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  round_id TEXT NOT NULL,
  township_id TEXT NOT NULL,
  code TEXT NOT NULL,
  have TEXT NOT NULL,
  owes TEXT NOT NULL,
  wanted TEXT NOT NULL,
  budget BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, round_id) REFERENCES have_rounds (city_id, id)
) /*rowidless*/;
CREATE INDEX gaps_town ON gaps (city_id, township_id, code);
CREATE INDEX gaps_round ON gaps (city_id, round_id);
