-- The full-text index over texts: overlapping pairs of characters, and the scope as words of its own. It keeps no
-- content, the program inserts and deletes. Words come ready, one blank between them: the tokenizer changes none. What
-- begins with one character is kept ready too: a term of one would otherwise gather the pairs of every text first.
CREATE VIRTUAL TABLE search_fts USING fts5(body, content='', contentless_delete=1, prefix='1', tokenize="ascii tokenchars '_'");

-- A row of the index by its number, which sorts as the matters' keys do, so that the newest are found first. Made anew
-- with the index, never carried.
CREATE TABLE search_rows (
  n INTEGER PRIMARY KEY,
  city_id BIGINT NOT NULL,
  matter_id TEXT NOT NULL,
  UNIQUE (city_id, matter_id)
);
