-- What is filed of a duty beyond the fact itself: the part taken, the day of the paper, hours a month, and what the county decided
-- where the rulebook leaves it to be looked at. id is the duty's.
CREATE TABLE duty_filings (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  part TEXT NOT NULL,
  paper_on TEXT NOT NULL,
  hours BIGINT NOT NULL,
  filed_on TEXT NOT NULL,
  filed_by TEXT NOT NULL,
  judged TEXT DEFAULT '' CHECK (judged IN ('', 'allowed', 'leave')),
  judged_why TEXT DEFAULT '',
  judged_on TEXT DEFAULT '',
  judged_by TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES duties (city_id, id)
) /*rowidless*/;

-- A township's confirmation of a month (YYYY-MM): a matter.
CREATE TABLE confirmations (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  month TEXT NOT NULL,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
) /*rowidless*/;
CREATE UNIQUE INDEX confirmations_month ON confirmations (city_id, unit_id, month);

-- What was confirmed: the hours of each duty in the month …
CREATE TABLE duty_months (
  city_id BIGINT NOT NULL,
  unit_id TEXT NOT NULL,
  month TEXT NOT NULL,
  duty_id TEXT NOT NULL,
  hours BIGINT NOT NULL,
  PRIMARY KEY (city_id, unit_id, month, duty_id),
  FOREIGN KEY (city_id, duty_id) REFERENCES duties (city_id, id)
) /*rowidless*/;

-- … and what that leaves of the working hours of each post that somebody held.
CREATE TABLE post_months (
  city_id BIGINT NOT NULL,
  unit_id TEXT NOT NULL,
  month TEXT NOT NULL,
  post_id TEXT NOT NULL,
  working BIGINT NOT NULL,
  besides BIGINT NOT NULL,
  PRIMARY KEY (city_id, unit_id, month, post_id),
  FOREIGN KEY (city_id, post_id) REFERENCES posts (city_id, id)
) /*rowidless*/;

-- What is said of a work group or task beyond the fact itself: the field of work, and the paper it was given by. id is the group's.
CREATE TABLE tasks (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  work TEXT NOT NULL,
  paper TEXT DEFAULT '',
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES workgroups (city_id, id)
) /*rowidless*/;

-- A task on its way back to the department whose duty it is: a matter. task_id is its row among the work groups while there is
-- one: none where it was refused at entry.
CREATE TABLE handbacks (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  task_id TEXT DEFAULT '',
  what TEXT NOT NULL,
  department TEXT NOT NULL,
  given_by TEXT DEFAULT '',
  paper TEXT DEFAULT '',
  part TEXT NOT NULL,
  reason TEXT NOT NULL,
  refused BOOLEAN NOT NULL DEFAULT FALSE,
  received_on TEXT DEFAULT '',
  crept_on TEXT DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
) /*rowidless*/;
CREATE INDEX handbacks_unit ON handbacks (city_id, unit_id, received_on);
CREATE INDEX handbacks_task ON handbacks (city_id, task_id) WHERE task_id <> '';

-- The order to the Party committee that assigned duties to end them: a matter; and the duties.
CREATE TABLE orders (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  committee TEXT NOT NULL,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
) /*rowidless*/;
CREATE INDEX orders_unit ON orders (city_id, unit_id);

CREATE TABLE order_duties (
  city_id BIGINT NOT NULL,
  order_id TEXT NOT NULL,
  duty_id TEXT NOT NULL,
  PRIMARY KEY (city_id, order_id, duty_id),
  FOREIGN KEY (city_id, order_id) REFERENCES orders (city_id, id),
  FOREIGN KEY (city_id, duty_id) REFERENCES duties (city_id, id)
) /*rowidless*/;
CREATE INDEX order_duties_duty ON order_duties (city_id, duty_id);

-- An inspection on the spot, announced or not, and what was found beside each filing. A finding is of a duty, of a hand-back, or of
-- what is in no filing; deviation_id is the matter that came of it.
CREATE TABLE inspections (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  on_day TEXT NOT NULL,
  undisclosed BOOLEAN NOT NULL,
  inspectors TEXT NOT NULL,
  looked TEXT NOT NULL,
  made_on TEXT NOT NULL,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, unit_id) REFERENCES units (city_id, id)
) /*rowidless*/;
CREATE INDEX inspections_unit ON inspections (city_id, unit_id, on_day, id);
CREATE INDEX inspections_day ON inspections (city_id, on_day, id);

CREATE TABLE inspection_findings (
  city_id BIGINT NOT NULL,
  inspection_id TEXT NOT NULL,
  n BIGINT NOT NULL,
  duty_id TEXT DEFAULT '',
  handback_id TEXT DEFAULT '',
  found TEXT NOT NULL,
  note TEXT DEFAULT '',
  deviation_id TEXT DEFAULT '',
  PRIMARY KEY (city_id, inspection_id, n),
  FOREIGN KEY (city_id, inspection_id) REFERENCES inspections (city_id, id)
) /*rowidless*/;

CREATE INDEX inspection_findings_handback ON inspection_findings (city_id, handback_id) WHERE handback_id <> '';

-- What differs from what was filed: a matter. duty_id is '' for what is not filed.
CREATE TABLE deviations (
  city_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  unit_id TEXT NOT NULL,
  inspection_id TEXT NOT NULL,
  duty_id TEXT DEFAULT '',
  found TEXT NOT NULL,
  PRIMARY KEY (city_id, id),
  FOREIGN KEY (city_id, id) REFERENCES matters (city_id, id),
  FOREIGN KEY (city_id, inspection_id) REFERENCES inspections (city_id, id)
) /*rowidless*/;
CREATE INDEX deviations_duty ON deviations (city_id, duty_id) WHERE duty_id <> '';
