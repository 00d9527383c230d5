package reprisal_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/seal"
	"qianshao/internal/reprisal"
)

type vals = flow.Values

// entry is a named report at the county's counter, by somebody who wants to be watched over.
func entry(w *apptest.World, who, unit string) intake.Entry {
	return intake.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "主任", Rank: "staff", Category: "c2", PartyMember: true},
		Channel: "visit", Received: w.App.DB.Today(), Named: true, Reporter: intake.Reporter{Name: who, Contact: "13900000000"}, Title: "反映虚报费用", Summary: "来访反映该人虚报费用。", Discipline: "integrity",
		Watch: true, Works: intake.Works{Unit: unit, Post: "干部", Fear: "担心被调走"}}
}

func enter(t *testing.T, w *apptest.World, in intake.Entry) id.ID {
	t.Helper()
	e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
	if err != nil {
		t.Fatal(err)
	}
	w.Work()
	return e.ID
}

// compare is what goes on by itself while the city's key is unlocked, or does not while it is locked.
func compare(t *testing.T, w *apptest.World) int {
	t.Helper()
	n, err := w.App.Reprisal.Compare(apptest.Ctx, w.Units["city"])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// leave ends somebody's post.
func leave(t *testing.T, w *apptest.World, who string) {
	t.Helper()
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "holding.end", Organ: w.Units["county"].ID}, w.App.Org.Leave(apptest.Ctx, tx, w.Who[who].Holding, tx.Today(), "transferred", "某村")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// alerts are the matters of that kind, newest first.
func alerts(t *testing.T, w *apptest.World) (out []id.ID) {
	t.Helper()
	keys, err := db.Column[id.Key](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = 'alert' ORDER BY m.id DESC`)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		out = append(out, id.ID{City: apptest.City, Key: k})
	}
	return out
}

// sealedOf is what lies sealed in the watches and the alerts there are.
func sealedOf(t *testing.T, w *apptest.World) (out [][]byte) {
	t.Helper()
	for _, q := range []string{`SELECT w.sealed FROM watches w WHERE w.city_id = $1 ORDER BY w.id`, `SELECT e.sealed FROM envelopes e WHERE e.city_id = $1 AND e.what = 'alert' ORDER BY e.id`} {
		bs, err := db.Column[[]byte](apptest.Ctx, w.App.DB.In(apptest.City), q)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, bs...)
	}
	return out
}

// From the counter to a judgement: what was asked is sealed to the city alone, is compared only while its key is unlocked and is
// no use of the key, raises one alert for what happened, which is opened for a reason before it is judged.
func TestWatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		enter(t, w, entry(w, "奚干", "石桥镇纪委"))
		leave(t, w, "officer")
		if n := compare(t, w); n != 0 || len(alerts(t, w)) != 0 {
			t.Errorf("locked, %d were noticed", n)
		}
		w.Unlock("county") // another organ's key opens nothing of it
		if n := compare(t, w); n != 0 {
			t.Errorf("with the county's key, %d were noticed", n)
		}
		w.Unlock("city")
		if n := compare(t, w); n != 1 {
			t.Fatalf("%d were noticed", n)
		}
		if n := compare(t, w); n != 0 || len(alerts(t, w)) != 1 {
			t.Errorf("noticed twice: %d", n)
		}
		m := alerts(t, w)[0]
		x := w.Matter(m)
		if x.Organ != w.Units["city"].ID || x.Subject+x.SubjectPost+x.Source != "" || !x.Is(flow.FlagApart) || x.Due == "" {
			t.Errorf("%+v", x)
		}
		if _, err := w.Try("cityintake", m, "set_aside", vals{"ground": {"ordinary"}}); fault.Code(err) != "alert.unread" {
			t.Errorf("judged unread: %v", err)
		}
		for who, want := range map[string]fault.Kind{"intake": fault.NotFound, "principal": fault.Forbidden, "cityleader": fault.Forbidden, "citychief": fault.Forbidden, "sysadmin": fault.Forbidden} {
			if _, err := w.App.Reprisal.Open(apptest.Ctx, w.As(who), m, "看看"); fault.KindOf(err) != want {
				t.Errorf("%s opens it: %v", who, err)
			}
		}
		if _, err := w.App.Reprisal.Open(apptest.Ctx, w.As("cityintake"), m, ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("without a reason: %v", err)
		}
		a, err := w.App.Reprisal.Open(apptest.Ctx, w.As("cityintake"), m, "核看提醒")
		if err != nil || a.Name != "奚干" || a.Contact != "13900000000" || a.Fear != "担心被调走" || a.Of != w.Units["county"].ID || len(a.Turns) != 1 {
			t.Fatalf("%+v, %v", a, err)
		}
		if n := a.Turns[0]; n.What != org.TurnLeft || !n.Same || n.UnitName != "石桥镇" || n.Note != "transferred" || n.Day != w.App.DB.Today() {
			t.Errorf("%+v", n)
		}
		w.Do("cityintake", m, "set_aside", vals{"ground": {"ordinary"}})
		if x = w.Matter(m); x.State != reprisal.Unrelated || x.Open {
			t.Errorf("%s", x.State)
		}
		w.Verify()
	})
}

// Without consent nothing is kept: no watch, no job, and nothing is noticed; nor of somebody unnamed, nor of what becomes a slip.
func TestWithoutConsent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		no := entry(w, "奚干", "石桥镇纪委")
		no.Watch = false
		anonymous := entry(w, "奚干", "石桥镇纪委")
		anonymous.Named = false
		slip := entry(w, "奚干", "石桥镇纪委")
		slip.Subject.Rank = "deputy_county"
		for _, in := range []intake.Entry{no, anonymous, slip} {
			if _, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in); err != nil {
				t.Fatal(err)
			}
		}
		for _, q := range []string{`SELECT COUNT(*) FROM jobs WHERE kind = 'watch.begin'`, `SELECT COUNT(*) FROM watches`} {
			var n int
			if err := d.Raw().QueryRowContext(apptest.Ctx, q).Scan(&n); err != nil || n != 0 {
				t.Errorf("%s: %d, %v", q, n, err)
			}
		}
		w.Work()
		w.Unlock("city")
		leave(t, w, "officer")
		if n := compare(t, w); n != 0 || len(alerts(t, w)) != 0 {
			t.Errorf("%d were noticed", n)
		}
		wrong := entry(w, "奚干", "")
		if _, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), wrong); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a watch over nowhere: %v", err)
		}
	})
}

// A namesake is a hint: in the county, at another unit, it says so; in another county it is nobody's business.
func TestNamesakes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("same", "奚干", "officer", "headless")
		w.Hire("far", "奚干", "officer", "othertown")
		enter(t, w, entry(w, "奚 干", "石桥镇纪委"))
		w.Unlock("city")
		leave(t, w, "far")
		if n := compare(t, w); n != 0 {
			t.Errorf("somebody of the name in another county: %d", n)
		}
		leave(t, w, "same")
		if n := compare(t, w); n != 1 {
			t.Fatalf("somebody of the name in the county: %d", n)
		}
		a, err := w.App.Reprisal.Open(apptest.Ctx, w.As("cityintake"), alerts(t, w)[0], "核看提醒")
		if err != nil || len(a.Turns) != 1 || a.Turns[0].Same || a.Turns[0].UnitName != "柏岭乡" {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

// What counts as having happened: off the register or otherwise in it, a duty besides, another put forward for the post. What was
// so before the report did not.
func TestTurns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		var keys []id.Key
		do := func(action string, fn func(tx *ledger.Tx) error) {
			t.Helper()
			_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
				return ledger.Act{Action: action, Organ: w.Units["county"].ID}, fn(tx)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		do("official.add", func(tx *ledger.Tx) (err error) {
			keys, err = org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{{Unit: w.Units["full"], Name: "奚干", Post: "农技站站长", Rank: "staff", Category: "c2", From: "2022-01-01"}})
			return err
		})
		enter(t, w, entry(w, "奚干", "石桥镇"))
		w.Unlock("city")
		if n := compare(t, w); n != 0 {
			t.Errorf("what was so before: %d", n)
		}
		noticed := func(want string) {
			t.Helper()
			if n := compare(t, w); n != 1 {
				t.Fatalf("%s: %d were noticed", want, n)
			}
			a, err := w.App.Reprisal.Open(apptest.Ctx, w.As("cityintake"), alerts(t, w)[0], "核看提醒")
			if err != nil || len(a.Turns) != 1 || a.Turns[0].What != want {
				t.Errorf("%s: %+v, %v", want, a.Turns, err)
			}
		}
		w.Now = w.Now.Add(time.Hour)
		do("official.amend", func(tx *ledger.Tx) error {
			return org.AmendOfficial(apptest.Ctx, tx, keys[0], map[string]any{"post": "农技站职工"})
		})
		noticed(org.TurnChanged)
		w.Now = w.Now.Add(time.Hour)
		do("official.amend", func(tx *ledger.Tx) error {
			return org.AmendOfficial(apptest.Ctx, tx, keys[0], map[string]any{"to_on": string(tx.Today())})
		})
		noticed(org.TurnStruck)
		w.Now = w.Now.Add(time.Hour)
		do("duty.add", func(tx *ledger.Tx) error {
			return org.AddDuties(apptest.Ctx, tx, []org.NewDuty{{Unit: w.Units["full"].ID.Key, Holding: w.Who["officer"].Holding, Kind: "village", What: "驻村", From: tx.Today()}})
		})
		noticed(org.TurnDuty)
		w.Verify()
	})
}

// Whoever asked ends it through the office that watches: what was sealed is gone, of the watch and of what it noticed, and what
// nobody has judged is dropped. Nobody below can, nor while the key is locked.
func TestWithdrawn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		enter(t, w, entry(w, "奚干", "石桥镇纪委"))
		enter(t, w, entry(w, "葛副", "石桥镇纪委"))
		s := w.App.Reprisal
		if _, err := s.EndFor(apptest.Ctx, w.As("cityintake"), "奚干", "石桥镇"); fault.Code(err) != "key.locked" {
			t.Errorf("locked: %v", err)
		}
		w.Unlock("city", "county")
		leave(t, w, "officer")
		if n := compare(t, w); n != 1 {
			t.Fatalf("%d were noticed", n)
		}
		if n, err := s.EndFor(apptest.Ctx, w.As("intake"), "奚干", "石桥镇"); fault.KindOf(err) != fault.Invalid || n != 0 { // its own organ watches nobody
			t.Errorf("from below: %d %v", n, err)
		}
		if _, err := s.EndFor(apptest.Ctx, w.As("citychief"), "奚干", "石桥镇"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("not by the intake office: %v", err)
		}
		if _, err := s.EndFor(apptest.Ctx, w.As("cityintake"), "奚干", "柏岭乡"); fault.Code(err) != "invalid" {
			t.Errorf("of another unit: %v", err)
		}
		if n, err := s.EndFor(apptest.Ctx, w.As("cityintake"), "奚 干", "石桥镇"); err != nil || n != 1 {
			t.Fatalf("%d, %v", n, err)
		}
		m := alerts(t, w)[0]
		if x := w.Matter(m); x.State != reprisal.Dropped || x.Open || x.Due != "" {
			t.Errorf("%s, due %s", x.State, x.Due)
		}
		left, err := db.Column[string](apptest.Ctx, d.Shared(), `SELECT j.args FROM jobs j WHERE j.kind = 'watch.begin'`)
		if err != nil || len(left) != 2 || left[0]+left[1] != "{}{}" {
			t.Errorf("the jobs that began them still say %q, %v", left, err)
		}
		gone := 0
		for _, b := range sealedOf(t, w) {
			if len(b) == 0 {
				gone++
			}
		}
		if gone != 2 { // the watch's and the alert's; the other watch is whole
			t.Errorf("%d of what was sealed is gone", gone)
		}
		if _, err := s.Open(apptest.Ctx, w.As("cityintake"), m, "核看提醒"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("opened afterwards: %v", err)
		}
		w.Hire("again", "奚干", "officer", "full")
		leave(t, w, "again")
		if n := compare(t, w); n != 0 {
			t.Errorf("after it ended: %d", n)
		}
		if on, err := s.On(apptest.Ctx, w.As("cityintake")); err != nil || on != 1 {
			t.Errorf("%d in force, %v", on, err)
		}
		w.Verify()
	})
}

// A watch lasts as long as the rulebook says, and what nobody has judged by then is still owed a judgement, and keeps nothing after.
func TestLapse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		enter(t, w, entry(w, "奚干", "石桥镇纪委"))
		w.Unlock("city")
		leave(t, w, "officer")
		compare(t, w)
		m := alerts(t, w)[0]
		w.On("2027-10-12")
		if err := w.App.Reprisal.Lapse(apptest.Ctx, apptest.City); err != nil {
			t.Fatal(err)
		}
		if on, _ := w.App.Reprisal.On(apptest.Ctx, w.As("cityintake")); on != 1 {
			t.Error("it ends on its last day")
		}
		w.On("2027-10-13")
		if err := w.App.Reprisal.Lapse(apptest.Ctx, apptest.City); err != nil {
			t.Fatal(err)
		}
		if on, _ := w.App.Reprisal.On(apptest.Ctx, w.As("cityintake")); on != 0 {
			t.Error("it goes on")
		}
		w.Unlock("city")
		if _, err := w.App.Reprisal.Open(apptest.Ctx, w.As("cityintake"), m, "核看提醒"); err != nil {
			t.Errorf("what is still to be judged: %v", err)
		}
		w.Do("cityintake", m, "set_aside", vals{"ground": {"namesake"}})
		for _, b := range sealedOf(t, w) {
			if len(b) != 0 {
				t.Error("something is left")
			}
		}
		w.Verify()
	})
}

// Taken up, it is a report like any other in the organ's own register, with the reporter's agreement; no other number will do.
func TestTakenUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		below := enter(t, w, entry(w, "奚干", "石桥镇纪委"))
		w.Unlock("city")
		leave(t, w, "officer")
		compare(t, w)
		m := alerts(t, w)[0]
		if _, err := w.App.Reprisal.Open(apptest.Ctx, w.As("cityintake"), m, "核看提醒"); err != nil {
			t.Fatal(err)
		}
		in := entry(w, "奚干", "石桥镇纪委")
		in.Watch, in.Title, in.Summary, in.Subject.Rank = false, "反映打击报复", "来访反映因举报被调离。", "staff"
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("cityintake"), in)
		if err != nil {
			t.Fatal(err)
		}
		agreed := vals{"agreed": {"call"}, "on": {string(w.App.DB.Today())}, "tipoff": {below.Key}}
		if _, err := w.Try("cityintake", m, "take_up", agreed); fault.KindOf(err) != fault.Invalid {
			t.Errorf("as the report below: %v", err)
		}
		agreed["tipoff"] = []string{e.ID.Key}
		w.Do("cityintake", m, "take_up", agreed)
		if x := w.Matter(m); x.State != reprisal.TakenUp || x.Outcome != reprisal.TakenUp {
			t.Errorf("%s", x.State)
		}
		w.Verify()
	})
}

// What is noticed is among nobody's numbers: every measure of every unit says what it said before.
func TestInNoMeasure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		in := entry(w, "奚干", "石桥镇纪委")
		enter(t, w, in)
		w.Unlock("city")
		leave(t, w, "officer")
		before := figures(t, w)
		compare(t, w)
		m := alerts(t, w)[0]
		w.On("2026-11-30") // long past its day
		late := figures(t, w)
		w.On("2026-10-12")
		if now := figures(t, w); now != before {
			t.Errorf("it was\n%s\nand is\n%s", before, now)
		}
		if _, err := w.App.Reprisal.Open(apptest.Ctx, w.As("cityintake"), m, "核看提醒"); err != nil {
			t.Fatal(err)
		}
		w.Do("cityintake", m, "set_aside", vals{"ground": {"ordinary"}})
		w.On("2026-11-30")
		if now := figures(t, w); now != late {
			t.Errorf("judged, it was\n%s\nand is\n%s", late, now)
		}
	})
}

// figures are all the measures of the city and of the county.
func figures(t *testing.T, w *apptest.World) string {
	t.Helper()
	var out strings.Builder
	today := w.App.DB.Today()
	for _, u := range []string{"city", "county"} {
		for _, def := range w.App.Measures.All() {
			v, err := def.Value(apptest.Ctx, w.App.DB.In(apptest.City), measure.Query{Unit: w.Units[u], From: today.AddMonths(-12), To: today, Who: access.ByProgram(apptest.City)})
			if err != nil {
				t.Fatalf("%s: %v", def.Name, err)
			}
			fmt.Fprintf(&out, "%s %s %+v\n", u, def.Name, v)
		}
	}
	return out.String()
}

// Nothing of it is below: in the county's log, in no row of the county, in no row in the clear; lengths say nothing either.
func TestNothingBelow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := enter(t, w, entry(w, "奚干", "石桥镇纪检监察组"))
		long := entry(w, "欧阳"+strings.Repeat("长", 20), strings.Repeat("很长的单位", 20))
		enter(t, w, long)
		w.Unlock("city")
		leave(t, w, "officer")
		compare(t, w)
		acts, err := db.Column[[]byte](apptest.Ctx, d.In(apptest.City), `SELECT a.body FROM acts a WHERE a.city_id = $1 AND a.log_id = $2`, w.Units["county"].ID.Key)
		if err != nil || len(acts) == 0 {
			t.Fatal(err)
		}
		for _, b := range acts {
			for _, word := range []string{"watch", "alert", "纪检监察组", "担心"} {
				if bytes.Contains(b, []byte(word)) {
					t.Errorf("the county's log says %q: %s", word, b)
				}
			}
		}
		above, err := db.Column[[]byte](apptest.Ctx, d.In(apptest.City), `SELECT a.body FROM acts a WHERE a.city_id = $1 AND a.log_id = $2 AND (a.action IN ('watch.begin', 'watch.look', 'watch.alert'))`, w.Units["city"].ID.Key)
		if err != nil || len(above) < 4 {
			t.Fatalf("%d acts above, %v", len(above), err)
		}
		for _, b := range above {
			for _, word := range []string{"奚干", "石桥", m.Key, w.Units["county"].ID.Key, w.Units["full"].ID.Key, "13900000000"} {
				if bytes.Contains(b, []byte(word)) {
					t.Errorf("the city's log says %q: %s", word, b)
				}
			}
		}
		rows, err := db.All(apptest.Ctx, d.In(apptest.City), func(rows *db.Rows) (s string, err error) {
			var x [6]string
			err = rows.Scan(&x[0], &x[1], &x[2], &x[3], &x[4], &x[5])
			return strings.Join(x[:], " "), err
		}, `SELECT w.id, w.organ_id, w.name, w.reply, w.keys, w.from_on FROM watches w WHERE w.city_id = $1`)
		if err != nil || len(rows) != 2 {
			t.Fatalf("%v, %v", rows, err)
		}
		for _, s := range rows {
			if strings.Contains(s, m.Key) || strings.Contains(s, w.Units["county"].ID.Key) || !strings.Contains(s, w.Units["city"].ID.Key) {
				t.Errorf("a watch's row: %s", s)
			}
		}
		lengths := map[int]bool{}
		for _, b := range sealedOf(t, w) {
			lengths[len(b)] = true
			if bytes.Contains(b, []byte("奚干")) {
				t.Error("it lies in the clear")
			}
		}
		if len(lengths) != 1 {
			t.Errorf("%d lengths", len(lengths))
		}
		for _, organ := range []string{"county", "province"} {
			w.Unlock(organ)
			privates, err := w.App.Custody.Ring.Keys(w.Units[organ].ID.String())
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range sealedOf(t, w) {
				if _, err := seal.Open(b, privates...); err == nil {
					t.Errorf("the %s's key opens it", organ)
				}
			}
		}
	})
}
