package app_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// about is a clue about somebody of the office, with what of them decides who signs.
func about(t *testing.T, w *apptest.World, s org.SubjectInput) id.ID {
	t.Helper()
	s.Unit, s.Name, s.Post, s.Category, s.PartyMember = w.Units["full"].ID.Key, "吴某", "党委书记", "c1", true
	e, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: s, Source: "found", Received: w.App.DB.Today(),
		Title: "反映工程发包问题", Summary: "反映工程发包没有招标。", Discipline: "integrity"})
	if err != nil {
		t.Fatal(err)
	}
	w.Do("supervision", e.ID, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
	return e.ID
}

func inquiry() vals {
	return vals{"disposal": {"inquiry"}, "inquiry_form": {"talk"}, "talk_by": {"department_head"}, "inquiry_plan": {"二人谈话。"}, "reason": {"问题具体。"}, "studied_on": {"2026-10-12"}, "studied_by": {"三人"}}
}

// TestNobodySignsOutOfTurn: a decision taken outside is recorded when its turn has come and never passed over; a leader who
// signs ahead signs in their own seat.
func TestNobodySignsOutOfTurn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := about(t, w, org.SubjectInput{Rank: "section", Chief: true})
		in := inquiry()
		in["party_secretary"] = []string{"yes"}
		w.Do("handler", m, "propose", in)
		p := open(t, w, m)
		if n := len(p.Steps); n != 4 || !flow.Records(p.Steps[3].Role) {
			t.Fatalf("%d signatures: %+v", n, p.Steps)
		}
		recorded := flow.Decision{Approve: true, Note: "县委书记批示", On: "2026-10-12"}
		for _, approve := range []bool{true, false} {
			dec := recorded
			dec.Approve = approve
			if _, err := w.Decide("supervision", m, dec); fault.Code(err) != "approve.not_yours" {
				t.Errorf("the clerk who records signs before everybody (%v): %v", approve, err)
			}
		}
		w.Decide("principal", m, flow.Decision{Approve: true})
		p = open(t, w, m)
		if got := []string{p.Steps[0].Decision, p.Steps[1].Decision, p.Steps[2].Decision}; p.Step != 3 || !slices.Equal(got, []string{"passed", "passed", "approved"}) {
			t.Errorf("the chief signed, and it stands at step %d: %v", p.Step, got)
		}
		for _, who := range []string{"principal", "deputy", "head"} {
			if _, err := w.Decide(who, m, flow.Decision{Approve: true, Note: "同意", On: "2026-10-12"}); fault.Code(err) != "approve.not_yours" {
				t.Errorf("%s passes over the Party committee: %v", who, err)
			}
		}
		if _, err := w.Decide("supervision", m, recorded); err != nil {
			t.Fatal(err)
		}
		if got := w.Matter(m).State; got != clue.InquiryReady {
			t.Errorf("it is %s", got)
		}
		w.Verify()
	})
}

// TestStandInIsNotTheHead: whoever stands in for the head has no consent of the head's to carry; somebody above signs.
func TestStandInIsNotTheHead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := handed(t, w, "single", "full")
		w.Do("officer", m, "receive", nil)
		stand := w.As("officer")
		head := w.As("secretary").Hats[0]
		head.For, head.ForName = w.Who["secretary"].Person, "范某"
		stand.Hats = append(slices.Clone(stand.Hats), head)
		if _, err := w.App.Engine.Do(apptest.Ctx, stand, m, w.Matter(m).Version, "propose", disposal("verification")); err != nil {
			t.Fatal(err)
		}
		if p := open(t, w, m); p.Steps[0].Seat != access.Head {
			t.Errorf("nobody signs as head: %+v", p.Steps)
		}
	})
}

