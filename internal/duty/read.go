package duty

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Duty is something the holder of a post is made to do besides, with its filing where the county has entered one.
type Duty struct {
	ID         id.Key
	Unit       id.Key
	Holding    id.Key
	Post       id.Key
	PostKind   string
	Name       string // of whoever holds the post
	FullTime   bool   // by appointment
	Kind       string
	What       string
	AssignedBy string
	Paper      string
	Weekly     int64  // hours a week, as a table brought them; 0 for none
	Village    string // its name, and Place its key, for a stationed village
	Place      id.Key
	From       calendar.Date
	To         calendar.Date // the day from which it is no more; "" while it is
	Filed      bool
	Part       string
	PaperOn    calendar.Date
	Hours      int64 // a month, as filed
	FiledOn    calendar.Date
	filedBy    id.Key
	Decided    string
	Why        string // of the decision
	DecidedOn  calendar.Date
	Version    int64
}

const dutyCols = `d.id, d.unit_id, d.holding_id, h.post_id, h.kind, p.name, h.full_time, d.kind, d.what, d.assigned_by, d.paper, d.hours, COALESCE(v.name, ''), d.village_id, d.from_on, d.to_on,
	COALESCE(f.id, '') <> '', COALESCE(f.part, ''), COALESCE(f.paper_on, ''), COALESCE(f.hours, 0), COALESCE(f.filed_on, ''), COALESCE(f.filed_by, ''), COALESCE(f.judged, ''), COALESCE(f.judged_why, ''), COALESCE(f.judged_on, ''), COALESCE(f.version, 0)`

const dutyFrom = ` FROM duties d` + dutyJoins

const dutyJoins = ` JOIN holdings h ON h.city_id = d.city_id AND h.id = d.holding_id JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
	LEFT JOIN duty_filings f ON f.city_id = d.city_id AND f.id = d.id LEFT JOIN units v ON v.city_id = d.city_id AND v.id = d.village_id`

func scanDuty(rows *db.Rows) (d Duty, err error) { return d, rows.Scan(d.dest()...) }

func (d *Duty) dest() []any {
	return []any{&d.ID, &d.Unit, &d.Holding, &d.Post, &d.PostKind, &d.Name, &d.FullTime, &d.Kind, &d.What, &d.AssignedBy, &d.Paper, &d.Weekly, &d.Village, &d.Place, &d.From, &d.To,
		&d.Filed, &d.Part, &d.PaperOn, &d.Hours, &d.FiledOn, &d.filedBy, &d.Decided, &d.Why, &d.DecidedOn, &d.Version}
}

// Duties lists what the holders of a township's posts have done besides in a period, those of posts that ended before it left out.
func Duties(ctx context.Context, r db.Reader, unit id.Key, from, to calendar.Date) ([]Duty, error) {
	return db.All(ctx, r, scanDuty, `SELECT `+dutyCols+dutyFrom+` WHERE d.city_id = $1 AND d.unit_id = $2 AND d.from_on <= $4 AND (d.to_on = '' OR d.to_on > $3)
		AND h.from_on <= $4 AND (h.to_on = '' OR h.to_on > $3) ORDER BY h.kind DESC, h.id, d.kind, d.id`, unit, from, to)
}

// Get reads a duty. The caller has seen its unit.
func Get(ctx context.Context, r db.Reader, key id.Key) (d Duty, err error) {
	return d, one(r.Row(ctx, `SELECT `+dutyCols+dutyFrom+` WHERE d.city_id = $1 AND d.id = $2`, key).Scan(d.dest()...))
}

// Judged is what a duty is judged today: by the county's decision where the rulebook leaves it to one, else by the rule.
func (d Duty) Judged(book *rulebook.Book, on calendar.Date) Judgement {
	part := d.Part
	if part == "" {
		part = PartMain // what a table brought says no part: whoever is given it does it
	}
	j := Judge(book, Asked{d.Kind, d.PostKind, part, d.FullTime}, on)
	if j.Verdict == Look && d.Decided != "" {
		j.Verdict = d.Decided
	}
	return j
}

// Does is what a duty is: for a stationed village its name.
func (d Duty) Does() string { return cmp.Or(d.Village, d.What) }

// Last is a duty's last day; "" while none is known.
func (d Duty) Last() calendar.Date {
	if d.To == "" {
		return ""
	}
	return d.To.AddDays(-1)
}

// MonthHours is how many hours a month a duty takes, as filed; of one that a table brought, its hours a week over the month's weeks
// of working days. known is false where nobody has said.
func (d Duty) MonthHours(workdays int) (hours int64, known bool) {
	switch {
	case d.Filed:
		return d.Hours, true
	case d.Weekly > 0:
		return (d.Weekly*int64(workdays) + 2) / 5, true // five working days are a week
	}
	return 0, false
}

