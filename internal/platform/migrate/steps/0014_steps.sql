-- How many days each step took, in cells as the other sums are: of how many the mean is. The sums themselves are rollups.
DELETE FROM splits WHERE substr(name, 1, 6) = 'steps.';
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT t.city_id, 'steps.' || m.kind, 'day', t.on_day, '', t.unit_id, t.dim, '', COUNT(t.id) FROM tallies t JOIN matters m ON m.city_id = t.city_id AND m.id = t.matter_id
  WHERE t.measure IN ('tipoff.step_days', 'clue.step_days', 'case.step_days') AND t.measure = m.kind || '.step_days' AND t.dim <> '' GROUP BY t.city_id, m.kind, t.on_day, t.unit_id, t.dim;
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT s.city_id, s.name, 'month', substr(s.span, 1, 7), '', s.unit_id, s.dim, '', SUM(s.n) FROM splits s WHERE s.grain = 'day' AND substr(s.name, 1, 6) = 'steps.'
  GROUP BY s.city_id, s.name, substr(s.span, 1, 7), s.unit_id, s.dim;
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT s.city_id, s.name, 'year', substr(s.span, 1, 4), '', s.unit_id, s.dim, '', SUM(s.n) FROM splits s WHERE s.grain = 'month' AND substr(s.name, 1, 6) = 'steps.'
  GROUP BY s.city_id, s.name, substr(s.span, 1, 4), s.unit_id, s.dim;
