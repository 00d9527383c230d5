-- A check on the spot: by whom, of which unit, at what it looked. by_unit is the commission, organ or office it was entered for.
CREATE TABLE checks (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  on_day TEXT NOT NULL,
  kind TEXT NOT NULL,
  field TEXT NOT NULL,
  looked TEXT NOT NULL,
  checkers TEXT NOT NULL,
  result TEXT NOT NULL,
  by_unit TEXT NOT NULL,
  made_on TEXT NOT NULL,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id),
  FOREIGN KEY (city_id, by_unit) REFERENCES units (city_id, id)
) /*rowidless*/;
CREATE INDEX checks_unit ON checks (city_id, unit_id, on_day, id);
CREATE INDEX checks_day ON checks (city_id, on_day, id);

-- Which of the unit's officials it reached, by their kind; nobody is named. unit_id and on_day are the check's; by_unit is whose
-- commission went: a check by an office is its organ's.
CREATE TABLE check_reach (
  city_id BIGINT NOT NULL,
  check_id TEXT NOT NULL,
  category TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  on_day TEXT NOT NULL,
  by_unit TEXT NOT NULL,
  PRIMARY KEY (city_id, check_id, category),
  FOREIGN KEY (city_id, check_id) REFERENCES checks (city_id, id)
) /*rowidless*/;
CREATE INDEX check_reach_unit ON check_reach (city_id, unit_id, category, on_day, by_unit);
CREATE INDEX check_reach_day ON check_reach (city_id, on_day, unit_id, category, by_unit);

-- How many officials of a kind a unit has, from the index alone.
CREATE INDEX officials_kind ON officials (city_id, unit_id, category, to_on, from_on, person_id);
