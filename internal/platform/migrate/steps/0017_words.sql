-- What reporters said after the report, each word by the report's letter. outside is the word as it came without what is sealed
-- in it; files are where its contents lie, in its own order.
CREATE TABLE words (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  letter_id TEXT NOT NULL,
  own TEXT NOT NULL,
  outside TEXT NOT NULL,
  files TEXT DEFAULT '',
  stray BOOLEAN NOT NULL DEFAULT FALSE,
  clock_id TEXT NOT NULL,
  read_on TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, letter_id) REFERENCES letters (city_id, id)
) /*rowidless*/;
CREATE UNIQUE INDEX words_own ON words (city_id, letter_id, own);
