package staffing_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/heir"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/org/staffing"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

type world struct {
	*apptest.World
	t *testing.T
}

func build(t *testing.T, d *db.DB) world {
	w := world{apptest.New(t, d), t}
	w.Hire("citysec", "卜安", "secadmin", "city")
	w.Hire("personnel", "皮组", "personnel_clerk", "county")
	return w
}

func (w world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	got := fault.Code(err)
	if fs := fault.Fields(err); len(fs) > 0 {
		got = fs[0].Name + " " + fs[0].Code
	}
	if err == nil || got != want {
		t.Errorf("got %v (%s), want %s", err, got, want)
	}
}

// open is the one open matter of a kind, zero where there is none.
func (w world) open(kind string) id.ID {
	w.t.Helper()
	keys, err := db.Column[id.Key](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = $2 AND m.open = TRUE`, kind)
	w.must(err)
	switch len(keys) {
	case 0:
		return id.ID{}
	case 1:
		return id.ID{City: apptest.City, Key: keys[0]}
	}
	w.t.Fatalf("%d open matters of kind %s", len(keys), kind)
	return id.ID{}
}

func (w world) desk(who, rule string) (n int) {
	w.t.Helper()
	ds, err := w.App.Engine.Desk(apptest.Ctx, w.As(who), 50)
	w.must(err)
	for _, d := range ds {
		if d.Clock.Rule == rule {
			n++
		}
	}
	return n
}

func (w world) postOf(who string) (post id.Key) {
	w.t.Helper()
	w.must(w.App.DB.In(apptest.City).Row(apptest.Ctx, `SELECT h.post_id FROM holdings h WHERE h.city_id = $1 AND h.id = $2`, w.Who[who].Holding).Scan(&post))
	return post
}

func (w world) leaves(who, by string, in org.Leaving) error {
	return w.App.Org.LeavePost(apptest.Ctx, w.As(by), id.ID{City: apptest.City, Key: w.Who[who].Holding}, in)
}

func (w world) waiting(post id.Key) org.Waiting {
	w.t.Helper()
	f, err := w.App.Org.PlaceOf(apptest.Ctx, w.As("citysec"), post)
	w.must(err)
	return f.Asked[0]
}

// TestVacancy: a post that somebody leaves is owed to be filled, on the county's desk by itself; nobody is confirmed in it
// without the county commission's consent; once it is filled the duty is met by itself.
func TestVacancy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		s, post := w.App.Org, w.postOf("officer")
		w.must(w.App.Staffing.Sweep(apptest.Ctx, apptest.City))
		if m := w.open(staffing.KindVacancy); !m.Zero() {
			t.Fatal("a post that is held is vacant")
		}
		// Moving somebody takes the paper of the consent; who sees to security does not wait for it.
		code(t, w.leaves("officer", "personnel", org.Leaving{On: "2026-10-12", Reason: "transferred"}), "leave_paper leave.paper")
		w.must(w.leaves("officer", "personnel", org.Leaving{On: "2026-10-12", Reason: "transferred", To: "县农业农村局", Paper: "县纪干〔2026〕3号"}))
		m := w.open(staffing.KindVacancy)
		x := w.Matter(m)
		if x.State != staffing.Vacant || x.Organ != w.Units["county"].ID || x.Due != "2027-01-12" || x.Title != "石桥镇纪委专职干事空缺" || w.desk("personnel", staffing.RuleFill) != 1 || w.desk("principal", staffing.RuleFill) != 0 {
			t.Errorf("%+v", x)
		}
		c, ok, err := staffing.ConsentTo(apptest.Ctx, d.In(apptest.City), w.Who["officer"].Holding)
		if err != nil || !ok || !c.Given || c.Paper != "县纪干〔2026〕3号" {
			t.Errorf("%+v %v", c, err)
		}
		w.must(w.App.Staffing.Sweep(apptest.Ctx, apptest.City)) // which finds nothing new
		ask := org.Proposal{Post: post, Person: w.Who["handler3"].Person, From: "2026-10-12", FullTime: true}
		a, err := s.Propose(apptest.Ctx, w.As("personnel"), ask)
		w.must(err)
		if w.Matter(m).State != staffing.Asked || w.desk("principal", staffing.RuleConsent) != 1 {
			t.Error("nobody was asked to agree")
		}
		code(t, s.Decide(apptest.Ctx, w.As("citysec"), a, 1, true, ""), "appoint.no_consent")
		_, err = w.Try("personnel", m, "consent", flow.Values{"paper": {"县纪干〔2026〕4号"}})
		code(t, err, "move.not_yours")
		_, err = w.Try("otherprincipal", m, "consent", flow.Values{"paper": {"县纪干〔2026〕4号"}})
		code(t, err, "not_found")
		_, err = w.Try("secretary", m, "consent", flow.Values{"paper": {"县纪干〔2026〕4号"}})
		code(t, err, "not_found")
		_, err = w.Try("principal", m, "consent", nil)
		code(t, err, "paper required")
		_, err = w.App.Engine.Do(apptest.Ctx, w.As("principal"), m, 1, "consent", flow.Values{"paper": {"县纪干〔2026〕4号"}})
		code(t, err, "stale")
		w.Do("principal", m, "decline", flow.Values{"reason": {"本乡镇另有更合适的人"}})
		if x = w.Matter(m); x.State != staffing.Vacant || x.Due != "2027-01-12" {
			t.Errorf("%+v", x)
		}
		if was := w.waiting(post); was.State != org.AppointRefused || was.Note != "本乡镇另有更合适的人" {
			t.Errorf("%+v", was)
		}
		// Taken back, put forward anew, agreed to, confirmed.
		a, err = s.Propose(apptest.Ctx, w.As("personnel"), ask)
		w.must(err)
		w.must(s.Decide(apptest.Ctx, w.As("personnel"), a, 1, false, ""))
		if w.Matter(m).State != staffing.Vacant || w.desk("principal", staffing.RuleConsent) != 0 {
			t.Error("what was taken back is still asked")
		}
		w.Again("chiefclerk", "principal", "personnel_clerk", "county")
		a, err = s.Propose(apptest.Ctx, w.As("chiefclerk"), ask)
		w.must(err)
		_, err = w.Try("principal", m, "consent", flow.Values{"paper": {"县纪干〔2026〕5号"}})
		code(t, err, "appoint.two_hands")
		w.must(s.Decide(apptest.Ctx, w.As("chiefclerk"), a, 1, false, ""))
		a, err = s.Propose(apptest.Ctx, w.As("personnel"), ask)
		w.must(err)
		w.Do("deputy", m, "consent", flow.Values{"paper": {"县纪干〔2026〕5号"}})
		w.must(s.Decide(apptest.Ctx, w.As("citysec"), a, 1, true, ""))
		if x = w.Matter(m); x.State != staffing.Filled || x.Open || w.desk("personnel", staffing.RuleFill) != 0 {
			t.Errorf("%+v", x)
		}
		es, err := ledger.Entries(apptest.Ctx, d.In(apptest.City), access.ByProgram(apptest.City), ledger.Query{Log: w.Units["county"].ID.Key, Limit: 2})
		if err != nil || es[0].Action != "holding.begin" || es[1].Action != "vacancy.consent" {
			t.Errorf("%+v %v", es, err)
		}
		if c, ok, err = staffing.ConsentTo(apptest.Ctx, d.In(apptest.City), a); err != nil || !ok || !c.Given || c.Paper != "县纪干〔2026〕5号" || c.By != "华副" {
			t.Errorf("%+v %v", c, err)
		}
		w.Verify()
	})
}

// TestSweep: what a roster leaves vacant comes up by itself; somebody who stands in fills nothing; where a county has nobody for
// personnel its chief owes it; a post that is closed is owed no more.
func TestSweep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := world{apptest.New(t, d), t}
		w.Hire("citysec", "卜安", "secadmin", "city")
		w.Hire("citysec2", "车安", "secadmin", "city")
		var post id.Key
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (_ ledger.Act, err error) {
			post, err = org.OpenPost(apptest.Ctx, tx, w.Units["headless"], "secretary", "书记", true, "2020-01-01")
			return ledger.Act{Action: "roster.import", Organ: w.Units["county"].ID}, err
		})
		w.must(err)
		for range 2 {
			w.must(w.App.Staffing.Sweep(apptest.Ctx, apptest.City))
		}
		m := w.open(staffing.KindVacancy)
		if w.desk("principal", staffing.RuleFill) != 1 || w.Matter(m).Due != "2020-04-01" {
			t.Errorf("%+v", w.Matter(m))
		}
		// Somebody comes for personnel, and goes again.
		handed := func(n int, at, from string) {
			t.Helper()
			for _, want := range []int{n, 0} {
				if got, err := heir.Personnel(apptest.Ctx, w.App.Engine, apptest.City); err != nil || got != want {
					t.Errorf("%d handed on, %v; want %d", got, err, want)
				}
			}
			if w.desk(at, staffing.RuleFill) != 1 || from != "" && w.desk(from, staffing.RuleFill) != 0 || w.Matter(m).Due != "2020-04-01" {
				t.Errorf("it is not with %s alone, or on another day", at)
			}
		}
		handed(0, "principal", "")
		w.Hire("personnel", "孟组", "personnel_clerk", "county")
		handed(1, "personnel", "principal")
		w.must(w.leaves("personnel", "citysec", org.Leaving{On: "2026-10-12", Reason: "resigned"}))
		handed(1, "principal", "")
		a, err := w.App.Org.Propose(apptest.Ctx, w.As("citysec"), org.Proposal{Post: post, Person: w.Who["hldeputy"].Person, From: "2026-10-12", Acting: true})
		w.must(err)
		w.Do("principal", m, "consent", flow.Values{"paper": {"县纪干〔2026〕6号"}})
		w.must(w.App.Org.Decide(apptest.Ctx, w.As("citysec2"), a, 1, true, ""))
		if x := w.Matter(m); x.State != staffing.Vacant || !x.Open {
			t.Errorf("%+v", x)
		}
		b, err := w.App.Staffing.LoadBoard(apptest.Ctx, d.In(apptest.City), measure.Query{Unit: w.Units["county"], From: "2026-10-12", To: "2026-10-12", Who: w.As("principal")}, 36)
		w.must(err)
		if b.StandIn[post] != "范副" || b.Plans[post].Matter != m || b.Plans[post].Name != "" || len(b.Months) != 36 || b.Months[35].Vacant["secretary"] != 1 || b.Months[35].On != "2026-10-12" || b.Months[34].On != "2026-09-30" {
			t.Errorf("%+v %+v", b.Plans, b.Months[34:])
		}
		_, err = w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "roster.import", Organ: w.Units["county"].ID}, org.ClosePost(apptest.Ctx, tx, post, "2026-10-12")
		})
		w.must(err)
		w.must(w.App.Staffing.Sweep(apptest.Ctx, apptest.City))
		if x := w.Matter(m); x.State != staffing.Lapsed {
			t.Errorf("%+v", x)
		}
		w.Verify()
	})
}

// TestHistory: what a month is said to have lacked is what the measures say of that day.
func TestHistory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		w.On("2026-03-10")
		w.must(w.leaves("lone", "personnel", org.Leaving{On: "2026-03-10", Reason: "retired"}))
		w.On("2026-06-20")
		w.must(w.leaves("hlofficer", "personnel", org.Leaving{On: "2026-06-20", Reason: "promoted_county", Paper: "县纪干〔2026〕9号"}))
		w.On("2026-10-12")
		q := measure.Query{Unit: w.Units["city"], From: "2026-10-12", To: "2026-10-12", Who: w.As("cityorg")}
		b, err := w.App.Staffing.LoadBoard(apptest.Ctx, d.In(apptest.City), q, 12)
		w.must(err)
		for _, m := range b.Months {
			for _, kind := range org.Establishment {
				def, err := w.App.Measures.Get("staff.vacant." + kind)
				w.must(err)
				v, err := def.Value(apptest.Ctx, d.In(apptest.City), measure.Query{Unit: w.Units["city"], From: m.On, To: m.On})
				w.must(err)
				if v.Numerator != int64(m.Vacant[kind]) {
					t.Errorf("%s on %s: %d, and %d in the history", kind, m.On, v.Numerator, m.Vacant[kind])
				}
			}
		}
		if len(b.Left) != 2 || b.Left[0].N+b.Left[1].N != 2 || len(b.Plans) != 2 {
			t.Errorf("%+v %+v", b.Left, b.Plans)
		}
		q.Who = w.As("secretary")
		if b, err = w.App.Staffing.LoadBoard(apptest.Ctx, d.In(apptest.City), q, 1); err != nil || len(b.Plans) != 0 {
			t.Errorf("a township's secretary reads who is put forward: %+v %v", b.Plans, err)
		}
	})
}

// TestRotation: years that come to an end come up by themselves, before they do; they end with whoever leaves, or the county
// keeps them on and says until when.
func TestRotation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		for _, k := range []string{"twpdeputy", "hldeputy", "hlofficer", "lone", "othersecretary", "officer"} {
			by := "personnel"
			if k == "othersecretary" {
				by = "citysec"
			}
			w.must(w.leaves(k, by, org.Leaving{On: "2026-10-12", Reason: "resigned"}))
		}
		at := func(day calendar.Date) id.ID {
			w.On(day)
			w.must(w.App.Staffing.Sweep(apptest.Ctx, apptest.City))
			return w.open(staffing.KindRotation)
		}
		if m := at("2027-06-30"); !m.Zero() {
			t.Error("it came up too early")
		}
		m := at("2027-07-01")
		x := w.Matter(m)
		if x.Due != "2028-01-03" || x.Title != "石桥镇纪委书记潘书任职年限" || w.desk("personnel", staffing.RuleRotate) != 1 {
			t.Errorf("%+v", x)
		}
		_, err := w.Try("personnel", m, "plan", flow.Values{"to": {"县纪委监委"}, "on": {"2027-01-01"}})
		code(t, err, "on day.past")
		_, err = w.Try("personnel", m, "keep", flow.Values{"until": {"2028-12-31"}, "reason": {"办案需要"}})
		code(t, err, "move.not_yours")
		w.Again("chiefclerk", "principal", "personnel_clerk", "county")
		w.Do("chiefclerk", m, "plan", flow.Values{"to": {"县纪委监委"}, "on": {"2027-08-01"}})
		_, err = w.Try("principal", m, "consent", flow.Values{"paper": {"县纪干〔2027〕9号"}})
		code(t, err, "move.other_hands")
		w.Do("deputy", m, "decline", flow.Values{"reason": {"先定接替人选"}})
		w.Do("personnel", m, "plan", flow.Values{"to": {"县纪委监委"}, "on": {"2027-09-01"}})
		w.Do("principal", m, "decline", flow.Values{"reason": {"任务未完"}})
		w.Do("principal", m, "keep", flow.Values{"until": {"2028-12-31"}, "reason": {"办案需要"}})
		if m := at("2028-12-30"); !m.Zero() {
			t.Error("somebody who is kept on came up again")
		}
		m = at("2028-12-31")
		w.Do("personnel", m, "plan", flow.Values{"to": {"县纪委监委"}, "on": {"2029-01-10"}})
		w.Do("deputy", m, "consent", flow.Values{"paper": {"县纪干〔2028〕1号"}})
		w.must(w.leaves("secretary", "personnel", org.Leaving{On: "2028-12-31", Reason: "rotated", Paper: "县纪干〔2028〕1号"}))
		if x := w.Matter(m); x.State != staffing.Moved || w.desk("personnel", staffing.RuleRotate) != 0 {
			t.Errorf("%+v", x)
		}
		w.Verify()
	})
}

// TestBench: who could follow is who of the feeder posts has the discipline work that the rulebook asks for, those of the
// township first; where the township has none nobody follows.
func TestBench(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		q := measure.Query{Unit: w.Units["county"], From: "2026-10-12", To: "2026-10-12"}
		f, err := org.LoadFacts(apptest.Ctx, d.In(apptest.City), q, org.NeedService)
		w.must(err)
		of := func(unit, kind string) ([]staffing.Could, bool) {
			for _, s := range f.Seats {
				if s.Unit == w.Units[unit].ID.Key && s.Kind == kind {
					return w.App.Staffing.Bench(f, s)
				}
			}
			t.Fatalf("no %s in %s", kind, unit)
			return nil, false
		}
		if c, known := of("full", "secretary"); !known || len(c) != 4 || !c[0].Own || !c[1].Own || c[2].Own || !staffing.Own(c) {
			t.Errorf("%+v", c)
		}
		if c, known := of("single", "secretary"); !known || len(c) != 4 || staffing.Own(c) {
			t.Errorf("%+v", c)
		}
		if _, known := of("full", "officer"); known {
			t.Error("somebody follows an officer")
		}
		def, err := w.App.Measures.Get(staffing.NoneMeasure)
		w.must(err)
		v, err := def.Value(apptest.Ctx, d.In(apptest.City), q)
		if err != nil || v.Numerator != 1 {
			t.Errorf("%+v %v", v, err)
		}
	})
}
