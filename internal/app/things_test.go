package app_test

import (
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/deadline"
	"qianshao/internal/document"
	"qianshao/internal/flow"
	"qianshao/internal/flow/bar"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/org/callup"
	"qianshao/internal/org/roll"
	"qianshao/internal/org/staffing"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/envelope"
)

// place is somewhere things lie: who enters and handles them there, and whose register they stand in.
type place struct {
	name    string
	subject string    // unit of the official that things there are about
	target  string    // unit that handles them; "" for none
	intake  string    // who takes reports in
	pool    string    // who hands clues out
	team    [2]string // two of the handling unit
	leader  string    // somebody there who signs, and has handed that on
	standIn string    // to whom
	staff   string    // somebody there with an account
	seat    string    // unit with a post that is vacant and asked for
}

// places are one office and one township of the county most people here work in, the township beside it, the other
// county, and the register of the city above, where matters naming the county's own people stand.
var places = []place{
	{"office", "full", "county.office1", "intake", "supervision", [2]string{"handler", "handler2"}, "head", "head2", "handler2", "county.office1"},
	{"township", "full", "full", "intake", "supervision", [2]string{"officer", "twpdeputy"}, "secretary", "twpdeputy", "officer", "full"},
	{"neighbour", "headless", "headless", "intake", "supervision", [2]string{"hlofficer", "hldeputy"}, "lone", "deputy", "hlofficer", "headless"},
	{"elsewhere", "othertown", "other.office1", "otherintake", "othersupervision", [2]string{"otherhandler", "otherhandler2"}, "otherhead", "otherdeputy", "othersecretary", "othertown"},
	{"above", "county", "", "cityintake", "", [2]string{}, "cityleader", "citychief", "cityorg", "city"},
}

// things are one of everything in a place, by what it is called: a matter by its kind, what belongs to a matter by the
// matter's kind and its own ("clue.file"), anything else by its own.
type things map[string]id.ID

// furnished is the small city with one real thing of every kind in every place.
type furnished struct {
	*apptest.World
	t      *testing.T
	things map[string]things
}

// paperOf is a paper that can be drafted of each kind of matter.
var paperOf = map[string]string{"tipoff": "accept_notice", "slip": "up_slip", "letter": "up_slip", "clue": "disposal_form", "case": "filing_report", "alert": "up_slip", "unlisted": "up_slip", "gap": "up_slip", "rating": "up_slip", "callup": "up_slip", "vacancy": "up_slip", "rotation": "up_slip", "filing": "up_slip", "confirmation": "up_slip", "handback": "handback_letter", "order": "correction_order", "deviation": "deviation_slip"}

// password is what everybody with an account signs in with.
const password = "一句本人设置的口令 7391"

// pdf is the content of every file there is.
const pdf = "%PDF-1.7\n台账\n"

func furnish(t *testing.T, d *db.DB) *furnished {
	t.Helper()
	w := &furnished{apptest.New(t, d), t, map[string]things{}}
	w.Spool(t.TempDir())
	for _, p := range []struct{ key, name, kind, unit string }{
		{"otherdeputy", "滕副", "vice", "other"}, {"otherhead", "袁主任", "office_head", "other.office1"}, {"otherhandler", "柳办", "investigator", "other.office1"},
		{"otherhandler2", "史办", "investigator", "other.office1"}, {"citysec", "费安", "secadmin", "city"},
		{"personnel", "皮组", "personnel_clerk", "county"},
	} {
		w.Hire(p.key, p.name, p.kind, p.unit)
	}
	w.accounts()
	for _, p := range places {
		w.things[p.name] = things{}
		w.matters(p, w.things[p.name])
		w.asked(p, w.things[p.name])
		w.lacking(p, w.things[p.name])
		if p.name == "township" {
			w.staffed(w.things[p.name])
		}
		w.belongings(p, w.things[p.name])
	}
	w.unlock()
	return w
}

