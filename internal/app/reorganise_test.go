package app_test

import (
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/bar"
	"qianshao/internal/flow/heir"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestMerge: a township is merged into another by two people on a paper. Its posts end, its village, its officials, its base
// and what it works on come to the other, deadlines and all; what was before stays as it was; and nobody else can do it.
func TestMerge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		way := &walk{drive(t, d), "full"}
		w := way.World
		w.Hire("personnel", "孟组", "personnel_clerk", "county")
		w.Hire("otherpersonnel", "平组", "personnel_clerk", "other")
		o, from, into := w.App.Org, w.Units["full"], w.Units["single"]
		r := d.In(apptest.City)
		tip := way.letter(true)
		way.make(tip, "assign", way.to())
		m := child(t, w, tip, "clue") // the township works on it
		tip2 := way.letter(true)
		way.make(tip2, "assign", way.to())
		about := child(t, w, tip2, "clue")
		before := w.Matter(m)
		if before.Handler != from.ID {
			t.Fatalf("it is with %v", before.Handler)
		}
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			if _, err := org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{{Unit: from, Name: "甲某", Post: "所长", Rank: "staff", Category: "c2", From: "2021-01-01"}, {Unit: w.Units["village"], Name: "乙某", Post: "村主任", Rank: "village", Category: "c5", From: "2021-01-01"}}); err != nil {
				return ledger.Act{}, err
			}
			return ledger.Act{Action: "rows.import", Organ: w.Units["county"].ID}, org.SetBases(apptest.Ctx, tx, []org.Base{{Unit: from.ID.Key, On: "2017-01-01", N: 1}, {Unit: into.ID.Key, On: "2017-01-01", N: 2}})
		})
		if err != nil {
			t.Fatal(err)
		}
		in := org.Reorganisation{Kind: org.UnitMerge, Unit: from.ID.Key, Into: into.ID.Key, On: "2026-10-13", Paper: "省政函〔2026〕88号"}
		for who, want := range map[string]string{"otherpersonnel": "not_found", "principal": "not_found", "secretary": "not_found"} {
			if _, err := o.Reorganise(apptest.Ctx, w.As(who), in); fault.Code(err) != want {
				t.Errorf("%s: %v", who, err)
			}
		}
		for field, bad := range map[string]func(*org.Reorganisation){
			"into":  func(x *org.Reorganisation) { x.Into = w.Units["othertown"].ID.Key },
			"into ": func(x *org.Reorganisation) { x.Into = x.Unit },
			"on":    func(x *org.Reorganisation) { x.On = "2020-01-01" },
			"on ":   func(x *org.Reorganisation) { x.On = "2026-02-30" },
			"on  ":  func(x *org.Reorganisation) { x.On = "2022-06-01" }, // before its people came
			"paper": func(x *org.Reorganisation) { x.Paper = " " },
			"kind":  func(x *org.Reorganisation) { x.Kind = org.UnitMove },
		} {
			x := in
			bad(&x)
			if _, err := o.Reorganise(apptest.Ctx, w.As("personnel"), x); len(fault.Fields(err)) == 0 || fault.Fields(err)[0].Name != strings.TrimSpace(field) {
				t.Errorf("%s: %v", field, err)
			}
		}
		key, err := o.Reorganise(apptest.Ctx, w.As("personnel"), in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Reorganise(apptest.Ctx, w.As("cityorg"), in); fault.Code(err) != "reorganise.waiting" {
			t.Errorf("twice: %v", err)
		}
		if ws, err := o.WaitingChanges(apptest.Ctx, w.As("secadmin")); err != nil || len(ws) != 1 || ws[0].ID != key {
			t.Errorf("what waits: %+v %v", ws, err)
		}
		if err := o.DecideReorganisation(apptest.Ctx, w.As("personnel"), key, 1, true, ""); fault.Code(err) != "appoint.two_hands" {
			t.Errorf("alone: %v", err)
		}
		if err := o.DecideReorganisation(apptest.Ctx, w.As("secadmin"), key, 1, true, ""); fault.Code(err) != "reorganise.early" {
			t.Errorf("before the day: %v", err)
		}
		w.On("2026-10-13")
		if err := o.DecideReorganisation(apptest.Ctx, w.As("othersupervision"), key, 1, true, ""); fault.Code(err) != "not_found" {
			t.Errorf("another county: %v", err)
		}
		if err := o.DecideReorganisation(apptest.Ctx, w.As("secadmin"), key, 2, true, ""); fault.KindOf(err) != fault.Conflict {
			t.Errorf("another version: %v", err)
		}
		growth := func() measure.Value {
			def, err := w.App.Measures.Get("officials.growth")
			if err != nil {
				t.Fatal(err)
			}
			v, err := def.Value(apptest.Ctx, r, measure.Query{Unit: w.Units["county"], To: d.Today(), Who: w.As("principal")})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		was := growth()
		if err := o.DecideReorganisation(apptest.Ctx, w.As("secadmin"), key, 1, true, ""); err != nil {
			t.Fatal(err)
		}
		u, err := access.GetUnit(apptest.Ctx, r, from.ID.Key)
		if err != nil || u.Closed != "2026-10-13" {
			t.Errorf("closed: %+v %v", u, err)
		}
		v, err := access.GetUnit(apptest.Ctx, r, w.Units["village"].ID.Key)
		if err != nil || v.Superior != into.ID.Key || v.Township != into.ID.Key {
			t.Errorf("the village: %+v %v", v, err)
		}
		at, err := db.Column[string](apptest.Ctx, r, `SELECT o.township_id FROM officials o WHERE o.city_id = $1 AND o.name IN ('甲某', '乙某')`)
		if err != nil || len(at) != 2 || at[0] != into.ID.Key || at[1] != into.ID.Key {
			t.Errorf("officials are at %v, %v", at, err)
		}
		if now := growth(); now.Numerator != was.Numerator || now.Denominator != was.Denominator {
			t.Errorf("growth was %+v and is %+v", was, now)
		}
		left, err := db.Column[string](apptest.Ctx, r, `SELECT h.leave_reason FROM holdings h WHERE h.city_id = $1 AND h.unit_id = $2`, from.ID.Key)
		if err != nil || len(left) != 3 || left[0] != org.Merged {
			t.Errorf("its people left because of %v, %v", left, err)
		}
		closed, err := db.Column[string](apptest.Ctx, r, `SELECT h.post_id FROM holdings h WHERE h.city_id = $1 AND h.unit_id = $2 ORDER BY h.id LIMIT 1`, from.ID.Key)
		if err == nil {
			_, err = o.Propose(apptest.Ctx, w.As("personnel"), org.Proposal{Post: closed[0], Person: w.Who["hlofficer"].Person, From: "2026-10-13", FullTime: true})
		}
		if fault.Code(err) != "appoint.closed" {
			t.Errorf("somebody is put forward for a post that is closed: %v", err)
		}
		// One speaks of somebody of the township that took over.
		if _, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "rows.import", Organ: w.Units["county"].ID}, bar.Set(apptest.Ctx, tx, w.Who["lone"].Person, w.Matter(about).Root, bar.Named)
		}); err != nil {
			t.Fatal(err)
		}
		// The job that follows; twice, as any may run.
		for _, want := range []int{2, 0} {
			if n, err := heir.Succeed(apptest.Ctx, w.App.Engine, apptest.City, from.ID.Key, into.ID.Key); err != nil || n != want {
				t.Errorf("%d followed, %v; want %d", n, err, want)
			}
		}
		after := w.Matter(m)
		if after.Handler != into.ID || after.State != before.State {
			t.Errorf("it is with %v in state %s", after.Handler, after.State)
		}
		cs, err := deadline.Running(apptest.Ctx, r, m.Key)
		if err != nil || len(cs) == 0 {
			t.Fatalf("%v %v", cs, err)
		}
		for _, c := range cs {
			if c.OwedBy == from.ID {
				t.Errorf("%s is owed by a unit that is closed", c.Rule)
			}
		}
		cs, err = deadline.Running(apptest.Ctx, r, about.Key)
		if err != nil || len(cs) == 0 {
			t.Fatalf("%v %v", cs, err)
		}
		for _, c := range cs {
			if c.OwedBy != w.Units["county"].ID || c.OwedRole != access.Supervision {
				t.Errorf("%s, of somebody of the heir, is owed by %v %s", c.Rule, c.OwedBy, c.OwedRole)
			}
		}
		if _, err := flow.Get(apptest.Ctx, r, w.As("lone"), about.Key); fault.KindOf(err) != fault.NotFound {
			t.Errorf("whom it speaks of sees it: %v", err)
		}
		if _, err := flow.Get(apptest.Ctx, r, w.As("lone"), m.Key); err != nil {
			t.Errorf("the secretary who took over does not see it: %v", err)
		}
		// What was before the day stays as it was.
		f, err := org.LoadFacts(apptest.Ctx, r, measure.Query{Unit: w.Units["county"], To: "2026-10-12"}, 0)
		if err != nil || len(f.Of(func(s org.Seat) bool { return s.Unit == from.ID.Key && s.Held() }).Seats) != 3 {
			t.Errorf("the day before there were %+v, %v", f.Seats, err)
		}
		f, err = org.LoadFacts(apptest.Ctx, r, measure.Query{Unit: w.Units["county"], To: "2026-10-13"}, 0)
		if err != nil || len(f.Of(func(s org.Seat) bool { return s.Unit == from.ID.Key }).Seats) != 0 {
			t.Errorf("on the day: %+v, %v", f.Seats, err)
		}
		acts, err := db.Column[string](apptest.Ctx, r, `SELECT a.action FROM acts a WHERE a.city_id = $1 AND a.action IN ('unit.propose', 'unit.merge', 'matter.succeed') ORDER BY a.at, a.seq`)
		if err != nil || len(acts) != 4 {
			t.Errorf("acts: %v %v", acts, err)
		}
		w.Verify()
	})
}

