-- The full-text index over texts: overlapping pairs of characters, and the scope as words of its own.
ALTER TABLE texts ADD COLUMN words TSVECTOR;
CREATE INDEX texts_words ON texts USING GIN (words);