// TestTrueIsNotClosed: what a team found true, or true in part, is not closed as untrue; what it found untrue is not filed.
func TestTrueIsNotClosed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		for finding, want := range map[string]map[string]string{"true": {"close": "clue.true_close"}, "partly": {"close": "clue.true_close"}, "untrue": {"file": "clue.untrue_file"}} {
			m := verified(t, w, finding)
			for outcome, code := range want {
				_, err := w.Try("handler", m, "propose_result", vals{"outcome": {outcome}, "reason": {"按程序。"}, "track": {"party"}, "clear_answer": {"wanted"}})
				if f := fault.Fields(err); len(f) != 1 || f[0].Code != code {
					t.Errorf("%s, %s: %v", finding, outcome, err)
				}
			}
		}
	})
}

// verifying is a clue that two people verify.
func verifying(t *testing.T, w *apptest.World) id.ID {
	t.Helper()
	m := handed(t, w, "full", "county.office1")
	w.Do("handler", m, "propose", disposal("verification"))
	w.Approve("head", m)
	w.Approve("deputy", m)
	team := []string{w.Who["handler"].Person, w.Who["handler2"].Person}
	w.Do("handler", m, "submit_plan", vals{"team": team, "lead": team[:1], "questions": {"去向"}, "steps": {"调账"}, "measures": {"talk"}, "safety": {"预案"}})
	w.Approve("principal", m)
	return m
}

func verified(t *testing.T, w *apptest.World, finding string) id.ID {
	t.Helper()
	m := verifying(t, w)
	w.Do("handler", m, "write_report", vals{"facts": {"核查情况。"}, "finding": {finding}, "record_no": {"核〔2026〕1号"}})
	w.Do("handler", m, "sign", nil)
	w.Do("handler2", m, "sign", nil)
	return m
}

// TestNeverOneAlone: when a recusal leaves one person on a team, nobody writes or signs until it is two again.
func TestNeverOneAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := verifying(t, w)
		stepAside(t, w, m, "handler2")
		if _, err := w.Try("handler", m, "write_report", vals{"facts": {"核查情况。"}, "finding": {"true"}, "record_no": {"核〔2026〕1号"}}); fault.Code(err) != "team.few" {
			t.Errorf("one person wrote a verification: %v", err)
		}
		team := []string{w.Who["handler"].Person, w.Who["handler3"].Person}
		w.Do("head", m, "change_team", vals{"team": team, "lead": team[:1], "reason": {"补足人员。"}})
		w.Approve("principal", m)
		w.Do("handler", m, "write_report", vals{"facts": {"核查情况。"}, "finding": {"true"}, "record_no": {"核〔2026〕1号"}})
		w.Verify()
	})
}

