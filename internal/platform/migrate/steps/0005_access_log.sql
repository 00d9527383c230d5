-- Nothing has written the access log before this step: what it says of a row changes without a row to carry over.
ALTER TABLE access_log RENAME COLUMN account_id TO person_id;
ALTER TABLE access_log RENAME COLUMN what TO route;
ALTER TABLE access_log ADD COLUMN person_city BIGINT NOT NULL DEFAULT 0;
ALTER TABLE access_log ADD COLUMN thing TEXT NOT NULL DEFAULT '';
CREATE INDEX access_log_thing ON access_log (city_id, thing, at, n) WHERE thing <> '';
