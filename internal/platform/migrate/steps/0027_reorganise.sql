-- Changes of what units there are (merged into another, moved under another, renamed): put forward by one person, confirmed
-- by another. into_id is the unit that takes over, or the new superior; name the new name. The days before stay as they were.
CREATE TABLE reorganisations (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('merge', 'move', 'rename')),
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
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
);
CREATE INDEX reorganisations_unit ON reorganisations (city_id, unit_id, id);
CREATE INDEX reorganisations_into ON reorganisations (city_id, into_id, id);
CREATE UNIQUE INDEX reorganisations_open ON reorganisations (city_id, unit_id) WHERE state = 'open';
