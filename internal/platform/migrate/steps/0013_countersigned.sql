-- What witnesses have signed of the logs (D11): the newest of each witness and log. An older one says nothing that a
-- newer one does not.
CREATE TABLE countersignatures (
  city_id BIGINT NOT NULL,
  log_id TEXT NOT NULL,
  witness TEXT NOT NULL,
  size BIGINT NOT NULL,
  at BIGINT NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (city_id, log_id, witness)
) /*rowidless*/;
