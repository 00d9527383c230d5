-- Which entry of the register a number means: a portion of an imported register is held against its own entries alone.
CREATE INDEX officials_no ON officials (city_id, outside_no) WHERE outside_no <> '';