// TestMoveAndRename: a village comes to another township, and is called otherwise from a day on.
func TestMoveAndRename(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("personnel", "孟组", "personnel_clerk", "county")
		o, v, r := w.App.Org, w.Units["village"], d.In(apptest.City)
		do := func(x org.Reorganisation) {
			t.Helper()
			x.Unit, x.Paper = v.ID.Key, "县政函〔2026〕7号"
			key, err := o.Reorganise(apptest.Ctx, w.As("personnel"), x)
			if err == nil {
				err = o.DecideReorganisation(apptest.Ctx, w.As("cityorg"), key, 1, true, "")
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		do(org.Reorganisation{Kind: org.UnitRename, Name: "新塘村", On: "2026-10-11"})
		do(org.Reorganisation{Kind: org.UnitMove, Into: w.Units["headless"].ID.Key, On: "2026-10-12"})
		u, err := access.GetUnit(apptest.Ctx, r, v.ID.Key)
		if err != nil || u.Name != "新塘村" || u.Township != w.Units["headless"].ID.Key {
			t.Errorf("%+v %v", u, err)
		}
		was, err := org.UnitAt(apptest.Ctx, r, v.ID.Key, d.Today())
		if err != nil || len(was.Names) != 3 || was.Names[1].Name != "新塘村" || was.Names[2].Name != "上塘村" {
			t.Errorf("%+v %v", was.Names, err)
		}
		// A page of an earlier day shows what was then.
		w.On("2026-10-13")
		srv := w.Serve()
		at := func(unit, on string, has, lacks []string) {
			t.Helper()
			code, text := w.Get(srv, "cityorg", "/units/"+w.Units[unit].ID.String()+"?on="+on)
			for _, s := range has {
				if code != 200 || !strings.Contains(text, s) {
					t.Errorf("%s on %s (%d) lacks %s", unit, on, code, s)
				}
			}
			for _, s := range lacks {
				if strings.Contains(text, s) {
					t.Errorf("%s on %s shows %s", unit, on, s)
				}
			}
		}
		at("full", "2026-10-10", []string{"上塘村"}, []string{"新塘村"})
		at("full", "2026-10-11", []string{"新塘村"}, []string{">上塘村"})
		at("full", "2026-10-12", nil, []string{"新塘村", "上塘村"})
		at("headless", "2026-10-11", nil, []string{"新塘村"})
		at("headless", "2026-10-12", []string{"新塘村"}, nil)
		at("village", "2026-10-10", []string{"<h1 class=\"pt\">上塘村", w.Units["full"].Name}, []string{w.Units["headless"].Name})
		at("village", "", []string{"<h1 class=\"pt\">新塘村", w.Units["headless"].Name}, nil)
		for _, bad := range []string{"2026-02-30", "2026-12-01", "x"} {
			if code, _ := w.Get(srv, "cityorg", "/units/"+v.ID.String()+"?on="+bad); code != 422 && code != 400 {
				t.Errorf("on %s: %d", bad, code)
			}
		}
		w.On("2026-10-12")
		key, err := o.Reorganise(apptest.Ctx, w.As("personnel"), org.Reorganisation{Kind: org.UnitRename, Unit: v.ID.Key, Name: "上塘村", On: "2026-10-13", Paper: "县政函〔2026〕8号"})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.DecideReorganisation(apptest.Ctx, w.As("cityorg"), key, 1, false, ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("refused without a reason: %v", err)
		}
		if err := o.DecideReorganisation(apptest.Ctx, w.As("cityorg"), key, 1, false, "没有批复"); err != nil {
			t.Error(err)
		}
		if err := o.DecideReorganisation(apptest.Ctx, w.As("cityorg"), key, 2, true, ""); fault.KindOf(err) != fault.Conflict {
			t.Errorf("settled already: %v", err)
		}
		w.Verify()
	})
}

