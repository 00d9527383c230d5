package haves_test

import (
	"maps"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/duty"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/haves"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/rulebook"
)

var ctx = apptest.Ctx

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// code is the code of what is wrong, with the field where there is one.
func code(err error) string {
	if fs := fault.Fields(err); len(fs) > 0 {
		return fs[0].Name + ":" + fs[0].Code
	}
	return fault.Code(err)
}

// said is what the acts of a kind say.
func said(t *testing.T, w *apptest.World, action string) string {
	t.Helper()
	out, err := db.Column[string](ctx, w.App.DB.In(apptest.City), `SELECT a.body FROM acts a WHERE a.city_id = $1 AND a.action = $2`, action)
	if err != nil || len(out) == 0 {
		t.Fatalf("no act %s: %v", action, err)
	}
	return strings.Join(out, "\n")
}

// issued is a list that somebody drafts from another, or from the rulebook, and issues.
func issued(t *testing.T, w *apptest.World, who string, from id.ID) id.ID {
	t.Helper()
	l, err := w.App.Haves.Make(ctx, w.As(who), from, "六有标准", false)
	must(t, err)
	must(t, w.App.Haves.Issue(ctx, w.As(who), l, 1))
	return l
}

func list(t *testing.T, w *apptest.World, who string, l id.ID) haves.List {
	t.Helper()
	x, err := w.App.Haves.Get(ctx, w.As(who), l)
	must(t, err)
	return x
}

// A list goes from the province to the city to the county, each as it is or adapted, and its issuer sees what became of it.
func TestLists(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("countyorg", "纪组", "personnel_clerk", "county")
		s := w.App.Haves
		for _, who := range []string{"supervision", "officer", "cityintake"} {
			if _, err := s.Make(ctx, w.As(who), id.ID{}, "六有", false); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s drafts: %v", who, err)
			}
		}
		top := issued(t, w, "province", id.ID{})
		if l := list(t, w, "cityorg", top); l.State != haves.Issued || len(l.Lines) != len(w.App.Rules.HaveLines(d.Today())) || l.Lines[0].How != haves.AsIs {
			t.Errorf("%+v", l)
		}
		city, err := s.Make(ctx, w.As("cityorg"), top, "全市六有标准", false)
		must(t, err)
		if _, err := s.Get(ctx, w.As("countyorg"), city); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a draft is seen below: %v", err)
		}
		computers := haves.Line{Code: "equipment.computers", Name: rulebook.Text{Zh: "专用计算机"}, Kind: "number", Least: 2, Owes: "county"}
		for who, want := range map[string]string{"countyorg": "not_found", "cityoffice": ""} {
			err := s.SetLine(ctx, w.As(who), city, 1, computers)
			if want == "" {
				must(t, err)
			} else if fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s: %v", who, err)
			}
		}
		if err := s.SetLine(ctx, w.As("cityorg"), city, 1, computers); fault.Code(err) != "stale" {
			t.Errorf("stale: %v", err)
		}
		for _, c := range []struct {
			line haves.Line
			want string
		}{
			{haves.Line{Code: "funds.office", Name: rulebook.Text{Zh: "经费"}, Kind: "number", Least: 1, Owes: "township"}, "owes:haves.never_township"},
			{haves.Line{Have: "force", Name: rulebook.Text{Zh: "人"}, Kind: "yes", Owes: "township"}, "owes:haves.never_township"},
			{haves.Line{Have: "premises", Kind: "yes", Owes: "county"}, "zh:required"},
			{haves.Line{Have: "premises", Name: rulebook.Text{Zh: "房"}, Kind: "number", Owes: "county"}, "least:haves.least"},
			{haves.Line{Have: "premises", Name: rulebook.Text{Zh: "房"}, Kind: "measure", Owes: "county"}, "kind:choice.unknown"},
			{haves.Line{Have: "weather", Name: rulebook.Text{Zh: "房"}, Kind: "yes", Owes: "county"}, "have:choice.unknown"},
		} {
			if err := s.SetLine(ctx, w.As("cityorg"), city, 2, c.line); code(err) != c.want {
				t.Errorf("%+v: %v, want %s", c.line, err, c.want)
			}
		}
		must(t, s.SetLine(ctx, w.As("cityorg"), city, 2, haves.Line{Have: "premises", Name: rulebook.Text{Zh: "接访窗口"}, Kind: "yes", Owes: "township"}))
		must(t, s.DropLine(ctx, w.As("cityorg"), city, 3, "premises.files"))
		must(t, s.Issue(ctx, w.As("cityorg"), city, 4))
		if err := s.Issue(ctx, w.As("cityorg"), city, 5); fault.Code(err) != "haves.issued" {
			t.Errorf("issued twice: %v", err)
		}
		as, err := s.Adoptions(ctx, w.As("province"), top)
		if err != nil || len(as) != 1 || as[0].Unit.Name != "XX市" || as[0].Changed != 1 || as[0].Added != 1 || as[0].Dropped != 1 || int(as[0].AsIs) != len(w.App.Rules.HaveLines(d.Today()))-2 {
			t.Errorf("%+v %v", as, err)
		}
		county, err := s.Make(ctx, w.As("countyorg"), city, "", true)
		must(t, err)
		l := list(t, w, "countyorg", county)
		if l.State != haves.Issued || l.Name != "全市六有标准" || l.From != city || len(l.Lines) != len(w.App.Rules.HaveLines(d.Today())) {
			t.Errorf("%+v", l) // one dropped above, one added there
		}
		if as, err = s.Adoptions(ctx, w.As("cityorg"), city); err != nil || len(as) != 1 || as[0].Unit.Name != "云渡县" || int(as[0].AsIs) != len(l.Lines) {
			t.Errorf("%+v %v", as, err)
		}
		issued(t, w, "principal", top)
		if l := list(t, w, "countyorg", county); l.State != haves.Replaced {
			t.Errorf("the old list is %s", l.State)
		}
		if _, err := s.Get(ctx, w.As("otherprincipal"), county); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another county sees it: %v", err)
		}
		if !strings.Contains(said(t, w, "haves.adopt"), city.String()) || !strings.Contains(said(t, w, "haves.line"), `"how":"dropped"`) {
			t.Error("the acts do not say so")
		}
		w.Verify()
	})
}