// stepAside is somebody of a matter stepping aside, granted by the chief.
func stepAside(t *testing.T, w *apptest.World, m id.ID, who string) {
	t.Helper()
	r, err := w.App.Engine.Recuse(apptest.Ctx, w.As(who), m, flow.NewRecusal{Ground: "kin", Relation: "系被反映人表弟。"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.App.Engine.DecideRecusal(apptest.Ctx, w.As("principal"), r.ID, true, "同意。"); err != nil {
		t.Fatal(err)
	}
}

// TestReviewIsForOthers: whoever verified, investigated or made a step of the handling unit's takes no part in the review,
// neither on the panel nor with a signature, whatever post they come in.
func TestReviewIsForOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := verified(t, w, "true")
		took, err := w.App.Engine.TookPart(apptest.Ctx, d.In(apptest.City), w.Matter(m).Root)
		if err != nil {
			t.Fatal(err)
		}
		for who, want := range map[string]bool{"handler": true, "handler2": true, "supervision": false, "deputy": false, "reviewer": false} {
			if slices.Contains(took, w.Who[who].Person) != want {
				t.Errorf("%s took part: %v, want %v", who, !want, want)
			}
		}
		w.Do("handler", m, "propose_result", vals{"outcome": {"file"}, "reason": {"涉嫌违纪。"}, "track": {"party"}})
		w.Approve("principal", m)
		kase := child(t, w, m, "case")
		team := []string{w.Who["handler2"].Person, w.Who["handler3"].Person}
		w.Do("handler2", kase, "submit_filing", vals{"team": team, "lead": team[:1], "facts": {"事实"}, "reason": {"条件"}, "track": {"party"}, "filing_no": {"立1号"}})
		for _, who := range approvers(t, w, kase) {
			w.Approve(who, kase)
		}
		w.Do("handler2", kase, "announce_filing", vals{"on": {"2026-10-12"}, "announced_by": {"戚"}, "unit_told": {"党委"}, "rights_told": {"yes"}})
		w.Do("handler2", kase, "show_facts", vals{"on": {"2026-10-12"}, "person_says": {"agrees"}, "defence_checked": {"none"}, "record_no": {"见1号"}})
		w.Do("handler2", kase, "write_report", vals{"facts": {"清楚"}, "suggestion": {"警告"}, "record_no": {"报1号"}})
		w.Do("handler2", kase, "sign", nil)
		w.Do("handler3", kase, "sign", nil)
		w.Do("handler2", kase, "submit_review", vals{"volumes": {"一卷"}})
		for _, who := range approvers(t, w, kase) {
			w.Approve(who, kase)
		}
		// The one who verified now sits in the review office as well.
		both := w.As("reviewer")
		both.Person = w.Who["handler"].Person
		panel := []string{w.Who["reviewer"].Person, w.Who["reviewer2"].Person}
		accept := vals{"on": {"2026-10-12"}, "panel": panel, "lead": panel[:1]}
		if _, err := w.App.Engine.Do(apptest.Ctx, both, kase, w.Matter(kase).Version, "accept_review", accept); fault.Code(err) != "review.you_took_part" {
			t.Errorf("who verified accepts the case for review: %v", err)
		}
		w.Do("reviewer", kase, "accept_review", accept)
		w.Do("reviewer", kase, "review_report", vals{"talk": {"held"}, "talk_on": {"2026-10-12"}, "facts": {"清楚"}, "qualification": {"廉洁纪律"}, "decision": {"sanction"}, "record_no": {"审1号"}})
		head := w.As("reviewhead")
		head.Person = w.Who["handler"].Person
		p := open(t, w, kase)
		if _, err := w.App.Engine.Decide(apptest.Ctx, head, p.ID, w.Matter(kase).Version, flow.Decision{Approve: true}); fault.Code(err) != "approve.took_part" {
			t.Errorf("who verified signs the review: %v", err)
		}
	})
}

// TestMergeTakesNothingAway: a repeat joins only what is being dealt with; a report on something finished is one of its own.
func TestMergeTakesNothingAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		enter := func() id.ID {
			e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entry(w))
			if err != nil {
				t.Fatal(err)
			}
			return e.ID
		}
		first := enter()
		w.Do("intake", first, "accept", nil)
		second := enter()
		merge := vals{"main": {first.Key}, "new_facts": {"无。"}}
		if _, err := w.Try("intake", second, "merge", vals{"main": {first.Key}}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("merged without a word on what is new: %v", err)
		}
		w.Do("intake", second, "merge", merge)
		c := child(t, w, first, "clue")
		w.Do("supervision", c, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
		closing := disposal("close")
		closing["close_ground"] = []string{w.App.Rules.Terms("close_ground", d.Today())[0].Code}
		w.Do("handler", c, "propose", closing)
		w.Approve("head", c)
		w.Approve("deputy", c)
		w.Do("handler", c, "settle", vals{"on": {"2026-10-12"}})
		for _, m := range []id.ID{first, second} {
			if s := w.Matter(m).State; s != intake.ResultDue {
				t.Errorf("one of two reporters is owed nothing: %s", s)
			}
		}
		third := enter()
		if _, err := w.Try("intake", third, "merge", merge); fault.KindOf(err) != fault.Invalid {
			t.Errorf("merged into what is finished: %v", err)
		}
		if s := w.Matter(third).State; s != intake.Received {
			t.Errorf("it is %s", s)
		}
	})
}

