-- Texts of all tenants by their time: a province's search walks the newest of them, whichever city they are of.
CREATE INDEX texts_newest ON texts (matter_id);
