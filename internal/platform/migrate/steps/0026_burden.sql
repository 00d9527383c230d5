-- What is asked of townships: one row for the townships of one county. by_* is who asks; by_id is '' for somebody outside the
-- tree of units, by_level 9 for the program itself, whose asks rest on a rule. A held ask would pass the county's cap and
-- waits for its chief; it is in no sum. once keeps what the program asks by itself from being entered twice.
CREATE TABLE asks (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  county_id TEXT NOT NULL,
  by_city BIGINT NOT NULL,
  by_id TEXT DEFAULT '',
  by_name TEXT NOT NULL,
  by_level SMALLINT NOT NULL,
  rule TEXT DEFAULT '',
  once TEXT DEFAULT '',
  what TEXT NOT NULL,
  basis TEXT NOT NULL,
  minutes BIGINT NOT NULL,
  asked_on TEXT NOT NULL,
  due_on TEXT NOT NULL,
  towns BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('held', 'standing', 'refused')),
  made_by TEXT DEFAULT '',
  over_why TEXT DEFAULT '',
  decided_by TEXT DEFAULT '',
  decided_name TEXT DEFAULT '',
  decided_on TEXT DEFAULT '',
  decided_why TEXT DEFAULT '',
  used TEXT DEFAULT '',
  used_on TEXT DEFAULT '',
  ended_on TEXT DEFAULT '',
  ended_why TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id)
);
CREATE INDEX asks_county ON asks (city_id, county_id, asked_on, id);
CREATE INDEX asks_by ON asks (city_id, by_id, asked_on, id);
CREATE INDEX asks_due ON asks (city_id, due_on, id);
CREATE INDEX asks_held ON asks (city_id, county_id, id) WHERE state = 'held';
CREATE UNIQUE INDEX asks_once ON asks (city_id, county_id, once) WHERE once <> '';

CREATE TABLE ask_towns (
  city_id BIGINT NOT NULL,
  ask_id TEXT NOT NULL,
  township_id TEXT NOT NULL,
  PRIMARY KEY (city_id, ask_id, township_id),
  FOREIGN KEY (city_id, ask_id) REFERENCES asks (city_id, id)
) /*rowidless*/;
CREATE INDEX ask_towns_town ON ask_towns (city_id, township_id, ask_id);

-- What a township was asked and is not on the account: a matter that the county answers.
CREATE TABLE unlisted (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  asker TEXT NOT NULL,
  what TEXT NOT NULL,
  minutes BIGINT NOT NULL,
  asked_on TEXT NOT NULL,
  ask_id TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id)
) /*rowidless*/;