// Task is work that a township's commission takes a part in.
type Task struct {
	ID         id.Key
	Unit       id.Key
	Name       string
	GivenBy    string
	Department string
	Part       string
	Head       id.Key // holding; "" for nobody of the commission
	HeadName   string
	HeadPost   string
	Work       string // of the list duty_work; "" for what a table brought
	Paper      string
	From       calendar.Date
	To         calendar.Date
	HandBack   id.Key // the hand-back it is on, if there is one that has not ended
}

const taskCols = `g.id, g.unit_id, g.name, g.set_up_by, g.responsible, g.role, g.head_holding, COALESCE(p.name, ''), COALESCE(h.kind, ''), COALESCE(t.work, ''), COALESCE(t.paper, ''), g.from_on, g.to_on, COALESCE(m.id, '')`

const taskFrom = ` FROM workgroups g LEFT JOIN tasks t ON t.city_id = g.city_id AND t.id = g.id
	LEFT JOIN holdings h ON h.city_id = g.city_id AND h.id = g.head_holding AND h.from_on <= $3 AND (h.to_on = '' OR h.to_on > $3) LEFT JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
	LEFT JOIN handbacks b ON b.city_id = g.city_id AND b.task_id = g.id LEFT JOIN matters m ON m.city_id = b.city_id AND m.id = b.id AND m.open = TRUE`

func (t *Task) dest() []any {
	return []any{&t.ID, &t.Unit, &t.Name, &t.GivenBy, &t.Department, &t.Part, &t.Head, &t.HeadName, &t.HeadPost, &t.Work, &t.Paper, &t.From, &t.To, &t.HandBack}
}

// TasksAt lists the work groups and tasks of a township on a day.
func TasksAt(ctx context.Context, r db.Reader, unit id.Key, on calendar.Date) ([]Task, error) {
	all, err := db.All(ctx, r, func(rows *db.Rows) (t Task, err error) { return t, rows.Scan(t.dest()...) },
		`SELECT `+taskCols+taskFrom+` WHERE g.city_id = $1 AND g.unit_id = $2 AND g.from_on <= $3 AND (g.to_on = '' OR g.to_on > $3) ORDER BY g.name, g.id`, unit, on)
	var out []Task
	for _, t := range all { // a task that was kept once and is handed back again has two hand-backs
		if n := len(out); n > 0 && out[n-1].ID == t.ID {
			if t.HandBack != "" {
				out[n-1].HandBack = t.HandBack
			}
			continue
		}
		out = append(out, t)
	}
	return out, err
}

// task reads one.
func task(ctx context.Context, r db.Reader, key id.Key, on calendar.Date) (t Task, err error) {
	return t, one(r.Row(ctx, `SELECT `+taskCols+taskFrom+` WHERE g.city_id = $1 AND g.id = $2 AND g.from_on <= $3 ORDER BY m.id DESC LIMIT 1`, key, on).Scan(t.dest()...))
}

// Seat is a post of a township's establishment that somebody holds.
type Seat struct {
	Holding  id.Key
	Post     id.Key
	Kind     string
	Name     string
	FullTime bool
	From     calendar.Date
	To       calendar.Date
}

// Seats lists who held the posts of a township's establishment in a period, those who only stood in left out.
func Seats(ctx context.Context, r db.Reader, unit id.Key, from, to calendar.Date) ([]Seat, error) {
	b := db.Build(`SELECT h.id, h.post_id, h.kind, p.name, h.full_time, h.from_on, h.to_on FROM holdings h JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
		WHERE h.city_id = $1 AND h.unit_id = ? AND h.acting = FALSE AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?)`, unit, to, from)
	text, args := b.In(` AND `, "h.kind", org.Establishment).Add(` ORDER BY h.from_on, h.id`).SQL()
	seats, err := db.All(ctx, r, func(rows *db.Rows) (s Seat, err error) {
		return s, rows.Scan(&s.Holding, &s.Post, &s.Kind, &s.Name, &s.FullTime, &s.From, &s.To)
	}, text, args...)
	slices.SortStableFunc(seats, func(x, y Seat) int {
		return slices.Index(org.Establishment, x.Kind) - slices.Index(org.Establishment, y.Kind)
	})
	return seats, err
}

// Committee is what the Party committee of a township is called.
func Committee(town access.Unit) string {
	if strings.HasSuffix(town.Name, "街道") {
		return town.Name + "党工委"
	}
	return town.Name + "党委"
}
