-- Letters that came sealed from the public side: what may be known of each while every key is locked, and what it was entered
-- as. outside is the envelope as it came without what is sealed in it; files are where its contents lie, in the letter's order.
CREATE TABLE letters (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  outside TEXT NOT NULL,
  files TEXT DEFAULT '',
  stray BOOLEAN NOT NULL DEFAULT FALSE,
  tipoff_id TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id)
) /*rowidless*/;
CREATE UNIQUE INDEX letters_name ON letters (city_id, name);
CREATE INDEX letters_tipoff ON letters (city_id, tipoff_id) WHERE tipoff_id <> '';
