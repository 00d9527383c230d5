-- The full-text index over texts: overlapping pairs of characters, and the scope as words of its own.
ALTER TABLE texts ADD COLUMN words TSVECTOR;
-- Without the list of pending entries: whoever searched would read it through until the next vacuum.
CREATE INDEX texts_words ON texts USING GIN (words) WITH (fastupdate = off);
