-- Shares whose parts are known when they are written: of the matters counted by a flow those that a condition holds for,
-- of the legal clocks that ended those that ended in time. A cell is a day, or a month, of a unit; mark is the day from
-- which its matters count ('0': from the beginning, '': they do not). What a report says of a year is read from these,
-- however many matters there are. measure.CheckSplits holds them against the rows.
CREATE TABLE splits (
  city_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  grain TEXT NOT NULL CHECK (grain IN ('day', 'month')),
  span TEXT NOT NULL,
  county_id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  dim TEXT NOT NULL,
  mark TEXT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (city_id, name, grain, span, county_id, unit_id, dim, mark)
) /*rowidless*/;

-- Matters that a share counts more than once, so that a period can count them once.
CREATE TABLE recounts (
  city_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  matter_id TEXT NOT NULL,
  PRIMARY KEY (city_id, name, matter_id)
) /*rowidless*/;

INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT c.city_id, 'kept.' || x.kind, 'day', c.due_on, c.county_id, c.owed_id, c.rule, CASE WHEN c.ended_on <= c.due_on THEN '0' ELSE '' END, COUNT(c.id)
  FROM clocks c JOIN matters x ON x.city_id = c.city_id AND x.id = c.matter_id WHERE c.state = 'done' AND c.legal = TRUE
  GROUP BY c.city_id, x.kind, c.due_on, c.county_id, c.owed_id, c.rule, CASE WHEN c.ended_on <= c.due_on THEN '0' ELSE '' END;
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT t.city_id, 'clue.by_channel', 'day', t.on_day, '', t.unit_id, COALESCE(o.channel, t.dim), '', SUM(t.n)
  FROM tallies t LEFT JOIN clues c ON c.city_id = t.city_id AND c.id = t.matter_id LEFT JOIN tipoffs o ON o.city_id = c.city_id AND o.id = c.tipoff_id
  WHERE t.measure = 'clue.opened' AND t.n <> 0 GROUP BY t.city_id, t.on_day, t.unit_id, COALESCE(o.channel, t.dim);
-- The kind of k is hidden from the planner: by its parent there are few, by its kind half of everything.
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT y.city_id, y.name, 'day', y.on_day, '', y.unit_id, '', y.mark, SUM(y.n) FROM (
    SELECT t.city_id, 'clue.self_found_share' AS name, t.on_day, t.unit_id, CASE WHEN x.source = 'found' THEN '0' ELSE '' END AS mark, t.n
      FROM tallies t JOIN matters x ON x.city_id = t.city_id AND x.id = t.matter_id WHERE t.measure = 'clue.opened' AND t.n <> 0
    UNION ALL
    SELECT t.city_id, 'clue.filed_per_disposed', t.on_day, t.unit_id, COALESCE((SELECT MIN(f.on_day) FROM matters k CROSS JOIN tallies f
        WHERE k.city_id = t.city_id AND k.parent_id = t.matter_id AND k.kind || '' = 'case' AND f.city_id = k.city_id AND f.matter_id = k.id AND f.measure = 'case.filed' AND f.n <> 0), ''), t.n
      FROM tallies t WHERE t.measure = 'clue.disposed' AND t.n <> 0
    UNION ALL
    SELECT t.city_id, 'clue.returned_share', t.on_day, t.unit_id, CASE WHEN EXISTS (SELECT 1 FROM proposals p WHERE p.city_id = t.city_id AND p.matter_id = t.matter_id AND p.state = 'returned') THEN '0' ELSE '' END, t.n
      FROM tallies t WHERE t.measure = 'clue.disposed' AND t.n <> 0
    UNION ALL
    SELECT t.city_id, 'case.township_share', t.on_day, t.unit_id, CASE WHEN EXISTS (SELECT 1 FROM units u WHERE u.city_id = x.city_id AND u.id = x.handler_id AND u.kind = 'township') THEN '0' ELSE '' END, t.n
      FROM tallies t JOIN matters x ON x.city_id = t.city_id AND x.id = t.matter_id WHERE t.measure = 'case.filed' AND t.n <> 0
    UNION ALL
    SELECT t.city_id, 'case.returned_share', t.on_day, t.unit_id, CASE WHEN EXISTS (SELECT 1 FROM tallies f WHERE f.city_id = t.city_id AND f.matter_id = t.matter_id AND f.measure = 'case.returned' AND f.n <> 0) THEN '0' ELSE '' END, t.n
      FROM tallies t WHERE t.measure = 'case.decided' AND t.n <> 0) y
  GROUP BY y.city_id, y.name, y.on_day, y.unit_id, y.mark;
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT s.city_id, s.name, 'month', substr(s.span, 1, 7), s.county_id, s.unit_id, s.dim, s.mark, SUM(s.n) FROM splits s WHERE s.grain = 'day'
  GROUP BY s.city_id, s.name, substr(s.span, 1, 7), s.county_id, s.unit_id, s.dim, s.mark;
INSERT INTO recounts (city_id, name, matter_id)
  SELECT t.city_id, s.name, t.matter_id FROM tallies t JOIN (SELECT 'clue.disposed' AS tally, 'clue.filed_per_disposed' AS name UNION ALL SELECT 'clue.disposed', 'clue.returned_share'
    UNION ALL SELECT 'clue.opened', 'clue.self_found_share' UNION ALL SELECT 'case.filed', 'case.township_share' UNION ALL SELECT 'case.decided', 'case.returned_share') s ON s.tally = t.measure
  WHERE t.n <> 0 GROUP BY t.city_id, s.name, t.matter_id HAVING COUNT(t.id) > 1;

-- Legal clocks that ended after their day: what stood late on a day of the past is among those that ended since.
CREATE INDEX clocks_ended_late ON clocks (city_id, ended_on, due_on) WHERE legal = TRUE AND state = 'done' AND ended_on > due_on;

-- How many officials a county has on a day, from the index alone.
DROP INDEX officials_county;
CREATE INDEX officials_county ON officials (city_id, county_id, to_on, from_on);
