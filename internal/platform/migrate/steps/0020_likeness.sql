-- Keyed fingerprints of sealed letters, each sealed under a secret of the organ's private key that made it: what repeats of
-- unopened letters are found by while that key is unlocked. mark tells one key's from another's.
CREATE TABLE likenesses (
  city_id BIGINT NOT NULL,
  organ_city BIGINT NOT NULL,
  organ_id TEXT NOT NULL,
  letter_id TEXT NOT NULL,
  mark TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  PRIMARY KEY (city_id, organ_city, organ_id, letter_id),
  FOREIGN KEY (city_id, letter_id) REFERENCES matters (city_id, id)
);
