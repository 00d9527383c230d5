-- The destruction of what reports brought, once it has been kept as long as it must: asked for by one, decided by another.
-- contents are the names that sealed contents lay under, so that they can be removed again should they come back. Instants are
-- 0 until they come.
CREATE TABLE destructions (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  matter_id TEXT NOT NULL,
  asker_id TEXT NOT NULL,
  asker_name TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('asked', 'refused', 'withdrawn', 'done')),
  decider_id TEXT DEFAULT '',
  decider_name TEXT DEFAULT '',
  decided_at BIGINT NOT NULL DEFAULT 0,
  note TEXT DEFAULT '',
  contents TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, matter_id) REFERENCES matters (city_id, id)
) /*rowidless*/;
CREATE INDEX destructions_matter ON destructions (city_id, matter_id);
CREATE UNIQUE INDEX destructions_asked ON destructions (city_id, matter_id) WHERE state = 'asked';
CREATE INDEX destructions_done ON destructions (city_id) WHERE state = 'done';