// unlock puts every organ's key on the ring that things here are sealed to.
func (w *furnished) unlock() { w.Unlock("county", "other", "city") }

func (w *furnished) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// matters enters one of each kind in a place and brings it to where somebody there works on it.
func (w *furnished) matters(p place, out things) {
	w.t.Helper()
	enter := func(rank, name, title string) id.ID {
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As(p.intake), intake.Entry{Subject: org.SubjectInput{Unit: w.Units[p.subject].ID.Key, Name: name, Post: "负责人", Rank: rank, Category: "c2", PartyMember: true},
			Channel: "letter", Received: "2026-10-12", Named: true, Reporter: intake.Reporter{Name: "赵六", Contact: "13900000000"}, Original: "来信原文", Title: title, Summary: "来信反映该人虚报费用。", Discipline: "integrity"})
		w.must(err)
		return e.ID
	}
	if p.target == "" {
		// About one of the county's own people: it stands with the city at once.
		out["tipoff"] = enter("staff", "陶管", "反映县纪委工作人员")
		accepted := enter("staff", "陶管", "再次反映县纪委工作人员")
		w.Do(p.intake, accepted, "accept", nil)
		out["clue"] = child(w.t, w.World, accepted, "clue")
	} else {
		out["tipoff"] = enter("staff", "吴某", "反映"+p.name)
		out["slip"] = enter("deputy_county", "钱某", "")
		out["clue"] = w.handed(p)
		w.Do(p.pool, out["clue"], "hand_out", vals{"target": {w.Units[p.target].ID.Key}, "back": {"no"}})
		w.received(p, out["clue"])
		out["case"] = w.filed(p)
		today := w.App.DB.Today()
		c, err := w.App.Callups.Ask(apptest.Ctx, w.As(p.pool), callup.Request{To: w.Units[p.target].ID.Key, Reason: "核对账目。", From: today, Until: today.AddDays(5)})
		w.must(err)
		out["callup"] = c.ID
		w.duties(p, out)
	}
	w.proposal(p, out)
	to := w.Units["city"]
	if p.target != "" {
		to = w.Units[p.subject]
		to = w.Units[map[bool]string{true: "other", false: "county"}[to.County == w.Units["other"].ID.Key]]
	}
	l := w.Lodge(envelope.Letter{Unit: "某单位", Post: "负责人", Text: "反映虚报费用。"}, to, "2026-10-12", map[string]string{"台账.pdf": pdf})
	w.TakeIn(&l)
	w.Say(l, envelope.More, "补充一页账。", to, "2026-10-12", map[string]string{"账.pdf": pdf})
	w.TakeIn()
	words, err := intake.Words(apptest.Ctx, w.App.DB.In(l.Letter.City), l.Letter.Key)
	w.must(err)
	out["letter.word"] = id.ID{City: l.Letter.City, Key: words[0].ID}
	w.unlock()
	_, err = w.App.Intake.OpenLetter(apptest.Ctx, w.As(p.intake), l.Letter, "启封登记")
	w.must(err)
	out["letter"] = l.Letter
	if p.target == "" {
		out["alert"] = w.alert()
	}
}

