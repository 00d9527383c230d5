-- A unit is split: a part of its villages comes under a new one (parts, keys with spaces between; name and code are the new
-- unit's, into_id too once it is there). SQLite changes no CHECK, so the table is made anew.
CREATE TABLE reorganisations_new (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('merge', 'move', 'rename', 'split')),
  unit_id TEXT NOT NULL,
  into_id TEXT DEFAULT '',
  name TEXT DEFAULT '',
  on_day TEXT NOT NULL,
  paper TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_name TEXT NOT NULL,
  asked_on TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'granted', 'refused', 'withdrawn')),
  decided_by TEXT DEFAULT '',
  decided_name TEXT DEFAULT '',
  decided_on TEXT DEFAULT '',
  note TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  code TEXT DEFAULT '',
  parts TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
);
INSERT INTO reorganisations_new (city_id, id, kind, unit_id, into_id, name, on_day, paper, asked_by, asked_name, asked_on, state, decided_by, decided_name, decided_on, note, version)
  SELECT city_id, id, kind, unit_id, into_id, name, on_day, paper, asked_by, asked_name, asked_on, state, decided_by, decided_name, decided_on, note, version FROM reorganisations;
DROP TABLE reorganisations;
ALTER TABLE reorganisations_new RENAME TO reorganisations;
CREATE INDEX reorganisations_unit ON reorganisations (city_id, unit_id, id);
CREATE INDEX reorganisations_into ON reorganisations (city_id, into_id, id);
CREATE UNIQUE INDEX reorganisations_open ON reorganisations (city_id, unit_id) WHERE state = 'open';
