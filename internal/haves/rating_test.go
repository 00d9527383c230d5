package haves_test

import (
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/haves"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// desk is what stands on somebody's desk under a rule: the day it is due, "" for nothing.
func desk(t *testing.T, w *apptest.World, who, rule string) (due calendar.Date, late bool) {
	t.Helper()
	ds, err := w.App.Engine.Desk(ctx, w.As(who), 50)
	must(t, err)
	for _, d := range ds {
		if d.Clock.Rule == rule {
			return d.Clock.Due, d.Clock.Late(w.App.DB.Today())
		}
	}
	return "", false
}

// boardLine is a township on the county's page of a round.
func boardLine(t *testing.T, w *apptest.World, round id.ID, town string) haves.BoardLine {
	t.Helper()
	b, err := w.App.Haves.Board(ctx, w.App.DB.In(round.City), w.As("supervision"), round.Key)
	must(t, err)
	for _, x := range b.Towns {
		if x.Unit.ID == w.Units[town].ID {
			return x
		}
	}
	t.Fatalf("%s is not on the board", town)
	return haves.BoardLine{}
}

// minutes is what a township was asked in the month.
func minutes(t *testing.T, w *apptest.World, town string) int64 {
	t.Helper()
	m := w.App.DB.Today().MonthKey()
	sums, err := measure.ByUnit(ctx, w.App.DB.In(apptest.City), "burden.minutes", []id.Key{w.Units[town].ID.Key}, m, m)
	must(t, err)
	return sums[w.Units[town].ID.Key][m]
}

// A township's part in a round stands on its desk until it has said how it stands, then on the desk of whoever checks, and is late on
// either when its day has passed; what is not checked yet keeps it there.
func TestRating(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		files, err := blob.Open(t.TempDir())
		must(t, err)
		w.App.Custody.Files = files
		s, r := w.App.Haves, d.In(apptest.City)
		l := list(t, w, "deputy", issued(t, w, "deputy", id.ID{}))
		for due, want := range map[calendar.Date]string{"2026-10-12": "due:day.after", "2027-04-11": "due:haves.far", "": "due:day.invalid"} {
			if _, err := s.Open(ctx, w.As("deputy"), "一轮", due); code(err) != want {
				t.Errorf("due %s: %v", due, err)
			}
		}
		round, err := s.Open(ctx, w.As("deputy"), "2026年六有自评", "2026-10-30")
		must(t, err)
		x := rating(t, w, round, "full")
		if x.State != haves.RatingAsked || x.Due != "2026-10-30" || w.Matter(x.ID).Handler != w.Units["full"].ID || w.Matter(x.ID).Organ != w.Units["county"].ID {
			t.Errorf("%+v", x)
		}
		for who, want := range map[string]calendar.Date{"officer": "2026-10-30", "secretary": "2026-10-30", "hlofficer": "2026-10-30", "principal": "", "othersecretary": ""} {
			if due, late := desk(t, w, who, haves.RuleSay); due != want || late {
				t.Errorf("on the desk of %s: %s %v", who, due, late)
			}
		}
		for who, want := range map[string]bool{"officer": true, "hlofficer": false, "supervision": true, "deputy": true, "cityorg": true, "otherprincipal": false, "intake": false} {
			if _, err := flow.Get(ctx, r, w.As(who), x.ID.Key); (err == nil) != want {
				t.Errorf("%s sees it: %v", who, err)
			}
		}
		if _, err := w.Try("officer", x.ID, "say", flow.Values{"unchanged": {"yes"}}); fault.Code(err) != "haves.never_said" {
			t.Errorf("said as before, when nothing was: %v", err)
		}
		f, err := w.App.Custody.Add(ctx, w.As("officer"), x.ID, "谈话室.jpg", strings.NewReader("\xff\xd8\xff\xe0照片"))
		must(t, err)
		// Past its day it is late, on the desk and on the county's page, and nobody had to look.
		w.On("2026-11-02")
		if due, late := desk(t, w, "officer", haves.RuleSay); due != "2026-10-30" || !late {
			t.Errorf("not late: %s", due)
		}
		if b := boardLine(t, w, round, "full"); b.Said || !b.Part.Open || b.Part.Due != "2026-10-30" || b.Part.Files != 1 {
			t.Errorf("%+v", b)
		}
		if err := s.Rate(ctx, w.As("officer"), x.ID, x.Version-1, rated(w, l)); fault.Code(err) != "stale" {
			t.Errorf("stale: %v", err)
		}
		must(t, rate(t, w, "officer", round, "full", rated(w, l, "premises.office")))
		if due, _ := desk(t, w, "officer", haves.RuleSay); due != "" {
			t.Error("it was said, and stands there still")
		}
		if due, _ := desk(t, w, "principal", haves.RuleCheck); due != "2026-11-16" {
			t.Errorf("to be checked by %s", due)
		}
		must(t, rate(t, w, "secretary", round, "full", rated(w, l))) // said again before anybody has checked
		if c := running(t, w, x.ID); !slices.Equal(c, []string{"rating.check 云渡县 principal"}) {
			t.Errorf("%v", c)
		}
		v, err := s.TownOf(ctx, r, w.As("officer"), x.ID.Key)
		if err != nil || !v.Rates || v.Checks || len(v.Files) != 1 || v.Files[0].Key != f.Key || v.Town.ID != w.Units["full"].ID {
			t.Errorf("%+v %v", v.Files, err)
		}
		if _, err := s.TownOf(ctx, r, w.As("hlofficer"), x.ID.Key); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another township reads it: %v", err)
		}
		w.On("2026-11-17")
		if _, late := desk(t, w, "principal", haves.RuleCheck); !late {
			t.Error("the check is not late")
		}
		part := judged(l)
		part["rules.core"] = haves.Judged{Verdict: haves.NotYet}
		must(t, check(t, w, "deputy", round, "full", part))
		if m := w.Matter(x.ID); m.State != haves.RatingSaid || len(running(t, w, x.ID)) != 1 {
			t.Errorf("checked in part, and %s", m.State)
		}
		w.Do("principal", x.ID, "check", flow.Values{"agrees": {"yes"}})
		if m := w.Matter(x.ID); m.State != haves.RatingChecked || m.Open || len(running(t, w, x.ID)) != 0 {
			t.Errorf("checked, and %s", m.State)
		}
		if _, err := w.App.Custody.Add(ctx, w.As("officer"), x.ID, "补充.jpg", strings.NewReader("\xff\xd8\xff\xe0照片")); fault.Code(err) != "file.ended" {
			t.Errorf("a file for what has ended: %v", err)
		}
		if err := check(t, w, "deputy", round, "full", judged(l)); fault.Code(err) != "move.not_now" {
			t.Errorf("checked twice: %v", err)
		}
		// The round ends, and with it what nobody said or checked.
		must(t, s.Close(ctx, w.As("deputy"), round, 1))
		if y := rating(t, w, round, "headless"); y.State != haves.RatingEnded || y.Open || len(running(t, w, y.ID)) != 0 {
			t.Errorf("after the round's end: %+v", y)
		}
		if due, _ := desk(t, w, "hlofficer", haves.RuleSay); due != "" {
			t.Error("the round has ended, and it stands there still")
		}
		if b := said(t, w, "haves.round_close"); !strings.Contains(b, `"ended":2`) {
			t.Error(b)
		}
		// A day that is off runs to the next that is not; where nothing has changed one move says it.
		w.On("2027-03-01")
		next, err := s.Open(ctx, w.As("deputy"), "2027年六有自评", "2027-03-20") // a Saturday
		must(t, err)
		y := rating(t, w, next, "full")
		if y.Due != "2027-03-22" {
			t.Errorf("due %s", y.Due)
		}
		w.Do("officer", y.ID, "say", flow.Values{"unchanged": {"yes"}})
		v, err = s.TownOf(ctx, r, w.As("deputy"), y.ID.Key)
		if err != nil || !v.Checks || v.Answers["equipment.computers"].Value != "99999" || v.Answers["equipment.computers"].Said != "2027-03-01" {
			t.Errorf("%+v %v", v.Answers, err)
		}
		w.Verify()
	})
}

