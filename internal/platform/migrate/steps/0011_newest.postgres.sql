-- Texts of all tenants by their time: a province's search walks the newest of them, whichever city they are of.
CREATE INDEX texts_newest ON texts (matter_id);

-- How many matters of a kind stand in each state. Taken one by one, the planner thinks hardly any wait for an approval, and
-- sorts all of a city's instead of walking what is open.
CREATE STATISTICS matters_states (mcv) ON kind, state, open FROM matters;
ANALYZE matters;