// TestMergeWhileItEnds: a repeat that joins while what it joins is being finished is either finished with it, or is told
// that it came too late; none is left waiting for something that has ended.
func TestMergeWhileItEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		closing := disposal("close")
		closing["close_ground"] = []string{w.App.Rules.Terms("close_ground", d.Today())[0].Code}
		merged := 0
		for i := range 12 {
			enter := func() id.ID {
				e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entry(w))
				if err != nil {
					t.Fatal(err)
				}
				return e.ID
			}
			first := enter()
			w.Do("intake", first, "accept", nil)
			second := enter()
			c := child(t, w, first, "clue")
			w.Do("supervision", c, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
			w.Do("handler", c, "propose", closing)
			w.Approve("head", c)
			w.Approve("deputy", c)
			var wg sync.WaitGroup
			var mergeErr error
			handler, clerk, version := w.As("handler"), w.As("intake"), w.Matter(second).Version
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond / 2)
				_, mergeErr = w.App.Engine.Do(apptest.Ctx, clerk, second, version, "merge", vals{"main": {first.Key}, "new_facts": {"无。"}})
			})
			if _, err := w.App.Engine.Do(apptest.Ctx, handler, c, w.Matter(c).Version, "settle", vals{"on": {"2026-10-12"}}); err != nil {
				t.Fatal(err)
			}
			wg.Wait()
			want := intake.ResultDue
			switch {
			case mergeErr == nil:
				merged++
			case fault.KindOf(mergeErr) == fault.Invalid:
				want = intake.Received
			default:
				t.Fatal(mergeErr)
			}
			if s := w.Matter(second).State; s != want {
				t.Errorf("merged with %v, it is %s, want %s", mergeErr, s, want)
			}
		}
		t.Logf("%d of 12 were merged in time", merged)
	})
}

// TestOwnChiefFindsNothing: a slip about the organ's own chief is no trace for the chief.
func TestOwnChiefFindsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		in := entry(w)
		in.Subject = org.SubjectInput{Unit: w.Units["county"].ID.Key, Name: w.Who["principal"].Name, Post: "书记", Rank: "deputy_county", Category: "c1", PartyMember: true, Chief: true}
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
		if err != nil || !e.Slip {
			t.Fatalf("%+v %v", e, err)
		}
		if _, err := flow.Get(apptest.Ctx, d.In(apptest.City), w.As("principal"), e.ID.Key); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the chief finds the slip: %v", err)
		}
		if _, err := flow.Get(apptest.Ctx, d.In(apptest.City), w.As("intake"), e.ID.Key); err != nil {
			t.Errorf("the clerk who entered it: %v", err)
		}
		// Nor is there a gap in the numbers of the other slips, nor a row that is counted and not shown.
		in.Subject = org.SubjectInput{Unit: w.Units["county"].ID.Key, Post: "县委书记", Rank: "county"}
		var nos []string
		sent := func(slip id.ID) {
			w.Do("intake", slip, "send", vals{"on": {string(d.Today())}})
			nos = append(nos, w.Matter(slip).No)
		}
		for _, name := range []string{"deadline.open", "deadline.near"} {
			def, err := w.App.Measures.Get(name)
			if err != nil {
				t.Fatal(err)
			}
			q := measure.Query{Unit: w.Units["county"], From: d.Today(), To: d.Today(), Who: w.As("principal")}
			list, err := def.Rows(apptest.Ctx, d.In(apptest.City), q, q.Who, measure.Turn{Limit: 50})
			if err != nil {
				t.Fatal(err)
			}
			if n, err := def.Value(apptest.Ctx, d.In(apptest.City), q); err != nil || !n.Known || n.Numerator != int64(len(list.Rows)) {
				t.Errorf("%s counts what the chief may not see: %+v of %+v %v", name, list, n, err)
			}
		}
		sent(e.ID)
		for range 2 {
			x, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
			if err != nil || !x.Slip {
				t.Fatalf("%+v %v", x, err)
			}
			sent(x.ID)
		}
		if !strings.HasSuffix(nos[1], "0001号") || !strings.HasSuffix(nos[2], "0002号") || nos[0] == nos[1] {
			t.Errorf("the slips are numbered %v", nos)
		}
		for unit, n := range map[string]int64{"county": 2, "city": 1} {
			got, err := db.Column[int64](apptest.Ctx, d.In(apptest.City), `SELECT COALESCE(SUM(t.n), 0) FROM tallies t WHERE t.city_id = $1 AND t.measure = 'tipoff.slips' AND t.unit_id = $2`, w.Units[unit].ID.Key)
			if err != nil || got[0] != n {
				t.Errorf("%s counts %v slips, want %d (%v)", unit, got, n, err)
			}
		}
		w.Verify()
	})
}