// rated is what a township says when all is there but what is named.
func rated(w *apptest.World, l haves.List, lacking ...string) map[string]haves.Said {
	out := map[string]haves.Said{}
	for _, x := range l.Lines {
		v := haves.Said{Value: "yes", Evidence: "文号"}
		switch x.Kind {
		case "number":
			v.Value = "99999"
		case "date":
			v.Value = string(w.App.DB.Today())
		}
		for _, c := range lacking {
			if c == x.Code {
				v.Value = map[string]string{"yes": "no", "number": "0", "date": ""}[x.Kind]
			}
		}
		if x.Asked() {
			out[x.Code] = v
		}
	}
	return out
}

// judged is a check that agrees with everything but what is named.
func judged(l haves.List, differs ...string) map[string]haves.Judged {
	out := map[string]haves.Judged{}
	for _, x := range l.Lines {
		if x.Asked() {
			out[x.Code] = haves.Judged{Verdict: haves.Agrees}
		}
		for _, c := range differs {
			if c == x.Code {
				out[x.Code] = haves.Judged{Verdict: haves.Differs, Reason: "实地未见"}
			}
		}
	}
	return out
}

// rating is a township's part in a round.
func rating(t *testing.T, w *apptest.World, round id.ID, town string) haves.Rating {
	t.Helper()
	x, ok, err := w.App.Haves.RatingOf(ctx, w.App.DB.In(apptest.City), round.Key, w.Units[town].ID.Key)
	must(t, err)
	if !ok {
		t.Fatalf("%s has no part in the round", town)
	}
	return x
}

// rate and check are a township's word in a round and the county's, at the version there is.
func rate(t *testing.T, w *apptest.World, who string, round id.ID, town string, in map[string]haves.Said) error {
	x := rating(t, w, round, town)
	return w.App.Haves.Rate(ctx, w.As(who), x.ID, x.Version, in)
}

