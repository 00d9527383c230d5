-- A second person's consent to opening who reported, once the acceptance notice has been given: asked for with a reason,
-- decided by somebody else, used once. Instants are 0 until they come.
CREATE TABLE openings (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  matter_id TEXT NOT NULL,
  asker_id TEXT NOT NULL,
  asker_name TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  moved TEXT DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('asked', 'granted', 'refused', 'withdrawn', 'used')),
  decider_id TEXT DEFAULT '',
  decider_name TEXT DEFAULT '',
  decided_at BIGINT NOT NULL DEFAULT 0,
  note TEXT DEFAULT '',
  used_at BIGINT NOT NULL DEFAULT 0,
  clock_id TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, matter_id) REFERENCES matters (city_id, id)
) /*rowidless*/;
CREATE INDEX openings_matter ON openings (city_id, matter_id);
CREATE UNIQUE INDEX openings_asked ON openings (city_id, matter_id) WHERE state = 'asked';

-- Who has known an organ's passphrase since it was last set: what was done with its key, in the organ's own log.
CREATE INDEX acts_key_log ON acts (city_id, log_id, at) WHERE action IN ('key.make', 'key.unlock', 'key.rewrap');

-- The private half of an organ's key, sealed to the organ above: what a lost passphrase is mended with. One a key, to the
-- newest key that the organ above has had.
CREATE TABLE key_copies (
  city_id BIGINT NOT NULL,
  organ_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  to_key TEXT NOT NULL,
  suite TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  made_on TEXT NOT NULL,
  PRIMARY KEY (city_id, organ_id, key_id),
  FOREIGN KEY (city_id, organ_id, key_id) REFERENCES organ_keys (city_id, organ_id, id)
);