// alert is what the city has noticed of somebody who asked it to watch over them.
func (w *furnished) alert() id.ID {
	w.t.Helper()
	w.Hire("watched", "郝站", "correspondent", "village")
	_, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), intake.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "负责人", Rank: "staff", Category: "c2", PartyMember: true},
		Channel: "visit", Received: "2026-10-12", Named: true, Reporter: intake.Reporter{Name: "郝站", Contact: "13900000000"}, Title: "反映虚报", Summary: "来访反映该人虚报费用。", Discipline: "integrity",
		Watch: true, Works: intake.Works{Unit: "上塘村", Post: "信息员"}})
	w.must(err)
	w.Work()
	_, err = w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "holding.end", Organ: w.Units["county"].ID}, w.App.Org.Leave(apptest.Ctx, tx, w.Who["watched"].Holding, tx.Today(), "other", "")
	})
	w.must(err)
	delete(w.Who, "watched")
	_, err = w.App.Reprisal.Compare(apptest.Ctx, w.Units["city"])
	w.must(err)
	keys, err := db.Column[id.Key](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = 'alert' AND m.open = TRUE`)
	w.must(err)
	if len(keys) != 1 {
		w.t.Fatalf("%d alerts", len(keys))
	}
	m := id.ID{City: apptest.City, Key: keys[0]}
	_, err = w.App.Reprisal.Open(apptest.Ctx, w.As("cityintake"), m, "核看提醒")
	w.must(err)
	return m
}

func (w *furnished) handed(p place) id.ID {
	w.t.Helper()
	e, err := w.App.Clues.Enter(apptest.Ctx, w.As(p.pool), clue.Entry{Subject: org.SubjectInput{Unit: w.Units[p.subject].ID.Key, Name: "吴某", Post: "负责人", Rank: "staff", Category: "c2", PartyMember: true},
		Source: "found", Received: "2026-10-12", Title: "线索" + p.name, Summary: "反映该人虚报费用。", Discipline: "integrity"})
	w.must(err)
	return e.ID
}

// received signs for a clue where a township was given it.
func (w *furnished) received(p place, m id.ID) {
	w.t.Helper()
	if w.Matter(m).State == clue.Arrived {
		w.Do(p.team[0], m, "receive", nil)
	}
}

func (w *furnished) filed(p place) id.ID {
	w.t.Helper()
	m := w.handed(p)
	w.Do(p.pool, m, "hand_out", vals{"target": {w.Units[p.target].ID.Key}, "back": {"no"}})
	w.received(p, m)
	who, team := p.team[0], []string{w.Who[p.team[0]].Person, w.Who[p.team[1]].Person}
	w.Do(who, m, "propose", disposal("verification"))
	w.signed(m)
	w.Do(who, m, "submit_plan", vals{"team": team, "lead": team[:1], "questions": {"去向"}, "steps": {"调账"}, "measures": {"talk"}, "safety": {"预案"}})
	w.signed(m)
	w.Do(who, m, "write_report", vals{"facts": {"属实。"}, "finding": {"true"}, "record_no": {"核1号"}})
	w.Do(who, m, "sign", nil)
	w.Do(p.team[1], m, "sign", nil)
	w.Do(who, m, "propose_result", vals{"outcome": {"file"}, "reason": {"应予立案。"}, "track": {"party"}})
	w.signed(m)
	return child(w.t, w.World, m, "case")
}

// signed lets whoever may sign what waits on a matter, until nothing waits.
func (w *furnished) signed(m id.ID) {
	w.t.Helper()
	for w.step(m) {
	}
}

// step lets somebody sign the signature that is due; false when none is.
func (w *furnished) step(m id.ID) bool {
	w.t.Helper()
	ps, err := flow.Proposals(apptest.Ctx, w.App.DB.In(m.City), m.Key)
	w.must(err)
	i := slices.IndexFunc(ps, func(p flow.Proposal) bool { return p.State == "open" })
	if i < 0 {
		return false
	}
	dec, s := flow.Decision{Approve: true}, ps[i].Steps[ps[i].Step]
	if flow.Records(s.Role) {
		dec.Note, dec.On = "会议纪要1号", w.App.DB.Today()
	}
	for _, who := range w.people() {
		if a := w.As(who); a.Is(s.Seat, s.Unit) {
			if _, err := w.App.Engine.Decide(apptest.Ctx, a, ps[i].ID, w.Matter(m).Version, dec); err == nil {
				return true
			}
		}
	}
	w.t.Fatalf("nobody signs %s of %s: %+v", ps[i].Move, w.Matter(m).No, ps[i].Steps)
	return false
}

func (w *furnished) people() []string {
	var out []string
	for who := range w.Who {
		out = append(out, who)
	}
	slices.Sort(out)
	return out
}

// proposal is a paper that waits for its last signature; of its author nothing else is in the place.
func (w *furnished) proposal(p place, out things) {
	w.t.Helper()
	m := out["clue"]
	if p.target == "" {
		w.Do(p.intake, out["tipoff"], "decline", vals{"ground": {"litigation"}, "reason": {"属涉法涉诉。"}, "told_where": {"法院"}})
		m = out["tipoff"]
	} else {
		m = w.handed(p)
		w.Do(p.pool, m, "hand_out", vals{"target": {w.Units[p.target].ID.Key}, "back": {"no"}})
		w.received(p, m)
		w.Do(p.team[1], m, "propose", disposal("verification"))
		w.step(m)
	}
	out["waiting"], out["proposal"] = m, open(w.t, w.World, m).ID
}

// belongings adds to each matter of a place what a matter can have, and what a place has besides.
func (w *furnished) belongings(p place, out things) {
	w.t.Helper()
	papers := w.App.Papers()
	for _, kind := range matterKinds {
		m, ok := out[kind]
		if !ok {
			continue
		}
		who := map[string]string{"tipoff": p.intake, "slip": p.intake, "letter": p.intake, "alert": p.intake, "clue": p.team[0], "case": p.team[0], "unlisted": p.team[0], "gap": p.team[0], "rating": p.team[0], "callup": p.pool}[kind]
		if who == "" {
			who = "citychief"
		}
		r := w.App.DB.In(m.City)
		clocks, err := deadline.Running(apptest.Ctx, r, m.Key)
		w.must(err)
		out[kind+".clock"] = clocks[0].ID
		if slices.Contains([]string{"letter", "alert", "vacancy", "rotation", "filing"}, kind) || kind == "unlisted" || kind == "gap" || kind == "rating" || kind == "callup" || slices.Contains(dutyKinds, kind) {
			continue
		}
		x, err := w.App.Engine.Recuse(apptest.Ctx, w.As(who), m, flow.NewRecusal{Ground: "kin", Relation: "同乡"})
		w.must(err)
		out[kind+".recusal"] = x.ID
		if kind == "slip" {
			continue
		}
		f, err := w.App.Custody.Add(apptest.Ctx, w.As(who), m, "台账.pdf", strings.NewReader(pdf))
		w.must(err)
		out[kind+".file"] = f
		q, err := papers.Issue(apptest.Ctx, w.As(who), m, document.Issuing{Code: paperOf[kind], Title: "关于有关问题的函", Addressee: "有关单位", Body: "有关情况如下。"})
		w.must(err)
		out[kind+".paper"] = q
	}
	w.namesake(p, out)
	// As everybody sees it, as those who see to its people do, and as those do who file for its register.
	out["unit"], out["ward"], out["register"] = w.Units[p.seat].ID, w.Units[p.seat].ID, w.Units[p.seat].ID
	w.delegated(p.name)
	out["post"], out["appointment"] = w.vacancy(p)
	accounts, err := db.Column[string](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT a.id FROM accounts a WHERE a.city_id = $1 AND a.login = $2`, p.staff)
	w.must(err)
	out["account"] = id.ID{City: apptest.City, Key: accounts[0]}
}

