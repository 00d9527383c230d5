-- What a unit had running on an earlier day are the legal days it ended since.
CREATE INDEX clocks_ended_owed ON clocks (city_id, owed_id, ended_on) WHERE legal = TRUE AND state = 'done';
