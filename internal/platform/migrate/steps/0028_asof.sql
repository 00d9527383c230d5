-- Units as of a day are found by the code they had then, and by what they lay under.
CREATE INDEX unit_attrs_code ON unit_attrs (city_id, code, from_on);
CREATE INDEX unit_attrs_superior ON unit_attrs (city_id, superior_id, from_on);