// namesake brings somebody to a place who has the name of those that its matters speak of.
func (w *furnished) namesake(p place, out things) {
	w.t.Helper()
	u := w.Units[p.seat]
	var who id.Key
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(u.ID.City), u.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		var err error
		if who, err = org.AddPerson(apptest.Ctx, tx, org.NewPerson{Name: "吴某", Born: "1990-01"}); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "holding.begin", Organ: u.OrganID()}, bar.Appointed(apptest.Ctx, tx, who, u.ID.Key)
	})
	w.must(err)
	for _, kind := range []string{"tipoff", "clue", "case"} {
		if m, ok := out[kind]; ok && w.Matter(m).Subject == "吴某" {
			out[kind+".namesake"] = id.ID{City: u.ID.City, Key: who}
		}
	}
}

// delegated lets a place's leader hand their authority on for two days to come.
func (w *furnished) delegated(name string) {
	w.t.Helper()
	p := places[slices.IndexFunc(places, func(p place) bool { return p.name == name })]
	d, err := w.App.Org.Delegate(apptest.Ctx, w.As(p.leader), org.NewDelegation{To: w.Who[p.standIn].Person, Begins: "2026-12-01", Ends: "2026-12-02", Reason: "学习"})
	w.must(err)
	w.things[name]["delegation"] = d
}

