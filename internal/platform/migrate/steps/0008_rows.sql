-- The rows behind a number, a page at a time in the order they are listed in: what a flow counted by day; legal duties by
-- the day they were due; what fired, by its time.
CREATE INDEX tallies_flow ON tallies (city_id, measure, on_day, id, unit_id);
CREATE INDEX clocks_legal ON clocks (city_id, due_on, id, county_id, owed_id) WHERE legal = TRUE;
CREATE INDEX fires_at ON fires (city_id, at, clock_id, kind);

-- What stands on a day, from indexes alone: legal duties that run, and those that ended since that day; matters that are
-- open, and those that ended since.
CREATE INDEX clocks_stock ON clocks (city_id, county_id, rule, due_on, start_on, state, owed_id) WHERE legal = TRUE AND state IN ('open', 'paused');
CREATE INDEX clocks_ended ON clocks (city_id, ended_on) WHERE legal = TRUE AND state = 'done';
CREATE INDEX matters_ended ON matters (city_id, kind, ended_on, county_id, handler_id, source, opened_on);
