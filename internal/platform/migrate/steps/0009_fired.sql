-- Warnings and what rose, in cells as the other sums are (0007): counted by day and rule for whoever owes the clock, instead
-- of a year of fires joined to their clocks. The day is counted from the instant four years at a time: d are days since
-- 1968-03-01, y years, e the day and m the month within that year.
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT z.city_id, z.name, 'day', substr(z.k, 1, 4) || '-' || substr(z.k, 5, 2) || '-' || substr(z.k, 7, 2), z.county_id, z.owed_id, z.rule, '', SUM(z.n) FROM (
    SELECT v.city_id, v.name, v.county_id, v.owed_id, v.rule, v.n, CAST((1968 + (12 * v.y + v.m + 2) / 12) * 10000 + ((12 * v.y + v.m + 2) % 12 + 1) * 100 + v.e - (153 * v.m + 2) / 5 + 1 AS TEXT) AS k FROM (
      SELECT w.city_id, w.name, w.county_id, w.owed_id, w.rule, w.n, w.y, w.e, (5 * w.e + 2) / 153 AS m FROM (
        SELECT x.city_id, x.name, x.county_id, x.owed_id, x.rule, x.n, (4 * x.d + 3) / 1461 AS y, x.d - 1461 * ((4 * x.d + 3) / 1461) / 4 AS e FROM (
          SELECT f.city_id, CASE WHEN f.kind = 'rise' THEN 'fired.risen' ELSE 'fired.warned' END AS name, c.county_id, c.owed_id, c.rule, (f.at / 1000000 + 28800) / 86400 + 671 AS d, COUNT(f.clock_id) AS n
          FROM fires f CROSS JOIN clocks c WHERE c.city_id = f.city_id AND c.id = f.clock_id AND f.kind <> 'late'
          GROUP BY f.city_id, CASE WHEN f.kind = 'rise' THEN 'fired.risen' ELSE 'fired.warned' END, c.county_id, c.owed_id, c.rule, (f.at / 1000000 + 28800) / 86400 + 671) x) w) v) z
  GROUP BY z.city_id, z.name, z.k, z.county_id, z.owed_id, z.rule;
INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
  SELECT s.city_id, s.name, 'month', substr(s.span, 1, 7), s.county_id, s.unit_id, s.dim, s.mark, SUM(s.n) FROM splits s WHERE s.grain = 'day' AND s.name IN ('fired.risen', 'fired.warned')
  GROUP BY s.city_id, s.name, substr(s.span, 1, 7), s.county_id, s.unit_id, s.dim, s.mark;
