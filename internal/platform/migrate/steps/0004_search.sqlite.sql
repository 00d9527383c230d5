-- The full-text index over texts: overlapping pairs of characters, and the scope as words of its own. Its rowid is that
-- of the row in texts; it keeps no content, the program inserts and deletes.
CREATE VIRTUAL TABLE search_fts USING fts5(body, content='', contentless_delete=1, tokenize='unicode61');