func check(t *testing.T, w *apptest.World, who string, round id.ID, town string, in map[string]haves.Judged) error {
	x := rating(t, w, round, town)
	return w.App.Haves.Check(ctx, w.As(who), x.ID, x.Version, in)
}

// A round from its opening to the gap that closes: each township says how it stands, the county checks, what is lacking is owed
// by the level the list names, and the re-check closes it.
func TestRound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s, r := w.App.Haves, d.In(apptest.City)
		if _, err := s.Open(ctx, w.As("deputy"), "2026年六有自评", "2026-10-30"); fault.Code(err) != "haves.no_list" {
			t.Errorf("without a list: %v", err)
		}
		l := list(t, w, "deputy", issued(t, w, "deputy", id.ID{}))
		for who, want := range map[string]fault.Kind{"supervision": fault.Forbidden, "officer": fault.Forbidden, "cityorg": fault.Forbidden} {
			if _, err := s.Open(ctx, w.As(who), "一轮", "2026-10-30"); fault.KindOf(err) != want {
				t.Errorf("%s opens a round: %v", who, err)
			}
		}
		if _, err := s.Open(ctx, w.As("deputy"), "一轮", "2026-10-12"); code(err) != "due:day.after" {
			t.Errorf("%v", err)
		}
		round, err := s.Open(ctx, w.As("deputy"), "2026年六有自评", "2026-10-30")
		must(t, err)
		if _, err := s.Open(ctx, w.As("deputy"), "又一轮", "2026-10-30"); fault.Code(err) != "haves.round_open" {
			t.Errorf("two at once: %v", err)
		}
		x, _ := w.App.Rules.Ask("haves.rate", d.Today())
		sums, err := measure.ByUnit(ctx, r, "burden.minutes", []id.Key{w.Units["full"].ID.Key, w.Units["othertown"].ID.Key}, "2026-10", "2026-10")
		if err != nil || sums[w.Units["full"].ID.Key]["2026-10"] != int64(x.Minutes) || len(sums) != 1 {
			t.Errorf("on the burden account: %v %v", sums, err)
		}
		for who, want := range map[string]fault.Kind{"deputy": fault.Forbidden, "othersecretary": fault.NotFound} {
			if err := rate(t, w, who, round, "full", rated(w, l)); fault.KindOf(err) != want {
				t.Errorf("%s rates: %v", who, err)
			}
		}
		if err := check(t, w, "deputy", round, "full", judged(l)); fault.Code(err) != "haves.not_said" {
			t.Errorf("checked before it was said: %v", err)
		}
		bad := rated(w, l)
		bad["premises.office"], bad["equipment.computers"], bad["premises.talk_room"] = haves.Said{Value: "vielleicht"}, haves.Said{Value: "-1"}, haves.Said{Value: "2027-01-01"}
		if err := rate(t, w, "officer", round, "full", bad); len(fault.Fields(err)) != 3 {
			t.Errorf("%v", err)
		}
		must(t, rate(t, w, "officer", round, "full", rated(w, l, "premises.talk_room", "premises.office")))
		if err := rate(t, w, "secretary", round, "full", rated(w, l, "premises.talk_room", "premises.office")); fault.Code(err) != "haves.nothing_new" {
			t.Errorf("the same again: %v", err)
		}
		town := w.Units["full"].ID.Key
		for who, want := range map[string]fault.Kind{"supervision": fault.Forbidden, "officer": fault.Forbidden, "cityorg": fault.Forbidden, "otherprincipal": fault.NotFound} {
			if err := check(t, w, who, round, "full", judged(l)); fault.KindOf(err) != want {
				t.Errorf("%s checks: %v", who, err)
			}
		}
		no := judged(l)
		no["equipment.safe"] = haves.Judged{Verdict: haves.Differs}
		if err := check(t, w, "deputy", round, "full", no); code(err) != "r-equipment.safe:required" {
			t.Errorf("differs without a reason: %v", err)
		}
		later := judged(l, "equipment.safe")
		later["rules.core"] = haves.Judged{Verdict: haves.NotYet}
		must(t, check(t, w, "deputy", round, "full", later))
		v, err := s.Town(ctx, r, w.As("officer"), round.Key, town)
		must(t, err)
		gaps := map[string]haves.Gap{}
		for _, g := range v.Gaps {
			gaps[g.Code] = g
		}
		if len(gaps) != 3 || gaps["premises.talk_room"].Owes != "county" || gaps["premises.office"].Owes != "township" || gaps["equipment.safe"].ID.Zero() {
			t.Errorf("%+v", v.Gaps)
		}
		if v.Answers["rules.core"].Found != "" || v.Answers["equipment.safe"].Reason != "实地未见" || !v.Rates || v.Checks {
			t.Errorf("%+v", v.Answers)
		}
		if k := v.Known["force.posts"]; !k.Known || !k.Met || k.Value.Numerator != 3 {
			t.Errorf("posts: %+v", k)
		}
		if b := said(t, w, "rating.check"); !strings.Contains(b, `"gaps":3`) || !strings.Contains(b, `"differs":1`) {
			t.Error(b)
		}
		// Making good what it owes itself is on the township's account, beside the round; what others owe is not.
		mend, _ := w.App.Rules.Ask("haves.mend", d.Today())
		sums, err = measure.ByUnit(ctx, r, "burden.minutes", []id.Key{town}, "2026-10", "2026-10")
		if err != nil || sums[town]["2026-10"] != int64(x.Minutes+mend.Minutes) {
			t.Errorf("on the burden account: %v %v", sums, err)
		}
		// What the township owes is on its desk, what the county owes on the leader's.
		if c := running(t, w, gaps["premises.office"].ID); len(c) != 1 || c[0] != "gap.mend 石桥镇 handler" {
			t.Errorf("%v", c)
		}
		if c := running(t, w, gaps["premises.talk_room"].ID); len(c) != 1 || c[0] != "gap.mend 云渡县 deputy" {
			t.Errorf("%v", c)
		}
		if _, err := w.Try("officer", gaps["premises.talk_room"].ID, "budget", flow.Values{"budget": {"50000"}, "source": {"乡镇"}}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a township gives a budget: %v", err)
		}
		w.Do("deputy", gaps["premises.talk_room"].ID, "budget", flow.Values{"budget": {"50000"}, "source": {"县财政专项"}})
		w.Do("officer", gaps["premises.office"].ID, "mend", flow.Values{"evidence": {"腾出二楼201室"}})
		w.Do("deputy", gaps["premises.office"].ID, "recheck", flow.Values{"result": {"unmet"}, "note": {"仍与他人合用"}})
		if m := w.Matter(gaps["premises.office"].ID); m.State != haves.Lacking || !m.Open {
			t.Errorf("%s", m.State)
		}
		w.Do("secretary", gaps["premises.office"].ID, "mend", flow.Values{"evidence": {"已单独使用"}})
		w.Do("deputy", gaps["premises.office"].ID, "recheck", flow.Values{"result": {"met"}, "note": {"已核"}})
		if m := w.Matter(gaps["premises.office"].ID); m.State != haves.Closed || m.Open {
			t.Errorf("%s", m.State)
		}
		for who, want := range map[string]bool{"officer": true, "hlofficer": false, "otherprincipal": false, "cityorg": true, "supervision": true} {
			_, err := flow.Get(ctx, r, w.As(who), gaps["equipment.safe"].ID.Key)
			if (err == nil) != want {
				t.Errorf("%s sees the gap: %v", who, err)
			}
		}
		// The next round offers what was said, makes no second gap of what is still lacking, and closes what is there.
		must(t, s.Close(ctx, w.As("deputy"), round, 1))
		if err := rate(t, w, "officer", round, "full", rated(w, l)); fault.Code(err) != "move.not_now" {
			t.Errorf("after its end: %v", err)
		}
		w.On("2027-03-01")
		next, err := s.Open(ctx, w.As("deputy"), "2027年六有自评", "2027-03-20")
		must(t, err)
		v, err = s.Town(ctx, r, w.As("officer"), next.Key, town)
		if err != nil || len(v.Answers) != 0 || v.Before["equipment.computers"].Value != "99999" {
			t.Errorf("%+v %v", v.Before, err)
		}
		must(t, rate(t, w, "officer", next, "full", rated(w, l, "premises.talk_room")))
		must(t, check(t, w, "deputy", next, "full", judged(l)))
		v, err = s.Town(ctx, r, w.As("deputy"), next.Key, town)
		if err != nil || len(v.Gaps) != 1 || v.Gaps[0].ID != gaps["premises.talk_room"].ID || v.Gaps[0].Budget != 50000 {
			t.Errorf("%+v %v", v.Gaps, err)
		}
		if m := w.Matter(gaps["equipment.safe"].ID); m.State != haves.Closed {
			t.Errorf("a gap that the check found mended is %s", m.State)
		}
		w.Verify()
	})
}

