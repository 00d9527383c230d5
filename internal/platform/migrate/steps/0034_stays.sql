-- Whoever was on the register of a unit that was merged stood there until a day: who was where is known as of any day. The last unit
-- is the official's own; a row is written when they leave one for another, and never for a village that comes to another township.
CREATE TABLE official_stays (
  city_id BIGINT NOT NULL,
  official_id TEXT NOT NULL,
  to_on TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  PRIMARY KEY (city_id, official_id, to_on),
  FOREIGN KEY (city_id, official_id) REFERENCES officials (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
) /*rowidless*/;
CREATE INDEX official_stays_unit ON official_stays (city_id, unit_id, to_on, official_id);

-- How much of a base for growth went from the merged unit to the other.
ALTER TABLE reorganisations ADD COLUMN base BIGINT NOT NULL DEFAULT 0;
