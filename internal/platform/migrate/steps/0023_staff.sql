-- A vacant post of a township's establishment that the county owes to fill: a matter of the county. since_on is the first day
-- nobody held it; appointment_id is who is put forward, '' for nobody.
CREATE TABLE vacancies (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  post_id TEXT NOT NULL,
  since_on TEXT NOT NULL,
  appointment_id TEXT DEFAULT '',
  closed_on TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, post_id) REFERENCES posts (city_id, id)
) /*rowidless*/;
CREATE UNIQUE INDEX vacancies_open ON vacancies (city_id, post_id) WHERE closed_on = '';
CREATE INDEX vacancies_post ON vacancies (city_id, post_id);

-- Somebody long in such a post, who in principle moves on: a matter of the county. until_on is up to when the county keeps them
-- on, '' when nothing was said of it.
CREATE TABLE rotations (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  holding_id TEXT NOT NULL,
  until_on TEXT DEFAULT '',
  closed_on TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, holding_id) REFERENCES holdings (city_id, id)
) /*rowidless*/;
CREATE UNIQUE INDEX rotations_open ON rotations (city_id, holding_id) WHERE closed_on = '';
CREATE INDEX rotations_holding ON rotations (city_id, holding_id);

-- What the county commission answered before somebody was appointed to (about_id is the appointment) or moved from (about_id is
-- the holding) a post of a township's establishment.
CREATE TABLE consents (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  what TEXT NOT NULL CHECK (what IN ('appoint', 'move')),
  about_id TEXT NOT NULL,
  given BOOLEAN NOT NULL,
  paper TEXT DEFAULT '',
  note TEXT DEFAULT '',
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  on_day TEXT NOT NULL,
  PRIMARY KEY (city_id, id)
) /*rowidless*/;
CREATE INDEX consents_about ON consents (city_id, about_id);

-- A change of the register of officials that a unit has filed, until the county has confirmed it: a matter of the county.
-- official_id is '' for somebody to be added until they are.
CREATE TABLE filings (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  what TEXT NOT NULL CHECK (what IN ('add', 'post', 'leave')),
  unit_id TEXT NOT NULL,
  official_id TEXT DEFAULT '',
  name TEXT NOT NULL,
  post TEXT DEFAULT '',
  rank TEXT DEFAULT '',
  category TEXT DEFAULT '',
  party_member BOOLEAN NOT NULL DEFAULT FALSE,
  on_day TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  closed_on TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
) /*rowidless*/;
CREATE INDEX filings_unit ON filings (city_id, unit_id, id);
CREATE UNIQUE INDEX filings_open ON filings (city_id, official_id) WHERE closed_on = '' AND official_id <> '';

-- A person's page finds what they were put forward for.
CREATE INDEX appointments_person ON appointments (city_id, person_id);
