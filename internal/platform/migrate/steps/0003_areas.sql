-- What each kind of matter holds beyond the common row, and the roster.

CREATE TABLE tipoffs (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  channel TEXT NOT NULL,
  named BOOLEAN NOT NULL,
  entered_on TEXT NOT NULL,
  late_reason TEXT DEFAULT '',
  from_kind TEXT DEFAULT '',
  from_no TEXT DEFAULT '',
  discipline TEXT DEFAULT '',
  summary TEXT NOT NULL,
  assigned BOOLEAN NOT NULL DEFAULT FALSE,
  main_id TEXT DEFAULT '',
  clue_id TEXT DEFAULT '',
  ground TEXT DEFAULT '',
  target TEXT DEFAULT '',
  noticed_on TEXT DEFAULT '',
  told_on TEXT DEFAULT '',
  outside_no TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id)
) /*rowidless*/;
CREATE INDEX tipoffs_main ON tipoffs (city_id, main_id);
CREATE INDEX tipoffs_clue ON tipoffs (city_id, clue_id);
CREATE INDEX tipoffs_outside ON tipoffs (city_id, outside_no);

-- Someone managed higher up, or the organ's own chief: nothing is kept here but that it was passed on, and when.
CREATE TABLE slips (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  channel TEXT NOT NULL,
  reason TEXT NOT NULL,
  to_city BIGINT NOT NULL,
  to_organ TEXT NOT NULL,
  entered_on TEXT NOT NULL,
  late_reason TEXT DEFAULT '',
  sent_on TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id)
) /*rowidless*/;

CREATE TABLE clues (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  tipoff_id TEXT DEFAULT '',
  from_kind TEXT DEFAULT '',
  from_text TEXT DEFAULT '',
  discipline TEXT DEFAULT '',
  summary TEXT NOT NULL,
  verify_note TEXT DEFAULT '',
  assigned BOOLEAN NOT NULL DEFAULT FALSE,
  disposal TEXT DEFAULT '',
  close_kind TEXT DEFAULT '',
  close_ground TEXT DEFAULT '',
  result TEXT DEFAULT '',
  untrue BOOLEAN NOT NULL DEFAULT FALSE,
  clear_answer TEXT DEFAULT '',
  inquiry_form TEXT DEFAULT '',
  disposed_on TEXT DEFAULT '',
  outside_no TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id)
) /*rowidless*/;
CREATE INDEX clues_tipoff ON clues (city_id, tipoff_id);
CREATE INDEX clues_outside ON clues (city_id, outside_no);

CREATE TABLE cases (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  clue_id TEXT DEFAULT '',
  track TEXT DEFAULT '',
  discipline TEXT DEFAULT '',
  summary TEXT NOT NULL,
  filed_on TEXT DEFAULT '',
  review_unit TEXT DEFAULT '',
  decision TEXT DEFAULT '',
  sanctions TEXT DEFAULT '',
  body TEXT DEFAULT '',
  decided_on TEXT DEFAULT '',
  delivered_on TEXT DEFAULT '',
  announced_on TEXT DEFAULT '',
  executed_on TEXT DEFAULT '',
  effect_until TEXT DEFAULT '',
  form TEXT DEFAULT '',
  untrue BOOLEAN NOT NULL DEFAULT FALSE,
  clear_answer TEXT DEFAULT '',
  outside_no TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id)
) /*rowidless*/;
CREATE INDEX cases_clue ON cases (city_id, clue_id);
CREATE INDEX cases_outside ON cases (city_id, outside_no);

-- What is searched: title, summary and names, folded to one form. The index proper is made once an engine in 0004.
CREATE TABLE texts (
  city_id BIGINT NOT NULL,
  matter_id TEXT NOT NULL,
  plain TEXT NOT NULL,
  PRIMARY KEY (city_id, matter_id)
);

-- The register of officials and the roster's other facts --------------------------------------------------------------