// vacancy is a post that nobody holds and that somebody was put forward for by the city.
func (w *furnished) vacancy(p place) (post, asked id.ID) {
	w.t.Helper()
	u := w.Units[p.seat]
	kind := map[string]string{"office": "investigator", "township": "officer", "city": "reviewer"}[u.Kind]
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(u.ID.City), u.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		k, err := org.OpenPost(apptest.Ctx, tx, u, kind, kind, false, "2020-01-01")
		post = id.ID{City: u.ID.City, Key: k}
		return ledger.Act{Action: "post.open", Organ: u.OrganID()}, err
	})
	w.must(err)
	k, err := w.App.Org.Propose(apptest.Ctx, w.As("citysec"), org.Proposal{Post: post.Key, Name: "薛新", Born: "1990-01", From: "2026-11-01", FullTime: true})
	w.must(err)
	return post, id.ID{City: u.ID.City, Key: k}
}

// accounts gives somebody of every place an account.
func (w *furnished) accounts() {
	w.t.Helper()
	hash := account.Cost{Memory: 64, Passes: 1, Lanes: 1}.Hash(password)
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		var rows []account.ReadyAccount
		for _, p := range places {
			rows = append(rows, account.ReadyAccount{Person: w.Who[p.staff].Person, Login: p.staff, Hash: hash})
		}
		return ledger.Act{Action: "account.create", Organ: w.Units["city"].ID}, account.CreateMany(apptest.Ctx, tx, rows)
	})
	w.must(err)
}

// staffed adds what there is of a township's people: a post that is owed to be filled with somebody put forward, somebody whose
// years come to an end, a change of its register that is filed.
func (w *furnished) staffed(out things) {
	w.t.Helper()
	var post id.Key
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (_ ledger.Act, err error) {
		if post, err = org.OpenPost(apptest.Ctx, tx, w.Units["full"], "officer", "纪检干部", true, "2026-09-01"); err == nil {
			err = org.AmendHolding(apptest.Ctx, tx, w.Who["officer"].Holding, map[string]any{"from_on": "2021-11-01"})
		}
		return ledger.Act{Action: "roster.import", Organ: w.Units["county"].ID}, err
	})
	w.must(err)
	w.must(w.App.Staffing.Sweep(apptest.Ctx, apptest.City))
	_, err = w.App.Org.Propose(apptest.Ctx, w.As("citysec"), org.Proposal{Post: post, Name: "薛补", Born: "1990-01", From: "2026-11-01", FullTime: true})
	w.must(err)
	if out["filing"], err = w.App.Roll.File(apptest.Ctx, w.As("secretary"), roll.Change{What: roll.Add, Unit: w.Units["full"].ID.Key, Name: "余新", Post: "民政办干部", Rank: "staff", Category: "c1", On: "2026-10-12"}); err != nil {
		w.t.Fatal(err)
	}
	for _, kind := range []string{staffing.KindVacancy, staffing.KindRotation} {
		keys, err := db.Column[id.Key](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = $2 AND m.open = TRUE`, kind)
		w.must(err)
		if len(keys) != 1 {
			w.t.Fatalf("%d of kind %s", len(keys), kind)
		}
		out[kind] = id.ID{City: apptest.City, Key: keys[0]}
	}
	out["person"] = id.ID{City: apptest.City, Key: w.Who["officer"].Person}
}
