-- Areas: dated sets of townships of a county, with whoever leads them. A second relation beside the tree of units.
CREATE TABLE areas (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  county_id TEXT NOT NULL,
  n SMALLINT NOT NULL,
  name TEXT NOT NULL,
  leader_id TEXT NOT NULL,
  office_id TEXT DEFAULT '',
  paper TEXT DEFAULT '',
  from_on TEXT NOT NULL,
  to_on TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, county_id) REFERENCES units (city_id, id),
  FOREIGN KEY (city_id, leader_id) REFERENCES people (city_id, id)
);
CREATE INDEX areas_county ON areas (city_id, county_id, to_on);

CREATE TABLE area_townships (
  city_id BIGINT NOT NULL,
  area_id TEXT NOT NULL,
  township_id TEXT NOT NULL,
  PRIMARY KEY (city_id, area_id, township_id),
  FOREIGN KEY (city_id, area_id) REFERENCES areas (city_id, id),
  FOREIGN KEY (city_id, township_id) REFERENCES units (city_id, id)
) /*rowidless*/;
CREATE INDEX area_townships_township ON area_townships (city_id, township_id);

-- Which townships of a county lie next to each other, as the county enters it: each pair once, the smaller key first.
CREATE TABLE township_borders (
  city_id BIGINT NOT NULL,
  unit_id TEXT NOT NULL,
  other_id TEXT NOT NULL,
  county_id TEXT NOT NULL,
  from_on TEXT NOT NULL,
  to_on TEXT DEFAULT '',
  PRIMARY KEY (city_id, unit_id, other_id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id),
  FOREIGN KEY (city_id, other_id) REFERENCES units (city_id, id)
) /*rowidless*/;
CREATE INDEX township_borders_county ON township_borders (city_id, county_id);

-- The force formula (3+X+N): slots that a county labels itself, and who fills them. No meaning is claimed for 3, X or N.
CREATE TABLE force_slots (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  county_id TEXT NOT NULL,
  n SMALLINT NOT NULL,
  label_zh TEXT NOT NULL,
  label_en TEXT DEFAULT '',
  source TEXT NOT NULL,
  least SMALLINT NOT NULL,
  most SMALLINT NOT NULL,
  rotating BOOLEAN NOT NULL DEFAULT FALSE,
  from_on TEXT NOT NULL,
  to_on TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, county_id) REFERENCES units (city_id, id)
);
CREATE INDEX force_slots_county ON force_slots (city_id, county_id, to_on);

CREATE TABLE force_places (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  slot_id TEXT NOT NULL,
  county_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  from_on TEXT NOT NULL,
  to_on TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, slot_id) REFERENCES force_slots (city_id, id),
  FOREIGN KEY (city_id, person_id) REFERENCES people (city_id, id)
);
CREATE INDEX force_places_slot ON force_places (city_id, slot_id, to_on);
CREATE INDEX force_places_county ON force_places (city_id, county_id, to_on);

-- Call-ups: people asked for and lent for a task, each a matter of that kind. for_root is the family of matters that it serves,
-- if that was said: whoever is kept from that family is not offered. began_on and back_on are the days served.
CREATE TABLE callups (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  county_id TEXT NOT NULL,
  to_id TEXT NOT NULL,
  asker_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  skills TEXT DEFAULT '',
  from_on TEXT NOT NULL,
  until_on TEXT NOT NULL,
  hours BIGINT NOT NULL DEFAULT 0,
  for_root TEXT DEFAULT '',
  person_id TEXT DEFAULT '',
  unit_id TEXT DEFAULT '',
  ordered BOOLEAN NOT NULL DEFAULT FALSE,
  began_on TEXT DEFAULT '',
  back_on TEXT DEFAULT '',
  spent BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, to_id) REFERENCES units (city_id, id)
);
CREATE INDEX callups_county ON callups (city_id, county_id, back_on);
CREATE INDEX callups_person ON callups (city_id, person_id) WHERE person_id <> '';
