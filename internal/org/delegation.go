package org

import (
	"context"
	"encoding/json"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// standIns says which kinds of post may sign for a role while its holder is away: peers, the posts above that would sign
// if nobody stood in, and in a township its deputy secretary. Administrators never do. Nor may anybody whose own paper
// waits for that signature: Delegates marks them (Candidate.Waits). What somebody writes while they stand in is signed by
// another, because a roster leaves its author out in whichever post they hold.
var standIns = map[access.Role][]string{
	access.Head:       {"office_head", "deputy", "vice"},
	access.ReviewHead: {"review_head", "vice"},
	access.Deputy:     {"vice", "principal"},
	access.Principal:  {"vice"},
}

// administrators are the three posts that never sign in a matter. Whoever holds one of them beside another post does not
// stand in either.
var administrators = []string{"sysadmin", "secadmin", "auditor"}

// Administers says whether a kind of post is one of them.
func Administers(kind string) bool { return slices.Contains(administrators, kind) }

// Delegation is one leader's authority, given to another from one day to another, both included.
type Delegation struct {
	ID       id.ID
	From     id.Key
	FromName string
	Holding  id.Key
	Post     string // kind of the post whose authority it is
	Unit     id.Key
	UnitName string // 石桥镇纪委, 第一纪检监察室
	To       id.Key
	ToName   string
	Begins   calendar.Date
	Ends     calendar.Date
	Reason   string
	Made     calendar.Date
	Revoked  calendar.Date // the day it was ended early; "" if it was not
	Version  int64
}

// Holds says whether the other has the authority on a day.
func (d Delegation) Holds(on calendar.Date) bool {
	return d.Revoked == "" && d.Begins <= on && on <= d.Ends
}

// Ahead says whether it begins later.
func (d Delegation) Ahead(on calendar.Date) bool { return d.Revoked == "" && on < d.Begins }

// Candidate is somebody who might stand in.
type Candidate struct {
	Person id.Key
	Name   string
	Post   string
	Unit   access.Unit
	Waits  bool // a paper of their own waits for this signature, so they may not stand in now
}

// leads is the actor's own post that signs, if they hold one: authority that somebody else gave them is not passed on.
func leads(who access.Actor) (access.Hat, access.Role, bool) {
	for _, h := range who.Hats {
		if h.For != "" {
			continue
		}
		for _, r := range h.Roles {
			if standIns[r] != nil {
				return h, r, true
			}
		}
	}
	return access.Hat{}, "", false
}

// Delegates lists who may lawfully stand in for the actor today, nearest post first. It is empty for somebody who signs
// nothing.
func Delegates(ctx context.Context, r db.Reader, who access.Actor, today calendar.Date) ([]Candidate, error) {
	hat, role, ok := leads(who)
	if !ok || who.City != r.City() {
		return nil, nil
	}
	desk := hat.Unit.Organ
	if role == access.Head {
		desk = hat.Unit.ID.Key
	}
	authors, err := db.Column[string](ctx, r, `SELECT q.author_id FROM clocks c JOIN proposals q ON q.city_id = c.city_id AND q.id = c.about
		WHERE c.city_id = $1 AND c.owed_id = $2 AND c.owed_role = $3 AND c.state IN ('open', 'paused') AND q.state = 'open'`, desk, string(role))
	if err != nil {
		return nil, err
	}
	b := db.Build(`SELECT p.id, p.name, h.kind, u.id, u.name, u.kind, u.level FROM holdings h
		JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
		JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id
		WHERE h.city_id = $1 AND u.organ_id = ? AND h.person_id <> ? AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?)`, hat.Unit.Organ, who.Person, today, today)
	b.In(` AND `, "h.kind", standIns[role])
	b.Add(` AND (h.kind <> 'deputy' OR h.unit_id = ?)`, hat.Unit.ID.Key)
	b.Add(` AND NOT EXISTS (SELECT 1 FROM holdings x WHERE x.city_id = h.city_id AND x.person_id = h.person_id AND (x.to_on = '' OR x.to_on > ?)`, today)
	text, args := b.In(` AND `, "x.kind", administrators).Add(`) ORDER BY p.pinyin, p.id`).SQL()
	cs, err := db.All(ctx, r, func(rows *db.Rows) (Candidate, error) {
		c := Candidate{Unit: access.Unit{ID: id.ID{City: r.City()}}}
		err := rows.Scan(&c.Person, &c.Name, &c.Post, &c.Unit.ID.Key, &c.Unit.Name, &c.Unit.Kind, &c.Unit.Level)
		c.Waits = slices.Contains(authors, c.Person)
		return c, err
	}, text, args...)
	slices.SortStableFunc(cs, func(a, b Candidate) int {
		if same(a, hat) != same(b, hat) {
			if same(a, hat) {
				return -1
			}
			return 1
		}
		return slices.Index(standIns[role], a.Post) - slices.Index(standIns[role], b.Post)
	})
	return slices.CompactFunc(cs, func(a, b Candidate) bool { return a.Person == b.Person }), err
}

func same(c Candidate, hat access.Hat) bool { return c.Unit.ID == hat.Unit.ID }

// NewDelegation is what a leader fills in before going away.
type NewDelegation struct {
	To     id.Key
	Begins calendar.Date
	Ends   calendar.Date // the last day it holds
	Reason string
}

// Delegate hands the actor's own authority to somebody who may lawfully hold it. It acts on that person's next request
// from the first day on, is visible on everything signed under it, and ends by itself.
func (s *Service) Delegate(ctx context.Context, who access.Actor, in NewDelegation) (id.ID, error) {
	hat, _, ok := leads(who)
	if !ok {
		return id.ID{}, fault.New(fault.Forbidden, "delegate.nothing")
	}
	var made id.ID
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if err := s.checkDelegation(ctx, tx, who, hat, &in); err != nil {
			return ledger.Act{}, err
		}
		made = tx.NewID()
		act := ledger.Act{Action: "delegation.make", Organ: hat.Unit.OrganID(), About: "delegation/" + made.String(), Answer: made.String(),
			Params: map[string]any{"to": in.To, "post": hat.Kind, "unit": hat.Unit.ID.String(), "begins": string(in.Begins), "ends": string(in.Ends)}}
		return act, tx.Insert(ctx, delegTable, made.Key, who.Person, hat.Holding, hat.Unit.ID.Key, in.To, in.Begins, in.Ends, in.Reason, tx.Today(), "", int64(1))
	})
	if rc.Replayed {
		made, err = id.Parse(rc.Answer)
	}
	return made, err
}