CREATE TABLE officials (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  county_id TEXT DEFAULT '',
  township_id TEXT DEFAULT '',
  name TEXT NOT NULL,
  pinyin TEXT DEFAULT '',
  post TEXT DEFAULT '',
  rank TEXT NOT NULL,
  category TEXT NOT NULL,
  party_member BOOLEAN NOT NULL DEFAULT FALSE,
  chief BOOLEAN NOT NULL DEFAULT FALSE,
  person_id TEXT DEFAULT '',
  from_on TEXT NOT NULL,
  to_on TEXT DEFAULT '',
  outside_no TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
);
CREATE INDEX officials_unit ON officials (city_id, unit_id, to_on, name);
CREATE INDEX officials_township ON officials (city_id, township_id, to_on);
CREATE INDEX officials_county ON officials (city_id, county_id, to_on);
CREATE INDEX officials_person ON officials (city_id, person_id);

-- Somebody put forward for a post by one person, until another confirms or refuses it; asked_as is the role of the first.
CREATE TABLE appointments (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  post_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  from_on TEXT NOT NULL,
  full_time BOOLEAN NOT NULL DEFAULT TRUE,
  acting BOOLEAN NOT NULL DEFAULT FALSE,
  paper TEXT DEFAULT '',
  asked_by TEXT NOT NULL,
  asked_name TEXT NOT NULL,
  asked_as TEXT NOT NULL,
  asked_on TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'granted', 'refused', 'withdrawn')),
  decided_by TEXT DEFAULT '',
  decided_name TEXT DEFAULT '',
  decided_on TEXT DEFAULT '',
  note TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, post_id) REFERENCES posts (city_id, id),
  FOREIGN KEY (city_id, person_id) REFERENCES people (city_id, id)
);
CREATE UNIQUE INDEX appointments_open ON appointments (city_id, post_id) WHERE state = 'open';
CREATE INDEX appointments_post ON appointments (city_id, post_id);

CREATE TABLE official_bases (
  city_id BIGINT NOT NULL,
  unit_id TEXT NOT NULL,
  on_day TEXT NOT NULL,
  n BIGINT NOT NULL,
  basis TEXT DEFAULT '',
  PRIMARY KEY (city_id, unit_id)
) /*rowidless*/;

CREATE TABLE organ_sizes (
  city_id BIGINT NOT NULL,
  unit_id TEXT NOT NULL,
  on_day TEXT NOT NULL,
  authorised BIGINT NOT NULL,
  actual BIGINT NOT NULL,
  PRIMARY KEY (city_id, unit_id, on_day)
) /*rowidless*/;

CREATE TABLE careers (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  from_on TEXT NOT NULL,
  to_on TEXT DEFAULT '',
  discipline BOOLEAN NOT NULL,
  what TEXT NOT NULL,
  unit_id TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, person_id) REFERENCES people (city_id, id)
);
CREATE INDEX careers_person ON careers (city_id, person_id, from_on);

CREATE TABLE duties (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  holding_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  what TEXT NOT NULL,
  assigned_by TEXT DEFAULT '',
  paper TEXT DEFAULT '',
  hours BIGINT NOT NULL DEFAULT 0,
  village_id TEXT DEFAULT '',
  from_on TEXT NOT NULL,
  to_on TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, holding_id) REFERENCES holdings (city_id, id)
);
CREATE INDEX duties_unit ON duties (city_id, unit_id, to_on);
CREATE INDEX duties_holding ON duties (city_id, holding_id);

CREATE TABLE workgroups (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  name TEXT NOT NULL,
  set_up_by TEXT DEFAULT '',
  responsible TEXT DEFAULT '',
  head_holding TEXT DEFAULT '',
  role TEXT NOT NULL,
  from_on TEXT NOT NULL,
  to_on TEXT DEFAULT '',
  PRIMARY KEY (city_id, id)
);
CREATE INDEX workgroups_unit ON workgroups (city_id, unit_id, to_on);