// running are the clocks that run on a matter: the rule, and who owes it.
func running(t *testing.T, w *apptest.World, m id.ID) []string {
	t.Helper()
	out, err := db.Column[string](ctx, w.App.DB.In(m.City), `SELECT c.rule || ' ' || u.name || ' ' || c.owed_role FROM clocks c JOIN units u ON u.city_id = c.city_id AND u.id = c.owed_id WHERE c.city_id = $1 AND c.matter_id = $2 AND c.state = 'open' ORDER BY c.rule`, m.Key)
	must(t, err)
	return out
}

// A township that lacks a secretary is told so by the system, and its county owes it; the board and the city's page add up.
func TestBoard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s, r := w.App.Haves, d.In(apptest.City)
		first, err := s.Make(ctx, w.As("principal"), id.ID{}, "六有标准", false)
		must(t, err)
		must(t, s.SetLine(ctx, w.As("principal"), first, 1, haves.Line{Have: "premises", Name: rulebook.Text{Zh: "县级统筹的谈话点"}, Kind: "yes", Owes: "city"}))
		must(t, s.Issue(ctx, w.As("principal"), first, 2))
		l := list(t, w, "principal", first)
		round, err := s.Open(ctx, w.As("principal"), "一轮", "2026-10-30")
		must(t, err)
		own := l.Lines[len(l.Lines)-1].Code
		must(t, rate(t, w, "officer", round, "full", rated(w, l, "rules.core")))
		must(t, rate(t, w, "hlofficer", round, "headless", rated(w, l, "rules.core", own)))
		must(t, check(t, w, "principal", round, "headless", judged(l)))
		v, err := s.Town(ctx, r, w.As("hldeputy"), round.Key, w.Units["headless"].ID.Key)
		must(t, err)
		at := map[string]haves.Gap{}
		for _, g := range v.Gaps {
			at[g.Code] = g
		}
		if at["force.posts"].Owes != "county" || at["rules.core"].Owes != "township" || at[own].Owes != "city" || len(at) != 3 {
			t.Errorf("%+v", v.Gaps)
		}
		if c := running(t, w, at[own].ID); strings.Join(c, ", ") != "gap.above XX市 observer, gap.mend 云渡县 deputy" {
			t.Errorf("%v", c)
		}
		for who, want := range map[string]bool{"principal": true, "supervision": true, "cityorg": true, "officer": false, "otherprincipal": false} {
			_, err := s.Board(ctx, r, w.As(who), round.Key)
			if (err == nil) != want {
				t.Errorf("%s sees the board: %v", who, err)
			}
		}
		b, err := s.Board(ctx, r, w.As("supervision"), round.Key)
		must(t, err)
		by := map[string]haves.BoardLine{}
		for _, x := range b.Towns {
			by[x.Unit.Name] = x
		}
		if x := by["柏岭乡"]; !x.Checked || x.Gaps != 3 || x.By["rules"] != (haves.Standing{Met: 0, Of: 1}) || x.By["force"].Met >= x.By["force"].Of {
			t.Errorf("%+v", x)
		}
		if x := by["石桥镇"]; x.Checked || !x.Said || x.By["force"].Met != x.By["force"].Of {
			t.Errorf("%+v", x)
		}
		if x := by["柳湾乡"]; x.Said || haves.Weakest(b.All) != "rules" || b.Runs {
			t.Errorf("%+v weakest %s", x, haves.Weakest(b.All))
		}
		// City and province see of each county what its own board shows, posts with it; what a township said that is gone counts with
		// neither.
		agree := func(who string) map[string]haves.Standing {
			t.Helper()
			b, err := s.Board(ctx, r, w.As("supervision"), round.Key)
			must(t, err)
			rows, all, err := s.Counties(ctx, r, w.As(who))
			if err != nil || len(rows) != 2 || rows[0].Unit.Name != "云渡县" || rows[0].Round != round || !rows[1].Round.Zero() || len(rows[1].By) != 0 {
				t.Fatalf("%s: %+v %v", who, rows, err)
			}
			if !maps.Equal(rows[0].By, b.All) || !maps.Equal(all, b.All) || haves.Weakest(rows[0].By) != haves.Weakest(b.All) {
				t.Errorf("%s sees %v, the county %v", who, rows[0].By, b.All)
			}
			return all
		}
		for _, who := range []string{"cityorg", "province"} {
			if all := agree(who); all["rules"] != (haves.Standing{Met: 0, Of: 2}) || all["force"].Met >= all["force"].Of || all["force"].Of < 4 {
				t.Errorf("%v", all)
			}
		}
		if rows, _, err := s.Counties(ctx, r, w.As("otherprincipal")); err != nil || len(rows) != 1 || rows[0].Unit.Name != "白河县" {
			t.Errorf("another county sees %+v %v", rows, err)
		}
		w.Hire("personnel", "孟组", "personnel_clerk", "county")
		w.On("2026-10-13")
		key, err := w.App.Org.Reorganise(ctx, w.As("personnel"), org.Reorganisation{Kind: org.UnitMerge, Unit: w.Units["headless"].ID.Key, Into: w.Units["single"].ID.Key, On: "2026-10-13", Paper: "省政函〔2026〕88号"})
		must(t, err)
		must(t, w.App.Org.DecideReorganisation(ctx, w.As("secadmin"), key, 1, true, ""))
		if all := agree("cityorg"); all["rules"] != (haves.Standing{Met: 0, Of: 1}) {
			t.Errorf("after a merger: %v", all)
		}
		w.Verify()
	})
}

