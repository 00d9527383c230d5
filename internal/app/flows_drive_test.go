package app_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/org/staffing"
	"qianshao/internal/platform/db"
	"qianshao/internal/reprisal"
)

// driver makes moves from nothing but their tables: it fills in whatever a move asks for, finds who may make it and who
// signs it, and checks after every step what holds after any step.
type driver struct {
	*apptest.World
	t      *testing.T
	people []string // everybody, by what they are called
	actors map[string]access.Actor
	seen   map[id.Key]sight
	made   map[string]bool // moves that came to be: clue.propose, and clue.propose:close for where a fork led
	forge  bool            // try every move with forged values first
}

// sight is what a matter was when it was last looked at.
type sight struct {
	state, outcome string
	version        int64
}

func drive(t *testing.T, d *db.DB) *driver {
	t.Helper()
	w := &driver{World: apptest.New(t, d), t: t, actors: map[string]access.Actor{}, seen: map[id.Key]sight{}, made: map[string]bool{}}
	for k := range w.Who {
		w.people = append(w.people, k)
		w.actors[k] = w.As(k)
	}
	slices.Sort(w.people)
	return w
}

func (d *driver) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *driver) read(m id.ID) db.Reader { return d.App.DB.In(m.City) }

func (d *driver) move(m flow.Matter, name string) *flow.Move {
	d.t.Helper()
	t, _ := d.App.Engine.Table(m.Kind)
	mv, ok := t.Move(name)
	if !ok {
		d.t.Fatalf("%s has no move %s", m.Kind, name)
	}
	return mv
}

// asked says whether a field that depends on another is asked for with what has been filled in.
func asked(f flow.Field, in vals) bool {
	if f.When == nil {
		return true
	}
	v := in.Str(f.When.Field)
	return len(f.When.In) == 0 && v != "" || slices.Contains(f.When.In, v)
}

// fill answers everything that a move asks for and that is not among what is wanted: the first of what may be chosen, as
// many people as it takes, today, a word.
func (d *driver) fill(m flow.Matter, who string, mv *flow.Move, want vals) (vals, []flow.Field) {
	d.t.Helper()
	in := vals{}
	maps.Copy(in, want)
	fields, err := d.App.Engine.Asked(apptest.Ctx, d.read(m.ID), &m, mv.Fields)
	d.must(err)
	var used []flow.Field
	for _, f := range fields {
		if !asked(f, in) {
			continue
		}
		used = append(used, f)
		if len(in[f.Name]) > 0 || !f.Must {
			continue
		}
		switch f.Kind {
		case flow.Line, flow.Para:
			in[f.Name] = []string{"按规定办理。"}
		case flow.Day:
			in[f.Name] = []string{string(d.App.DB.Today())}
		case flow.Count:
			in[f.Name] = []string{"1"}
		default:
			opts, err := d.App.Engine.Options(apptest.Ctx, d.read(m.ID), d.actors[who], &m, f, d.App.DB.Today())
			d.must(err)
			n := max(f.Min, 1)
			if len(opts) < n {
				d.t.Fatalf("%s.%s: %s offers %d to choose from, and %d are asked for", m.Kind, mv.Name, f.Name, len(opts), n)
			}
			for _, o := range opts[:n] {
				in[f.Name] = append(in[f.Name], o.Code)
			}
		}
	}
	return in, used
}

// stage is the team that makes a team's moves.
var stage = map[string]string{"clue": flow.StageVerify, "case": flow.StageInvestigate}

// team are the people of a matter's team of the stage, those who have yet to sign first.
func (d *driver) team(m flow.Matter) []string {
	d.t.Helper()
	ms, err := flow.Team(apptest.Ctx, d.read(m.ID), m.ID.Key)
	d.must(err)
	var open, signed []string
	for _, k := range d.people {
		for _, x := range ms {
			switch {
			case x.Person != d.Who[k].Person || x.To != "" || x.Stage != stage[m.Kind]:
			case x.Signed == 0:
				open = append(open, k)
			default:
				signed = append(signed, k)
			}
		}
	}
	return append(open, signed...)
}

