package flow

import (
	"context"
	"errors"
	"sort"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Dossier is what a matter's page shows but for its record (package record), read in few statements: a page asks twelve
// questions at most.
type Dossier struct {
	Matter    Matter
	Clocks    []deadline.Clock
	Entries   map[id.Key][]deadline.Entry
	Proposals []Proposal
	Team      []Member
	Subjects  []Subject
	Family    []Matter // of what the reader may see: kind, number, state, title only
	Files     []File
	Papers    []Paper
}

// File is a paper or picture kept with a matter; its content is sealed.
type File struct {
	Key   id.Key
	Name  string
	Size  int64
	Added calendar.Date
}

// Paper is an official document drafted from a matter.
type Paper struct {
	Key   id.Key
	Code  string
	No    string
	Title string
	Made  calendar.Date
}

// Open reads a matter's dossier for somebody who may see it.
func (e *Engine) Open(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (*Dossier, error) {
	m, err := Get(ctx, r, who, key)
	if err != nil {
		return nil, err
	}
	d := &Dossier{Matter: m, Entries: map[id.Key][]deadline.Entry{}}
	for _, read := range []func(context.Context, db.Reader, access.Actor) error{d.readClocks, d.readProposals, d.readParts} {
		if err := read(ctx, r, who); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *Dossier) readClocks(ctx context.Context, r db.Reader, _ access.Actor) error {
	rows, err := r.Query(ctx, `SELECT `+deadline.Columns+`, e.kind, e.on_day, e.at, e.length, e.unit, e.reason FROM clocks c
		JOIN clock_entries e ON e.city_id = c.city_id AND e.clock_id = c.id WHERE c.city_id = $1 AND c.matter_id = $2 ORDER BY c.id DESC, e.n`, d.Matter.ID.Key)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		c := deadline.Clock{ID: id.ID{City: r.City()}}
		var e deadline.Entry
		if err := rows.Scan(append(c.Dest(), &e.Kind, &e.On, &e.At, &e.Length, &e.Unit, &e.Reason)...); err != nil {
			return err
		}
		if _, ok := d.Entries[c.ID.Key]; !ok {
			d.Clocks = append(d.Clocks, c)
		}
		d.Entries[c.ID.Key] = append(d.Entries[c.ID.Key], e)
	}
	return rows.Err()
}

func (d *Dossier) readProposals(ctx context.Context, r db.Reader, _ access.Actor) (err error) {
	d.Proposals, err = Proposals(ctx, r, d.Matter.ID.Key)
	return err
}

// readParts reads team, subjects, files, papers and family as one list of lines, each kind with its own meaning of the
// columns.
func (d *Dossier) readParts(ctx context.Context, r db.Reader, who access.Actor) error {
	m := d.Matter
	b := db.Build(`SELECT 1 AS part, t.stage AS a, t.person_id AS b, p.name AS c, t.from_on AS d, t.to_on AS e, '' AS f, CASE WHEN t.lead THEN 1 ELSE 0 END AS x, t.signed_at AS y
		FROM team t JOIN people p ON p.city_id = t.city_id AND p.id = t.person_id WHERE t.city_id = $1 AND t.matter_id = ?`, m.ID.Key)
	b.Add(` UNION ALL SELECT 2, s.name, s.post, s.rank, s.unit_id, s.unit_text, s.category, s.n, CASE WHEN s.party_member THEN 1 ELSE 0 END + CASE WHEN s.chief THEN 2 ELSE 0 END
		FROM subjects s WHERE s.city_id = $1 AND s.matter_id = ?`, m.ID.Key)
	b.Add(` UNION ALL SELECT 3, f.id, f.name, f.added_on, '', '', '', 0, f.size FROM files f WHERE f.city_id = $1 AND f.matter_id = ?`, m.ID.Key)
	b.Add(` UNION ALL SELECT 4, q.id, q.code, q.no, q.title, q.made_on, '', 0, 0 FROM papers q WHERE q.city_id = $1 AND q.matter_id = ?`, m.ID.Key)
	b.Add(` UNION ALL SELECT 5, m.id, m.kind, m.no, m.state, m.title, m.received_on, 0, 0 FROM matters m WHERE m.city_id = $1 AND m.root_id = ? AND m.id <> ? AND (1 = 0`, m.Root, m.ID.Key)
	for _, k := range access.Reads {
		b.Add(` OR (m.kind = ?`, k.Kind)
		who.Scope(k.Perm).Where(b, "m", r.City())
		b.Add(`)`)
	}
	text, args := b.Add(`) ORDER BY 1, 8, 2`).SQL()
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var part int
		var s [6]string
		var x, y int64
		if err := rows.Scan(&part, &s[0], &s[1], &s[2], &s[3], &s[4], &s[5], &x, &y); err != nil {
			return err
		}
		switch part {
		case 1:
			d.Team = append(d.Team, Member{Stage: s[0], Person: s[1], Name: s[2], From: calendar.Date(s[3]), To: calendar.Date(s[4]), Lead: x == 1, Signed: calendar.Instant(y)})
		case 2:
			d.Subjects = append(d.Subjects, Subject{N: int(x), Name: s[0], Post: s[1], Rank: s[2], Unit: s[3], UnitText: s[4], Category: s[5], PartyMember: y&1 == 1, Chief: y&2 == 2})
		case 3:
			d.Files = append(d.Files, File{Key: s[0], Name: s[1], Added: calendar.Date(s[2]), Size: y})
		case 4:
			d.Papers = append(d.Papers, Paper{Key: s[0], Code: s[1], No: s[2], Title: s[3], Made: calendar.Date(s[4])})
		case 5:
			d.Family = append(d.Family, Matter{ID: id.ID{City: r.City(), Key: s[0]}, Kind: s[1], No: s[2], State: s[3], Title: s[4], Received: calendar.Date(s[5])})
		}
	}
	sort.SliceStable(d.Team, func(i, j int) bool {
		return d.Team[i].Stage < d.Team[j].Stage || d.Team[i].Stage == d.Team[j].Stage && d.Team[i].Lead && !d.Team[j].Lead
	})
	return rows.Err()
}

// Waiting is the proposal that waits for a signature now.
func (d *Dossier) Waiting() (Proposal, bool) {
	for _, p := range d.Proposals {
		if p.State == "open" && p.Move != MoveExtend && p.Move != MovePause {
			return p, true
		}
	}
	return Proposal{}, false
}

// Running lists the clocks still owed, soonest first.
func (d *Dossier) Running() []deadline.Clock {
	var out []deadline.Clock
	for _, c := range d.Clocks {
		if c.Running() {
			out = append(out, c)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Due < out[j].Due })
	return out
}

// Get reads a matter that the actor may see. Out of scope, recused from and named in read exactly as absent.
func Get(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (Matter, error) {
	m := Matter{ID: id.ID{City: r.City()}}
	b := db.Build(`SELECT `+Columns+` FROM matters m WHERE m.city_id = $1 AND m.id = ? AND (1 = 0`, key)
	for _, k := range access.Reads {
		b.Add(` OR (m.kind = ?`, k.Kind)
		who.Scope(k.Perm).One(b, "m", r.City())
		b.Add(`)`)
	}
	text, args := b.Add(`)`).SQL()
	err := r.Row(ctx, text, args...).Scan(m.Dest()...)
	if errors.Is(err, db.ErrNoRows) {
		return m, fault.Hidden()
	}
	return m, err
}
