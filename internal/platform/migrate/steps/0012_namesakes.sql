-- Somebody of the system's own people who has the name, or the post, of a person named in a family of matters: barred until the organ
-- above answers whether they are the same. 'same' is a bar for good (it stands in bars), 'other' none.
CREATE TABLE namesakes (
  city_id BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  root_id TEXT NOT NULL,
  matter_id TEXT NOT NULL,
  person_name TEXT NOT NULL,
  came TEXT NOT NULL CHECK (came IN ('named', 'appointed', 'post')),
  state TEXT NOT NULL CHECK (state IN ('open', 'same', 'other')),
  since_on TEXT NOT NULL,
  decider_id TEXT DEFAULT '',
  decider_name TEXT DEFAULT '',
  decided_on TEXT DEFAULT '',
  note TEXT DEFAULT '',
  clock_id TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, person_id, root_id)
) /*rowidless*/;
CREATE INDEX namesakes_root ON namesakes (city_id, root_id);
CREATE INDEX namesakes_unasked ON namesakes (city_id, clock_id, state);

-- Whoever is appointed is looked for among those named so far.
CREATE INDEX subjects_name ON subjects (city_id, name);