// may names everybody who stands in one of the relations that a move asks for.
func (d *driver) may(m flow.Matter, mv *flow.Move) []string {
	d.t.Helper()
	at := func(unit id.ID, roles ...access.Role) (out []string) {
		for _, k := range d.people {
			if slices.ContainsFunc(roles, func(r access.Role) bool { return d.actors[k].Is(r, unit) }) {
				out = append(out, k)
			}
		}
		return out
	}
	var out []string
	for _, b := range mv.By {
		if b == flow.ByHandler && m.Is(flow.FlagTownship) && m.Kind+"."+mv.Name == "clue.send_letter" {
			b = flow.BySupervision // a letter of inquiry goes out in the county's name
		}
		switch b {
		case flow.ByTeam:
			out = append(out, d.team(m)...)
		case flow.ByHandler:
			out = append(out, at(m.Handler, access.Handler, access.Head)...)
		case flow.ByHead:
			out = append(out, at(m.Handler, access.Head)...)
		case flow.ByIntake:
			out = append(out, at(m.Organ, access.Intake)...)
		case flow.BySupervision:
			out = append(out, at(m.Organ, access.Supervision)...)
		case flow.ByReview:
			out = append(out, at(m.Organ, access.Review)...)
		case flow.ByDeputy:
			out = append(out, at(m.Organ, access.Deputy)...)
		case flow.ByPrincipal:
			out = append(out, at(m.Organ, access.Principal)...)
		case flow.ByPersonnel:
			out = append(out, at(m.Organ, access.Personnel)...)
		case flow.BySuperior:
			up := "city"
			if m.Kind == reprisal.Kind {
				up = "province" // it stands with the city
			}
			out = append(out, at(d.Units[up].ID, access.Principal, access.Deputy, access.Observer, access.Intake, access.Supervision)...)
			out = slices.DeleteFunc(out, func(k string) bool { return !d.actors[k].Can(access.ReadOf(m.Kind)) })
		}
	}
	return out
}

// make makes a move by whoever may, and signs all the way whatever has to be signed.
func (d *driver) make(m id.ID, name string, want vals) flow.Done {
	d.t.Helper()
	done := d.propose(m, name, want)
	if done.Proposal != "" {
		done = d.sign(m)
	}
	return done
}

// propose makes a move, or its proposal where it needs approval.
func (d *driver) propose(m id.ID, name string, want vals) flow.Done {
	d.t.Helper()
	x := d.Matter(m)
	mv := d.move(x, name)
	may := d.may(x, mv)
	if len(may) == 0 {
		d.t.Fatalf("nobody may make %s.%s of a matter that %s handles", x.Kind, name, x.Handler)
	}
	who := may[0]
	in, fields := d.fill(x, who, mv, want)
	if !d.made[x.Kind+"."+name] {
		d.offered(x, who, name)
		if d.forge {
			d.forged(x, who, mv, fields, in)
		}
	}
	done, err := d.App.Engine.Do(apptest.Ctx, d.actors[who], m, x.Version, name, in)
	if err != nil {
		d.t.Fatalf("%s makes %s.%s in %s with %v: %v", who, x.Kind, name, x.State, in, err)
	}
	action := x.Kind + "." + name
	switch {
	case mv.Chain == "":
		d.did(x.Kind, mv, in)
	case done.Proposal == "" || done.State != cmp.Or(mv.Via, x.State):
		d.t.Errorf("%s needs approval, and is %s without a proposal", action, done.State)
	default:
		action += ".propose"
	}
	d.after(x, done, action)
	return done
}

func (d *driver) did(kind string, mv *flow.Move, in vals) {
	d.made[kind+"."+mv.Name] = true
	if mv.Fork != nil {
		d.made[kind+"."+mv.Name+":"+in.Str(mv.Fork.Field)] = true
	}
}