// Whether duties that were handed back stay back is known once a department has signed for one, and is asked of nobody.
func TestHandedBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		issued(t, w, "deputy", id.ID{})
		round, err := w.App.Haves.Open(ctx, w.As("deputy"), "一轮", "2026-10-30")
		must(t, err)
		town := w.Units["full"].ID.Key
		known := func(who string) haves.Known {
			t.Helper()
			v, err := w.App.Haves.Town(ctx, d.In(apptest.City), w.As(who), round.Key, town)
			must(t, err)
			for _, l := range v.Lines {
				if l.Code == "delivering.handed_back" && (l.Asked() || l.Measure != "duty.stayed_share" || l.Least != 100) {
					t.Errorf("%+v", l)
				}
			}
			return v.Known["delivering.handed_back"]
		}
		if k := known("officer"); k.Known || k.Met || k.Value.Veil != nil {
			t.Errorf("where nothing was handed back: %+v", k)
		}
		e, err := w.App.Duties.Enter(ctx, w.As("officer"), duty.Entry{Unit: town, Name: "工程招标现场见证", Work: "procurement", Part: duty.PartLead, Department: "公共资源交易站", GivenBy: "石桥镇党委", From: "2026-10-12"})
		must(t, err)
		w.Do("supervision", e.HandBack, "send", flow.Values{"on": {"2026-10-12"}})
		w.Do("officer", e.HandBack, "receive", flow.Values{"signed_by": {"李所长"}, "on": {"2026-10-12"}})
		for _, who := range []string{"officer", "deputy", "cityorg"} {
			if k := known(who); !k.Known || !k.Met || k.Value.Denominator != 1 {
				t.Errorf("%s: %+v", who, k)
			}
		}
		w.On("2026-10-20")
		w.Do("supervision", e.HandBack, "creep", flow.Values{"on": {"2026-10-20"}, "note": {"仍在现场见证。"}})
		if k := known("deputy"); !k.Known || k.Met || k.Value.Numerator != 0 {
			t.Errorf("crept back: %+v", k)
		}
		w.Verify()
	})
}
