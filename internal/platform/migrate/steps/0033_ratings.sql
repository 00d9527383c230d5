-- A township's part in a round of the six haves: a matter. Those of rounds that are open already are made by the program (haves.Tend).
CREATE TABLE ratings (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  round_id TEXT NOT NULL,
  township_id TEXT NOT NULL,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, round_id) REFERENCES have_rounds (city_id, id),
  FOREIGN KEY (city_id, township_id) REFERENCES units (city_id, id)
) /*rowidless*/;
CREATE UNIQUE INDEX ratings_town ON ratings (city_id, round_id, township_id);