// sign gives every signature that the open proposal of a matter waits for; the author tries first, each time.
func (d *driver) sign(m id.ID) flow.Done {
	d.t.Helper()
	var done flow.Done
	for p := open(d.t, d.World, m); ; {
		x := d.Matter(m)
		if d.move(x, p.Move).Chain != p.Chain {
			d.t.Errorf("%s is signed by %s", p.Move, p.Chain)
		}
		step := p.Steps[p.Step]
		dec := flow.Decision{Approve: true}
		if flow.Records(step.Role) {
			dec.Note, dec.On = "批示〔2026〕1号", d.App.DB.Today()
		}
		var hands []string
		for _, k := range d.people {
			a := d.actors[k]
			switch {
			case a.Person == p.Author:
				if _, err := d.App.Engine.Decide(apptest.Ctx, a, p.ID, x.Version, dec); fault.Code(err) != "approve.own" {
					d.t.Errorf("%s proposed %s.%s and signs it: %v", k, x.Kind, p.Move, err)
				}
			case a.Is(step.Seat, step.Unit):
				hands = append(hands, k)
			}
		}
		if len(hands) == 0 {
			d.t.Fatalf("%s.%s waits for %s (%s) at %s, where nobody is", x.Kind, p.Move, step.Seat, step.Role, step.Unit)
		}
		var err error
		if done, err = d.App.Engine.Decide(apptest.Ctx, d.actors[hands[0]], p.ID, x.Version, dec); err != nil {
			d.t.Fatalf("%s signs %s.%s as %s: %v", hands[0], x.Kind, p.Move, step.Role, err)
		}
		if done.Proposal == "" {
			d.did(x.Kind, d.move(x, p.Move), p.In)
		}
		d.after(x, done, x.Kind+"."+p.Move+".approve")
		if done.Proposal == "" {
			d.signed(m, p)
			return done
		}
		p = open(d.t, d.World, m)
	}
}

// signed checks who gave the signatures of a proposal that came to be.
func (d *driver) signed(m id.ID, was flow.Proposal) {
	d.t.Helper()
	ps, err := flow.Proposals(apptest.Ctx, d.read(m), m.Key)
	d.must(err)
	for _, p := range ps {
		if p.ID != was.ID {
			continue
		}
		if p.State != "approved" {
			d.t.Errorf("%s is %s after its last signature", p.Move, p.State)
		}
		for _, s := range p.Steps {
			if s.Decision != "approved" || s.Person == "" || s.Person == p.Author || s.For == p.Author {
				d.t.Errorf("step %s of %s: %s by %q, proposed by %q", s.Role, p.Move, s.Decision, s.Person, p.Author)
			}
		}
	}
}

// offered checks that a page offers the move to whoever makes it.
func (d *driver) offered(x flow.Matter, who, name string) {
	d.t.Helper()
	os, err := d.App.Engine.Offers(apptest.Ctx, d.read(x.ID), d.actors[who], x, d.App.DB.Today())
	d.must(err)
	if !slices.ContainsFunc(os, func(o flow.Offer) bool { return o.Open && o.Move.Name == name }) {
		d.t.Errorf("%s isn't offered %s.%s in %s", who, x.Kind, name, x.State)
	}
}

// after checks what holds after any act on a matter: its version moved by one, the act says what was done and where the
// matter stands, and neither it nor anything of its family sticks.
func (d *driver) after(was flow.Matter, done flow.Done, action string) {
	d.t.Helper()
	x := d.Matter(was.ID)
	if x.Version != was.Version+1 || done.Version != x.Version || done.State != x.State {
		d.t.Errorf("%s: version %d, then %d; answered %d in %s, and is %s", action, was.Version, x.Version, done.Version, done.State, x.State)
	}
	log, err := id.Parse(done.Log)
	d.must(err)
	var said, about string
	var body []byte
	d.must(d.App.DB.In(log.City).Row(apptest.Ctx, `SELECT a.action, a.matter_id, a.body FROM acts a WHERE a.city_id = $1 AND a.log_id = $2 AND a.seq = $3`, log.Key, done.Seq).Scan(&said, &about, &body))
	var act struct {
		Params map[string]any `json:"params"`
	}
	d.must(json.Unmarshal(body, &act))
	if said != action || about != was.ID.Key || act.Params["state"] != x.State {
		d.t.Errorf("the act of %s says %s of %s, now %v", action, said, about, act.Params["state"])
	}
	d.look(x.Root, was.ID.Key)
}

// look goes through a family after an act on one of its matters: whatever else changed was changed by a quiet move, and
// nothing of it sticks.
func (d *driver) look(root, acted id.Key) {
	d.t.Helper()
	r := d.App.DB.In(apptest.City)
	xs, err := db.All(apptest.Ctx, r, func(rows *db.Rows) (m flow.Matter, err error) {
		m.ID.City = apptest.City
		return m, rows.Scan(m.Dest()...)
	}, `SELECT `+flow.Columns+` FROM matters m WHERE m.city_id = $1 AND m.root_id = $2`, root)
	d.must(err)
	for _, x := range xs {
		was, known := d.seen[x.ID.Key]
		if known && was.version == x.Version {
			continue
		}
		d.seen[x.ID.Key] = sight{x.State, x.Outcome, x.Version}
		if known && x.ID.Key != acted {
			t, _ := d.App.Engine.Table(x.Kind)
			for _, mv := range t.Moves {
				if mv.Quiet && slices.Contains(mv.From, was.state) && (mv.To == x.State || mv.To == "" && was.state == x.State && (was.outcome != x.Outcome || x.Is(flow.FlagBelow))) {
					d.made[x.Kind+"."+mv.Name] = true
				}
			}
		}
		d.alive(x)
	}
}