// TestSplit: a new township stands beside one from a day on, with vacant posts like its own and one of its two villages; the days
// before and what the old one works on stay.
func TestSplit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		way := &walk{drive(t, d), "full"}
		w := way.World
		w.Hire("personnel", "孟组", "personnel_clerk", "county")
		o, full, stays, r := w.App.Org, w.Units["full"], w.Units["village"], d.In(apptest.City)
		tip := way.letter(true)
		way.make(tip, "assign", way.to())
		m := child(t, w, tip, "clue")
		var goes access.Unit
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			us, err := org.OpenUnits(apptest.Ctx, tx, []org.NewUnit{{Kind: "village", Code: "990101001202", Name: "塘尾村", Superior: full, Opened: "2020-01-01"}})
			if err != nil {
				return ledger.Act{}, err
			}
			goes = us[0]
			if err := org.RenameUnit(apptest.Ctx, tx, goes, "下塘村", "2026-10-09"); err != nil {
				return ledger.Act{}, err
			}
			_, err = org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{{Unit: goes, Name: "丙某", Post: "村主任", Rank: "village", Category: "c5", From: "2021-01-01"}})
			return ledger.Act{Action: "rows.import", Organ: w.Units["county"].ID}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		in := org.Reorganisation{Kind: org.UnitSplit, Unit: full.ID.Key, Name: "下塘镇", Code: "990101077000", Parts: []id.Key{goes.ID.Key}, On: "2026-10-11", Paper: "省政函〔2026〕90号"}
		for what, bad := range map[string]func(*org.Reorganisation){
			"name name.invalid":           func(x *org.Reorganisation) { x.Name = "" },
			"name reorganise.same_name":   func(x *org.Reorganisation) { x.Name = full.Name },
			"code reorganise.code":        func(x *org.Reorganisation) { x.Code = "99010107700" },
			"code reorganise.code ":       func(x *org.Reorganisation) { x.Code = "990102077000" }, // another county's
			"code reorganise.code  ":      func(x *org.Reorganisation) { x.Code = "990101077001" }, // a village's
			"code reorganise.code   ":     func(x *org.Reorganisation) { x.Code = "990101000000" }, // the county's
			"code reorganise.code_taken":  func(x *org.Reorganisation) { x.Code = full.Code },
			"parts required":              func(x *org.Reorganisation) { x.Parts = nil },
			"parts choice.unknown":        func(x *org.Reorganisation) { x.Parts = []id.Key{w.Units["county"].ID.Key} },
			"parts reorganise.all_parts":  func(x *org.Reorganisation) { x.Parts = append(x.Parts, stays.ID.Key) },
			"parts choice.unknown, twice": func(x *org.Reorganisation) { x.Parts = append(x.Parts, goes.ID.Key) },
			"on day.after":                func(x *org.Reorganisation) { x.On = "2020-01-01" },
			"on day.after, of a village":  func(x *org.Reorganisation) { x.On = "2026-10-09" },
		} {
			x := in
			x.Parts = slices.Clone(in.Parts)
			bad(&x)
			_, err := o.Reorganise(apptest.Ctx, w.As("personnel"), x)
			if fs := fault.Fields(err); len(fs) != 1 || !strings.HasPrefix(what, fs[0].Name+" "+fs[0].Code) {
				t.Errorf("%s: %+v %v", what, fs, err)
			}
		}
		key, err := o.Reorganise(apptest.Ctx, w.As("personnel"), in)
		if err != nil {
			t.Fatal(err)
		}
		w.On("2026-10-11")
		if err := o.DecideReorganisation(apptest.Ctx, w.As("personnel"), key, 1, true, ""); fault.Code(err) != "appoint.two_hands" {
			t.Errorf("alone: %v", err)
		}
		if err := o.DecideReorganisation(apptest.Ctx, w.As("cityorg"), key, 1, true, ""); err != nil {
			t.Fatal(err)
		}
		past, err := o.Reorganisations(apptest.Ctx, r, full.ID.Key)
		if err != nil || len(past) != 1 || past[0].Into == "" || past[0].State != org.AppointGranted {
			t.Fatalf("%+v %v", past, err)
		}
		town, err := access.GetUnit(apptest.Ctx, r, past[0].Into)
		if err != nil || town.Name != "下塘镇" || town.Code != in.Code || town.Superior != full.Superior || town.Office != full.Office || town.Opened != in.On {
			t.Errorf("%+v %v", town, err)
		}
		villages := func(u access.Unit) (out []string) {
			t.Helper()
			us, err := org.Parts(apptest.Ctx, r, u)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range us {
				out = append(out, v.Name)
			}
			return out
		}
		if a, b := villages(full), villages(town); !slices.Equal(a, []string{"上塘村"}) || !slices.Equal(b, []string{"下塘村"}) {
			t.Errorf("villages %v and %v", a, b)
		}
		at, err := db.Column[string](apptest.Ctx, r, `SELECT o.township_id FROM officials o WHERE o.city_id = $1 AND o.name = '丙某'`)
		if err != nil || len(at) != 1 || at[0] != town.ID.Key {
			t.Errorf("the official is at %v, %v", at, err)
		}
		seats := func(u access.Unit, on string, held bool) int {
			t.Helper()
			f, err := org.LoadFacts(apptest.Ctx, r, measure.Query{Unit: w.Units["county"], To: calendar.Date(on)}, 0)
			if err != nil {
				t.Fatal(err)
			}
			return len(f.Of(func(s org.Seat) bool { return s.Unit == u.ID.Key && s.Held() == held }).Seats)
		}
		if now, before := seats(town, "2026-10-11", false), seats(town, "2026-10-10", false); now != 3 || before != 0 || seats(full, "2026-10-11", true) != 3 {
			t.Errorf("the new one has %d vacant posts, the day before %d", now, before)
		}
		if h := w.Matter(m).Handler; h != full.ID {
			t.Errorf("the clue is with %v", h)
		}
		w.On("2026-10-12")
		srv := w.Serve()
		for day, want := range map[string]bool{"2026-10-10": true, "2026-10-11": false} {
			if _, text := w.Get(srv, "cityorg", "/units/"+full.ID.String()+"?on="+day); strings.Contains(text, "下塘村") != want {
				t.Errorf("the village under the old township on %s: not %v", day, want)
			}
		}
		if code, text := w.Get(srv, "cityorg", "/admin/units/"+town.ID.String()); code != 200 || !strings.Contains(text, full.Name+"析置下塘镇，划入下塘村") {
			t.Errorf("the new one's page does not say where it comes from: %d", code)
		}
		w.Verify()
	})
}