func (s *Service) checkDelegation(ctx context.Context, tx *ledger.Tx, who access.Actor, hat access.Hat, in *NewDelegation) error {
	var form typed.Form
	say := form.Say
	form.Line("reason", &in.Reason, false, reasonMax)
	begins, ends := form.Ahead("begins", in.Begins, tx.Today(), true), form.Ahead("ends", in.Ends, tx.Today(), true)
	days := begins && ends
	if days && in.Ends < in.Begins {
		say("ends", "delegate.backwards")
		days = false
	}
	cs, err := Delegates(ctx, tx, who, tx.Today())
	if err != nil {
		return err
	}
	switch i := slices.IndexFunc(cs, func(c Candidate) bool { return c.Person == in.To }); {
	case in.To == "":
		say("to", "required")
	case i < 0:
		say("to", "delegate.may_not")
	case cs[i].Waits:
		say("to", "delegate.waits")
	}
	if err := form.Err(); err != nil || !days {
		return err
	}
	// Two requests at the same moment may both pass this; each delegation is lawful by itself, and either can be ended.
	taken, err := db.Column[string](ctx, tx, `SELECT d.id FROM delegations d WHERE d.city_id = $1 AND d.from_person = $2 AND d.from_holding = $3 AND d.revoked_on = ''
		AND d.from_on <= $5 AND d.to_on >= $4`, who.Person, hat.Holding, in.Begins, in.Ends)
	if err == nil && len(taken) > 0 {
		return fault.InvalidField("begins", "delegate.overlap")
	}
	return err
}

// reasonMax is how long the reason of an absence may be, in characters: 赴市委党校学习 is enough.
const reasonMax = 60