// alive checks that a matter is no dead end where it stands: it is open until its last state, an open state has a clock
// that runs or a reason for none, and there is somebody who can do something about it.
func (d *driver) alive(x flow.Matter) {
	d.t.Helper()
	t, _ := d.App.Engine.Table(x.Kind)
	s, _ := t.State(x.State)
	if x.Open == s.End || (x.Ended == "") != x.Open {
		d.t.Errorf("%s is %s, open: %v, ended: %s", x.No, x.State, x.Open, x.Ended)
	}
	if s.End {
		return
	}
	running, err := deadline.Running(apptest.Ctx, d.read(x.ID), x.ID.Key)
	d.must(err)
	ticks := slices.ContainsFunc(s.Rules, func(u flow.Use) bool {
		return slices.ContainsFunc(running, func(c deadline.Clock) bool { return c.Rule == u.Rule })
	})
	if !ticks && s.NoClock == "" {
		d.t.Errorf("%s is %s, no clock runs, and no reason is given", x.No, x.State)
	}
	for _, c := range running {
		if c.OwedBy.Zero() || c.OwedRole == "" {
			d.t.Errorf("nobody owes %s of %s", c.Rule, x.No)
		}
	}
	if !d.somebody(x) {
		d.t.Errorf("%s sticks in %s: nobody can do anything", x.No, x.State)
	}
}

// somebody says whether anybody can do anything about a matter: make a move, sign, or do so to what it waits for.
func (d *driver) somebody(x flow.Matter) bool {
	d.t.Helper()
	r := d.read(x.ID)
	if x.Kind == intake.KindLetter || x.Kind == reprisal.Kind { // it is read first
		return slices.ContainsFunc(d.people, func(k string) bool {
			at, err := custody.Opener(apptest.Ctx, r, d.actors[k], x)
			return err == nil && !at.Zero()
		})
	}
	t, _ := d.App.Engine.Table(x.Kind)
	if s, _ := t.State(x.State); s.Waits {
		p := open(d.t, d.World, x.ID)
		if c, err := deadline.Get(apptest.Ctx, r, p.Clock); err != nil || !c.Running() || c.OwedBy != p.Steps[p.Step].Unit || c.OwedRole != p.Steps[p.Step].Seat {
			d.t.Errorf("%s of %s waits for a signature on no clock: %+v %v", p.Move, x.No, c, err)
		}
		return slices.ContainsFunc(d.people, func(k string) bool {
			_, err := d.App.Engine.CanSign(apptest.Ctx, r, d.actors[k], x, p)
			return err == nil
		})
	}
	for i := range t.Moves {
		mv := &t.Moves[i]
		if mv.Quiet || mv.Retired || !slices.Contains(mv.From, x.State) || len(d.may(x, mv)) == 0 {
			continue
		}
		why := ""
		if f := t.Hooks.Shut[mv.Name]; f != nil {
			var err error
			why, err = f(apptest.Ctx, r, &x)
			d.must(err)
		}
		// A notice to a reporter moves nothing on.
		if why == "" && (mv.To != "" || mv.Fork != nil || len(mv.Also) > 0) {
			return true
		}
	}
	if x.Kind == staffing.KindVacancy || x.Kind == staffing.KindRotation { // who fills a post, and leaves one, is entered where posts are
		return slices.ContainsFunc(d.people, func(k string) bool { return org.Oversees(d.actors[k], d.Units["county"]) != "" })
	}
	if x.Kind != intake.Kind {
		return false
	}
	tip, err := intake.Get(apptest.Ctx, r, x.ID.Key)
	d.must(err)
	waits := d.Matter(id.ID{City: x.ID.City, Key: tip.Clue})
	if waits.State == "to_case" {
		waits = d.Matter(child(d.t, d.World, waits.ID, "case"))
	}
	return waits.Open && d.somebody(waits)
}
