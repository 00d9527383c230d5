-- Nothing here: SQLite's search walks its one index by time already (search_rows).
SELECT 1;
