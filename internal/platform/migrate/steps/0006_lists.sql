-- Lists narrowed to what is open, what has ended, what waits for an approval or where it came from. Without these a filter
-- that finds little walks through everything that the reader may see. The state at the end is for what waits: it is
-- looked at without reading the row.
CREATE INDEX matters_city_open ON matters (city_id, kind, open, received_on, id, state);
CREATE INDEX matters_county_open ON matters (city_id, kind, county_id, open, received_on, id, state);
CREATE INDEX matters_handler_open ON matters (city_id, kind, handler_id, open, received_on, id, state);
CREATE INDEX matters_city_source ON matters (city_id, kind, source, received_on, id);
CREATE INDEX matters_county_source ON matters (city_id, kind, county_id, source, received_on, id);

-- What an organ owes under one rule, the soonest due first: the papers that wait for its review.
CREATE INDEX clocks_owed_rule ON clocks (city_id, owed_id, rule, due_on, id) WHERE state IN ('open', 'paused');

-- People in the order they are listed in, for whoever gives out accounts.
CREATE INDEX people_pinyin ON people (city_id, pinyin, id);

-- What was counted about a matter, by measure: without it, asking of each clue whether a case came of it reads every case.
DROP INDEX tallies_matter;
CREATE INDEX tallies_matter ON tallies (city_id, matter_id, measure, on_day);