// EndDelegation takes the authority back from today on. Whoever gave it may, and the chief of the organ.
func (s *Service) EndDelegation(ctx context.Context, who access.Actor, delegation id.ID) error {
	_, err := s.Ledger.Write(ctx, who, delegation.City, func(tx *ledger.Tx) (ledger.Act, error) {
		d, organ, err := getDelegation(ctx, tx, delegation.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		chief := who.Is(access.Principal, id.ID{City: tx.City(), Key: organ})
		switch {
		case who.Person != d.From && !chief && who.Person != d.To:
			return ledger.Act{}, fault.Hidden()
		case who.Person != d.From && !chief:
			return ledger.Act{}, fault.New(fault.Forbidden, "delegate.not_yours")
		case d.Revoked != "" || d.Ends < tx.Today():
			return ledger.Act{}, fault.New(fault.Conflict, "delegate.ended")
		}
		return ledger.Act{Action: "delegation.end", Organ: id.ID{City: tx.City(), Key: organ}, About: "delegation/" + delegation.String(), Params: map[string]any{"to": d.To}},
			tx.Update(ctx, delegTable, d.ID.Key, d.From, d.Holding, d.Unit, d.To, d.Begins, d.Ends, d.Reason, d.Made, tx.Today(), d.Version)
	})
	return err
}

const delegationCols = `d.id, d.from_person, a.name, d.from_holding, h.kind, d.unit_id, u.name, u.kind, d.to_person, b.name, d.from_on, d.to_on, d.reason, d.made_on, d.revoked_on, d.version, u.organ_id`

const delegationJoin = ` FROM delegations d JOIN holdings h ON h.city_id = d.city_id AND h.id = d.from_holding
	JOIN units u ON u.city_id = d.city_id AND u.id = d.unit_id
	JOIN people a ON a.city_id = d.city_id AND a.id = d.from_person
	JOIN people b ON b.city_id = d.city_id AND b.id = d.to_person WHERE d.city_id = $1`

func scanDelegation(city id.City, organ *id.Key) func(*db.Rows) (Delegation, error) {
	return func(rows *db.Rows) (Delegation, error) {
		d := Delegation{ID: id.ID{City: city}}
		var u access.Unit
		err := rows.Scan(&d.ID.Key, &d.From, &d.FromName, &d.Holding, &d.Post, &d.Unit, &u.Name, &u.Kind, &d.To, &d.ToName, &d.Begins, &d.Ends, &d.Reason, &d.Made, &d.Revoked, &d.Version, organ)
		d.UnitName = u.Commission()
		return d, err
	}
}

func getDelegation(ctx context.Context, r db.Reader, key id.Key) (Delegation, id.Key, error) {
	var organ id.Key
	ds, err := db.All(ctx, r, scanDelegation(r.City(), &organ), `SELECT `+delegationCols+delegationJoin+` AND d.id = $2`, key)
	if err != nil {
		return Delegation{}, "", err
	}
	if len(ds) == 0 {
		return Delegation{}, "", fault.Hidden()
	}
	return ds[0], organ, nil
}

// Delegations lists, newest first, what the actor gave and was given; for the chief of an organ, all of the organ's.
func Delegations(ctx context.Context, r db.Reader, who access.Actor, limit int) ([]Delegation, error) {
	b := db.Build(`SELECT `+delegationCols+delegationJoin+` AND (d.from_person = ? OR d.to_person = ?`, who.Person, who.Person)
	if organ := who.Unit().OrganID(); who.Is(access.Principal, organ) {
		b.Add(` OR u.organ_id = ?`, organ.Key)
	}
	text, args := b.Add(`) ORDER BY d.to_on DESC, d.id DESC LIMIT ?`, limit).SQL()
	var organ id.Key
	return db.All(ctx, r, scanDelegation(r.City(), &organ), text, args...)
}

// Signed is one thing done under a delegation.
type Signed struct {
	At     calendar.Instant
	Action string // the act's own name: clue.propose.approve
	Matter id.ID
	Kind   string
	No     string
	Title  string
}

// SignedUnder lists what somebody did for the one who delegated, newest first, as far as the reader may see the matters.
func SignedUnder(ctx context.Context, r db.Reader, who access.Actor, d Delegation, limit int) ([]Signed, error) {
	last := d.Ends
	if d.Revoked != "" && d.Revoked < last {
		last = d.Revoked
	}
	b := db.Build(`SELECT a.at, a.action, a.body, m.id, m.kind, m.no, m.title FROM acts a JOIN matters m ON m.city_id = a.city_id AND m.id = a.matter_id
		WHERE a.city_id = $1 AND a.actor_id = ? AND a.at >= ? AND a.at < ? AND (1 = 0`, d.To, int64(calendar.StartOf(d.Begins)), int64(calendar.StartOf(last.AddDays(1))))
	for _, k := range access.Reads {
		b.Add(` OR (m.kind = ?`, k.Kind)
		who.Scope(k.Perm).Where(b, "m", r.City())
		b.Add(`)`)
	}
	text, args := b.Add(`) ORDER BY a.at DESC, a.seq DESC`).SQL()
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Signed
	for len(out) < limit && rows.Next() {
		s := Signed{Matter: id.ID{City: r.City()}}
		var raw []byte
		if err := rows.Scan(&s.At, &s.Action, &raw, &s.Matter.Key, &s.Kind, &s.No, &s.Title); err != nil {
			return nil, err
		}
		var body struct {
			Params struct {
				For string `json:"for"`
			} `json:"params"`
		}
		if len(raw) == 0 {
			continue // purged by a retention rule
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			return nil, err
		}
		if body.Params.For == d.FromName {
			out = append(out, s)
		}
	}
	return out, rows.Err()
}

// Leads says whether the actor's own post signs anything, so that there is something to delegate.
func Leads(who access.Actor) bool {
	_, _, ok := leads(who)
	return ok
}
