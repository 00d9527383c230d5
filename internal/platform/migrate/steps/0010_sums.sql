-- Sums in the order in which they are added up: by what is counted, then when and of which kind, and by whose last. A city's
-- year is read in one go then, where its rows were sorted before.
ALTER TABLE rollups RENAME TO rollups_before;
CREATE TABLE rollups (
  city_id BIGINT NOT NULL,
  unit_id TEXT NOT NULL,
  month TEXT NOT NULL,
  measure TEXT NOT NULL,
  dim TEXT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (city_id, measure, month, dim, unit_id)
) /*rowidless*/;
INSERT INTO rollups (city_id, unit_id, month, measure, dim, n) SELECT r.city_id, r.unit_id, r.month, r.measure, r.dim, r.n FROM rollups_before r ORDER BY r.city_id, r.measure, r.month, r.dim, r.unit_id;
DROP TABLE rollups_before;

-- Cells by year as well, and of what stands now ('now'), added to as something begins and ends: open matters without a day,
-- clocks that run on the day they are due.
ALTER TABLE splits RENAME TO splits_before;
CREATE TABLE splits (
  city_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  grain TEXT NOT NULL CHECK (grain IN ('day', 'month', 'year', 'now')),
  span TEXT NOT NULL,
  county_id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  dim TEXT NOT NULL,
  mark TEXT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (city_id, name, grain, span, dim, county_id, unit_id, mark)
) /*rowidless*/;
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n) SELECT s.city_id, s.name, s.grain, s.span, s.county_id, s.unit_id, s.dim, s.mark, s.n FROM splits_before s
  ORDER BY s.city_id, s.name, s.grain, s.span, s.dim, s.county_id, s.unit_id, s.mark;
DROP TABLE splits_before;

-- The register of officials by the day somebody came into it, the day they left as the mark.
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT o.city_id, 'officials', 'day', o.from_on, o.county_id, '', '', o.to_on, COUNT(o.id) FROM officials o GROUP BY o.city_id, o.from_on, o.county_id, o.to_on;
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT s.city_id, s.name, 'month', substr(s.span, 1, 7), s.county_id, s.unit_id, s.dim, s.mark, SUM(s.n) FROM splits s WHERE s.grain = 'day' AND s.name = 'officials'
  GROUP BY s.city_id, s.name, substr(s.span, 1, 7), s.county_id, s.unit_id, s.dim, s.mark;
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT s.city_id, s.name, 'year', substr(s.span, 1, 4), s.county_id, s.unit_id, s.dim, s.mark, SUM(s.n) FROM splits s WHERE s.grain = 'month'
  GROUP BY s.city_id, s.name, substr(s.span, 1, 4), s.county_id, s.unit_id, s.dim, s.mark;
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT c.city_id, 'running', 'now', c.due_on, c.county_id, c.owed_id, c.rule, CASE WHEN c.state = 'paused' THEN 'paused' ELSE '' END, COUNT(c.id) FROM clocks c WHERE c.legal = TRUE AND c.state IN ('open', 'paused')
  GROUP BY c.city_id, c.due_on, c.county_id, c.owed_id, c.rule, CASE WHEN c.state = 'paused' THEN 'paused' ELSE '' END;
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT m.city_id, 'open.' || m.kind, 'now', '', m.county_id, m.handler_id, m.source, '', COUNT(m.id) FROM matters m WHERE m.ended_on = '' GROUP BY m.city_id, m.kind, m.county_id, m.handler_id, m.source;

-- What runs is counted by cells now; which clocks ended late is among those that ended. What runs by its day answers without the
-- rows: what is late, and which signatures wait.
DROP INDEX clocks_stock;
DROP INDEX clocks_ended_late;
DROP INDEX clocks_city;
CREATE INDEX clocks_city ON clocks (city_id, due_on, id, rule, legal, state, county_id, owed_id, start_on, matter_id) WHERE state IN ('open', 'paused');
DROP INDEX clocks_county;
CREATE INDEX clocks_county ON clocks (city_id, county_id, due_on, id, rule, legal, state, start_on, matter_id) WHERE state IN ('open', 'paused');