// TestTransferOnly: who passed a report on is kept of a transfer only, whatever else was filled in.
func TestTransferOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		in := entry(w)
		in.FromKind, in.FromNo = strings.Repeat("无", 5000)+"\x01", "转1号"
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
		if err != nil {
			t.Fatal(err)
		}
		if x, err := intake.Get(apptest.Ctx, d.In(apptest.City), e.ID.Key); err != nil || x.FromKind != "" || x.FromNo != "" {
			t.Errorf("a letter came from %q, %q (%v)", x.FromKind, x.FromNo, err)
		}
	})
}

// TestHandedOverByInspection: what the inspection office passes on through the counter is signed for as its clues are.
func TestHandedOverByInspection(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		for from, want := range map[string]string{"inspection_office": "inspection", "audit": "transfer"} {
			in := entry(w)
			in.Channel, in.FromKind = "transfer", from
			e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
			if err != nil {
				t.Fatal(err)
			}
			if got := w.Matter(e.ID).Source; got != want {
				t.Errorf("what %s passed on came from %s", from, got)
			}
		}
	})
}

// TestRepeatsStandBeside: the same person's, the same name's in the township and alike words come to the clerk's eye, and
// nothing else does.
func TestRepeatsStandBeside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		in := entry(w)
		in.Subject.Unit = w.Units["village"].ID.Key
		first, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
		if err != nil {
			t.Fatal(err)
		}
		const other = "占用集体房屋拒不腾退"
		for _, c := range []struct{ unit, name, words, want string }{
			{"village", "吴某", other, "same"}, {"full", "吴某", other, "named"}, {"full", "", in.Title + in.Summary, "alike"}, {"village", "郑某", in.Summary, "alike"},
			{"full", "郑某", other, ""}, {"village", "", "", ""}, {"headless", "吴某", in.Summary, ""},
		} {
			reps, err := w.App.Intake.Repeats(apptest.Ctx, d.In(apptest.City), w.As("intake"), w.Units[c.unit].ID.Key, "", c.name, c.words, "", 6)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, r := range reps {
				got += map[bool]string{r.Same: "same", r.Named: "named", !r.Same && !r.Named: "alike"}[true]
				if r.Matter.ID != first.ID {
					t.Errorf("%+v", r)
				}
			}
			if got != c.want {
				t.Errorf("%s at %s, %s: %q, want %q", c.name, c.unit, c.words, got, c.want)
			}
		}
		if reps, err := w.App.Intake.Repeats(apptest.Ctx, d.In(apptest.City), w.As("otherintake"), w.Units["village"].ID.Key, "", "吴某", in.Summary, "", 6); err != nil || len(reps) > 0 {
			t.Errorf("another county's clerk is shown %v (%v)", reps, err)
		}
	})
}
