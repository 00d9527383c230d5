package duty

import (
	"context"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// Sum is what is filed in one township, and how its last month stands.
type Sum struct {
	Town   access.Unit
	Duties int
	Leave  int
	Look   int
	State  string // of the last month that was asked for; "" where none was
	Late   bool
}

// County sums up the townships of a county on a day, in the order of codes.
func (s *Service) County(ctx context.Context, r db.Reader, county id.Key, on calendar.Date) ([]Sum, error) {
	towns, err := org.TownshipsOn(ctx, r, county, on)
	if err != nil {
		return nil, err
	}
	ds, err := db.All(ctx, r, scanDuty, `SELECT `+dutyCols+dutyFrom+` JOIN units u ON u.city_id = d.city_id AND u.id = d.unit_id WHERE d.city_id = $1 AND u.county_id = $2 AND u.kind = 'township'
		AND d.from_on <= $3 AND (d.to_on = '' OR d.to_on > $3) AND h.from_on <= $3 AND (h.to_on = '' OR h.to_on > $3)`, county, on)
	if err != nil {
		return nil, err
	}
	type last struct {
		unit  id.Key
		state string
		due   calendar.Date
	}
	months, err := db.All(ctx, r, func(rows *db.Rows) (x last, err error) { return x, rows.Scan(&x.unit, &x.state, &x.due) },
		`SELECT c.unit_id, CASE WHEN m.ended_on > $3 THEN 'open' ELSE m.state END, CASE WHEN m.ended_on > $3 THEN COALESCE((SELECT MAX(k.due_on) FROM clocks k WHERE k.city_id = m.city_id AND k.matter_id = m.id AND k.rule = '`+RuleConfirm+`'), '') ELSE m.due_on END FROM confirmations c JOIN units u ON u.city_id = c.city_id AND u.id = c.unit_id JOIN matters m ON m.city_id = c.city_id AND m.id = c.id
		WHERE c.city_id = $1 AND u.county_id = $2 AND c.month = (SELECT MAX(x.month) FROM confirmations x JOIN matters n ON n.city_id = x.city_id AND n.id = x.id WHERE x.city_id = c.city_id AND x.unit_id = c.unit_id AND n.opened_on <= $3)`, county, on)
	if err != nil {
		return nil, err
	}
	out := make([]Sum, len(towns))
	at := map[id.Key]*Sum{}
	for i, t := range towns {
		out[i].Town = t
		at[t.ID.Key] = &out[i]
	}
	for _, d := range ds {
		x := at[d.Unit]
		if x == nil {
			continue
		}
		x.Duties++
		if d.DecidedOn > on { // nobody had decided yet
			d.Decided = ""
		}
		switch d.Judged(s.Rules, on).Verdict {
		case Leave:
			x.Leave++
		case Look:
			x.Look++
		}
	}
	for _, m := range months {
		if x := at[m.unit]; x != nil {
			x.State, x.Late = m.state, m.due != "" && m.due < on
		}
	}
	return out, nil
}

// UnderOrder are the duties of a township that an open order names, or one that a leader lifted.
func UnderOrder(ctx context.Context, r db.Reader, unit id.Key) (map[id.Key]bool, error) {
	keys, err := db.Column[id.Key](ctx, r, `SELECT x.duty_id FROM orders o JOIN order_duties x ON x.city_id = o.city_id AND x.order_id = o.id JOIN matters m ON m.city_id = o.city_id AND m.id = o.id
		WHERE o.city_id = $1 AND o.unit_id = $2 AND (m.open = TRUE OR m.state = 'lifted')`, unit)
	out := map[id.Key]bool{}
	for _, k := range keys {
		out[k] = true
	}
	return out, err
}

// ToConfirm is the month that a township has yet to confirm; false for none. The caller has seen the township.
func ToConfirm(ctx context.Context, r db.Reader, unit id.Key) (m Month, ok bool, err error) {
	m.Matter.ID.City = r.City()
	all, err := db.All(ctx, r, func(rows *db.Rows) (m Month, err error) {
		m.Matter.ID.City = r.City()
		return m, rows.Scan(&m.Matter.ID.Key, &m.Month)
	}, `SELECT c.id, c.month FROM confirmations c JOIN matters m ON m.city_id = c.city_id AND m.id = c.id WHERE c.city_id = $1 AND c.unit_id = $2 AND m.state = 'open' ORDER BY c.month DESC LIMIT 1`, unit)
	if err != nil || len(all) == 0 {
		return m, false, err
	}
	return all[0], true, nil
}

// Names are the names of units by key.
func Names(ctx context.Context, r db.Reader, keys map[id.Key]string) (map[id.Key]string, error) {
	list := make([]string, 0, len(keys))
	for k := range keys {
		list = append(list, k)
	}
	us, err := access.Units(ctx, r, list)
	out := map[id.Key]string{}
	for k, u := range us {
		out[k] = u.Name
	}
	return out, err
}

// Task reads a task of a township that the actor may see.
func (s *Service) Task(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (Task, access.Unit, error) {
	t, err := task(ctx, r, key, r.Now().Date())
	if err != nil {
		return t, access.Unit{}, err
	}
	town, err := s.Town(ctx, r, who, t.Unit)
	return t, town, err
}

// Handed is a task that a department took back, to be looked for on the spot.
type Handed struct {
	HandBack
	Matter id.Key
}

// HandedBack lists the tasks that departments took back from a township and that are not known to have crept back.
func HandedBack(ctx context.Context, r db.Reader, unit id.Key) ([]Handed, error) {
	return db.All(ctx, r, func(rows *db.Rows) (h Handed, err error) {
		return h, rows.Scan(append(h.dest(), &h.Matter)...)
	}, `SELECT `+handBackCols+`, b.id FROM handbacks b JOIN matters m ON m.city_id = b.city_id AND m.id = b.id WHERE b.city_id = $1 AND b.unit_id = $2 AND m.state IN ('received', 'verified') ORDER BY b.received_on DESC, b.id`, unit)
}

// FoundOf are the inspections that looked at a hand-back, the latest first, each with what it found of it alone.
func FoundOf(ctx context.Context, r db.Reader, handback id.Key) ([]Inspection, error) {
	return db.All(ctx, r, func(rows *db.Rows) (x Inspection, err error) {
		x.Findings = []Finding{{HandBack: handback}}
		return x, rows.Scan(&x.ID, &x.On, &x.Findings[0].Found, &x.Findings[0].Note)
	}, `SELECT i.id, i.on_day, f.found, f.note FROM inspection_findings f JOIN inspections i ON i.city_id = f.city_id AND i.id = f.inspection_id WHERE f.city_id = $1 AND f.handback_id = $2 ORDER BY i.on_day DESC, i.id DESC`, handback)
}

// Compared is what is filed beside a finding.
type Compared struct {
	What       string
	PostKind   string
	Hours      int64
	Department string
	Received   calendar.Date
	State      string // of the deviation
}

// Beside reads what is filed beside each finding of an inspection, in their order.
func Beside(ctx context.Context, r db.Reader, x Inspection) ([]Compared, error) {
	return db.All(ctx, r, func(rows *db.Rows) (c Compared, err error) {
		return c, rows.Scan(&c.What, &c.PostKind, &c.Hours, &c.Department, &c.Received, &c.State)
	}, `SELECT COALESCE(d.what, b.what, f.note), COALESCE(h.kind, ''), COALESCE(g.hours, 0), COALESCE(b.department, ''), COALESCE(b.received_on, ''), COALESCE(m.state, '') FROM inspection_findings f
		LEFT JOIN duties d ON d.city_id = f.city_id AND d.id = f.duty_id LEFT JOIN holdings h ON h.city_id = d.city_id AND h.id = d.holding_id LEFT JOIN duty_filings g ON g.city_id = d.city_id AND g.id = d.id
		LEFT JOIN handbacks b ON b.city_id = f.city_id AND b.id = f.handback_id LEFT JOIN matters m ON m.city_id = f.city_id AND m.id = f.deviation_id
		WHERE f.city_id = $1 AND f.inspection_id = $2 ORDER BY f.n`, x.ID)
}

// Listed is an inspection in a list.
type Listed struct {
	Inspection
	Town    string
	Differs int
}

// Inspections lists the inspections of the townships that the actor may see, the latest first; next goes on after the last one.
func (s *Service) Inspections(ctx context.Context, r db.Reader, who access.Actor, after string, limit int) (out []Listed, next string, err error) {
	var differs []string
	for _, t := range s.Rules.Terms("inspection_found", r.Now().Date()) {
		if t.Attrs["differs"] == "yes" {
			differs = append(differs, t.Code)
		}
	}
	b := db.Build(`SELECT i.id, i.unit_id, i.on_day, i.undisclosed, i.inspectors, i.looked, u.name, (SELECT COUNT(f.n) FROM inspection_findings f WHERE f.city_id = i.city_id AND f.inspection_id = i.id`)
	b.In(` AND `, "f.found", differs).Add(`) FROM inspections i JOIN units u ON u.city_id = i.city_id AND u.id = i.unit_id WHERE i.city_id = $1`)
	if after != "" {
		day, key, ok := strings.Cut(after, "_")
		if !ok || !calendar.Date(day).Valid() || !id.ValidKey(key) {
			return nil, "", fault.InvalidField("after", "cursor")
		}
		b.Add(` AND (i.on_day, i.id) < (?, ?)`, day, key)
	}
	u := who.Unit()
	sc := who.Scope(access.DutyRead)
	switch {
	case u.Kind == "township" && sc.Handles(u.ID):
		b.Add(` AND i.unit_id = ?`, u.ID.Key)
	case !sc.Covers(u):
		return nil, "", nil // an office's people see no township's
	default:
		measure.Query{Unit: u}.Under(b, "u.county_id", "u.id", "u.id")
	}
	text, args := b.Add(` ORDER BY i.on_day DESC, i.id DESC LIMIT ?`, limit+1).SQL()
	out, err = db.All(ctx, r, func(rows *db.Rows) (l Listed, err error) {
		return l, rows.Scan(&l.ID, &l.Unit, &l.On, &l.Undisclosed, &l.Inspectors, &l.Looked, &l.Town, &l.Differs)
	}, text, args...)
	if len(out) > limit {
		out = out[:limit]
		next = string(out[limit-1].On) + "_" + out[limit-1].ID
	}
	return out, next, err
}
