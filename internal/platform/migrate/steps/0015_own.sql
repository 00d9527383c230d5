-- What somebody has still to sign, and what custodians did with a key: each found among itself alone.
DROP INDEX team_person;
CREATE INDEX team_unsigned ON team (city_id, person_id) WHERE to_on = '' AND signed_at = 0 AND stage <> 'review';
CREATE INDEX acts_key ON acts (city_id, actor_id, at) WHERE action IN ('key.make', 'key.unlock', 'key.lock');