// What somebody said in one post they do not check in another.
func TestRatingOtherHands(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	l := list(t, w, "deputy", issued(t, w, "deputy", id.ID{}))
	round, err := w.App.Haves.Open(ctx, w.As("deputy"), "一轮", "2026-10-30")
	must(t, err)
	w.Again("both", "officer", "personnel_clerk", "county")
	if due, _ := desk(t, w, "officer", haves.RuleSay); due == "" {
		t.Fatal("nothing is asked")
	}
	must(t, rate(t, w, "officer", round, "full", rated(w, l)))
	if due, _ := desk(t, w, "both", haves.RuleCheck); due == "" {
		t.Error("personnel owe the check where there are any")
	}
	if err := check(t, w, "both", round, "full", judged(l)); fault.Code(err) != "move.other_hands" {
		t.Errorf("they check what they said: %v", err)
	}
	must(t, check(t, w, "deputy", round, "full", judged(l)))
}

// A round that was open before parts were matters gets them, in the state that each is in and with nothing more on the account; a
// township that comes is asked, one that goes is not.
func TestTend(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s, county := w.App.Haves, w.Units["county"]
		l := list(t, w, "deputy", issued(t, w, "deputy", id.ID{}))
		rounds := &ledger.Table{Name: "have_rounds", Key: []string{"id"}, Cols: []string{"county_id", "list_id", "name", "opened_on", "due_on", "closed_on", "version"}, Version: "version"}
		answers := &ledger.Table{Name: "have_answers", Key: []string{"round_id", "township_id", "code"}, Cols: []string{"have", "value", "met", "evidence", "said_on", "checked", "reason", "found", "checked_on", "version"}, Version: "version"}
		var round id.ID
		write := func(action string, do func(tx *ledger.Tx) error) {
			t.Helper()
			_, err := w.App.Ledger.Write(ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
				return ledger.Act{Action: action, Organ: county.ID}, do(tx)
			})
			must(t, err)
		}
		write("haves.round", func(tx *ledger.Tx) error {
			round = tx.NewID()
			if err := tx.Insert(ctx, rounds, round.Key, county.ID.Key, l.ID.Key, "旧的一轮", "2026-09-01", "2026-09-21", "", 1); err != nil {
				return err
			}
			for town, found := range map[string]string{"headless": "", "single": haves.Met} {
				for _, x := range l.Lines {
					if !x.Asked() {
						continue
					}
					if err := tx.Insert(ctx, answers, round.Key, w.Units[town].ID.Key, x.Code, x.Have, "yes", true, "", "2026-09-10", "", "", found, "", 1); err != nil {
						return err
					}
				}
			}
			return w.App.Burden.ByRule(ctx, tx, "haves.rate", round.Key, county.ID.Key, []access.Unit{w.Units["full"], w.Units["headless"], w.Units["single"]}, "2026-09-21")
		})
		was := minutes(t, w, "full")
		if was == 0 {
			t.Fatal("nothing on the account")
		}
		for range 2 {
			must(t, s.Tend(ctx, apptest.City))
		}
		if x := rating(t, w, round, "full"); x.State != haves.RatingAsked || x.Due != "2026-09-21" {
			t.Errorf("not said yet: %+v", x)
		}
		if _, late := desk(t, w, "officer", haves.RuleSay); !late {
			t.Error("what its day has passed for is not late")
		}
		if x := rating(t, w, round, "headless"); x.State != haves.RatingSaid || x.Due != "2026-10-26" || !slices.Equal(running(t, w, x.ID), []string{"rating.check 云渡县 principal"}) {
			t.Errorf("said before: %+v", x)
		}
		if _, ok, err := s.RatingOf(ctx, d.In(apptest.City), round.Key, w.Units["single"].ID.Key); err != nil || ok {
			t.Errorf("checked before, and asked again: %v %v", ok, err)
		}
		if now := minutes(t, w, "full"); now != was || minutes(t, w, "headless") != was {
			t.Errorf("the account says %d, and said %d", now, was)
		}
		must(t, rate(t, w, "officer", round, "full", rated(w, l)))
		must(t, s.Close(ctx, w.As("deputy"), round, 1))

		// The next round: a township is opened meanwhile, another is merged.
		round, err := s.Open(ctx, w.As("deputy"), "新的一轮", "2026-10-30")
		must(t, err)
		w.On("2026-10-13")
		write("unit.open", func(tx *ledger.Tx) error {
			us, err := org.OpenUnits(ctx, tx, []org.NewUnit{{Kind: "township", Code: "990199", Name: "新设镇", Superior: county, Office: w.Units["county.office1"].ID.Key, Opened: "2026-10-13"}})
			if err == nil {
				w.Units["new"] = us[0]
			}
			return err
		})
		for range 2 {
			must(t, s.Tend(ctx, apptest.City))
		}
		if x := rating(t, w, round, "new"); x.State != haves.RatingAsked || x.Due != "2026-10-30" || minutes(t, w, "new") != was || minutes(t, w, "full") != 2*was {
			t.Errorf("one that came: %+v, %d minutes", x, minutes(t, w, "new"))
		}
		gone := rating(t, w, round, "headless")
		w.Hire("personnel", "孟组", "personnel_clerk", "county")
		key, err := w.App.Org.Reorganise(ctx, w.As("personnel"), org.Reorganisation{Kind: org.UnitMerge, Unit: w.Units["headless"].ID.Key, Into: w.Units["single"].ID.Key, On: "2026-10-13", Paper: "省政函〔2026〕88号"})
		must(t, err)
		must(t, w.App.Org.DecideReorganisation(ctx, w.As("secadmin"), key, 1, true, ""))
		w.Work()
		if m := w.Matter(gone.ID); m.State != haves.RatingEnded || m.Open || m.Handler != w.Units["headless"].ID {
			t.Errorf("of one that is no more: %+v", m)
		}
		if x := rating(t, w, round, "single"); x.State != haves.RatingAsked {
			t.Errorf("of the one that took over: %+v", x)
		}
		w.Verify()
	})
}
