-- Reporters who asked the organ above to watch over them: in the tenant of the organ that watches, with nothing of the report or
-- of the organ that has it. What was asked is sealed to organ_id, and gone once it has ended. name is what its reporter finds it
-- by, reply the key that answers are sealed to; both are '' for what was asked at a counter.
CREATE TABLE watches (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  organ_id TEXT NOT NULL,
  name TEXT DEFAULT '',
  reply TEXT DEFAULT '',
  from_on TEXT NOT NULL,
  until_on TEXT NOT NULL,
  suite TEXT NOT NULL,
  keys TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  ended_on TEXT DEFAULT '',
  why TEXT DEFAULT '' CHECK (why IN ('', 'withdrawn', 'lapsed')),
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id)
);
CREATE UNIQUE INDEX watches_name ON watches (city_id, name) WHERE name <> '';
CREATE INDEX watches_on ON watches (city_id, organ_id, id) WHERE ended_on = '';
CREATE INDEX watches_until ON watches (city_id, until_on) WHERE ended_on = '';

-- What such a watch has noticed: a matter in the register of the organ that watches. What it says is one of its envelopes.
CREATE TABLE alerts (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  watch_id TEXT NOT NULL,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, watch_id) REFERENCES watches (city_id, id)
) /*rowidless*/;
CREATE INDEX alerts_watch ON alerts (city_id, watch_id);

-- People in the register who have a name.
CREATE INDEX officials_name ON officials (city_id, name);
