package formula_test

import (
	"context"
	"encoding/json"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/measure"
	"qianshao/internal/org/formula"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

var ctx = context.Background()

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

// From an empty formula to people who take turns in it, by the county's own leaders and nobody else; what is short is counted,
// and what was stays known.
func TestFormula(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s, r := w.App.Formula, d.In(apptest.City)
		county := w.Units["county"].ID.Key
		in := formula.NewSlot{County: county, Zh: "片区轮换", En: "Area turns", Source: "township", Least: 2, Most: 2, Rotating: true, From: "2026-10-01"}
		for who, want := range map[string]string{"secretary": "move.not_yours", "supervision": "move.not_yours", "cityleader": "move.not_yours", "otherprincipal": "not_found"} {
			_, err := s.AddSlot(ctx, w.As(who), in)
			code(t, err, want)
		}
		for want, spoil := range map[string]func(*formula.NewSlot){
			"zh required": func(x *formula.NewSlot) { x.Zh = "" }, "zh text.control": func(x *formula.NewSlot) { x.Zh = "a\u202eb" }, "source choice.unknown": func(x *formula.NewSlot) { x.Source = "elsewhere" },
			"source required": func(x *formula.NewSlot) { x.Source = "" }, "least count.range": func(x *formula.NewSlot) { x.Least = -1 }, "most count.range": func(x *formula.NewSlot) { x.Most = 1 }, "from day.future": func(x *formula.NewSlot) { x.From = "2027-01-01" },
		} {
			x := in
			spoil(&x)
			_, err := s.AddSlot(ctx, w.As("deputy"), x)
			code(t, err, want)
		}
		slot, err := s.AddSlot(ctx, w.As("deputy"), in)
		if err != nil {
			t.Fatal(err)
		}
		fill := func(who, whom string, from string) error {
			return s.Fill(ctx, w.As(who), formula.Filling{Slot: slot, Person: w.Who[whom].Person, From: calendar.Date(from)})
		}
		code(t, fill("secretary", "officer", "2026-10-12"), "move.not_yours")
		code(t, fill("otherprincipal", "officer", "2026-10-12"), "not_found")
		code(t, fill("deputy", "handler", "2026-10-12"), "person choice.unknown") // of an office, where townships' people are asked for
		code(t, fill("deputy", "othersecretary", "2026-10-12"), "person choice.unknown")
		code(t, fill("deputy", "officer", "2026-09-30"), "from day.before")
		code(t, fill("deputy", "officer", "2026-10-13"), "from day.future")
		for _, whom := range []string{"officer", "hlofficer"} {
			if err := fill("deputy", whom, "2026-10-05"); err != nil {
				t.Fatal(err)
			}
		}
		code(t, fill("deputy", "officer", "2026-10-12"), "person slot.twice")
		code(t, fill("deputy", "twpdeputy", "2026-10-12"), "slot.full")
		slots, err := formula.On(ctx, r, county, "2026-10-12")
		if err != nil || len(slots) != 1 || len(slots[0].Places) != 2 || slots[0].Short() != 0 || slots[0].Places[1].Name != "奚干" || slots[0].Places[1].Kind != "officer" || slots[0].Label("en") != "Area turns" {
			t.Fatalf("%+v, %v", slots, err)
		}
		first := slots[0].Places[1]
		turn := formula.Filling{Slot: slot, Person: w.Who["twpdeputy"].Person, From: "2026-10-12", For: first.ID.Key}
		if err := s.Fill(ctx, w.As("principal"), turn); err != nil {
			t.Fatal(err)
		}
		if p := lastAct(t, w, "slot.rotate"); p["person"] != w.Who["twpdeputy"].Person || p["after"] != first.Person || p["label"] != "片区轮换" {
			t.Errorf("the act says %v", p)
		}
		turn.Person = w.Who["lone"].Person
		code(t, s.Fill(ctx, w.As("principal"), turn), "stale") // somebody else has taken over already
		slots, _ = formula.On(ctx, r, county, "2026-10-12")
		if n := slots[0].Places; len(n) != 2 || n[1].Name != "葛副" {
			t.Errorf("%+v", n)
		}
		if was, _ := formula.On(ctx, r, county, "2026-10-11"); len(was[0].Places) != 2 || was[0].Places[1].Name != "奚干" {
			t.Errorf("the day before: %+v", was)
		}
		gone := slots[0].Places[0].ID.Key
		code(t, s.Leave(ctx, w.As("secretary"), slot, gone, "2026-10-12"), "move.not_yours")
		code(t, s.Leave(ctx, w.As("deputy"), slot, gone, "2026-10-04"), "on day.before")
		if err := s.Leave(ctx, w.As("deputy"), slot, gone, "2026-10-12"); err != nil {
			t.Fatal(err)
		}
		code(t, s.Leave(ctx, w.As("deputy"), slot, gone, "2026-10-12"), "stale")
		for unit, want := range map[string]int64{"county": 1, "city": 1, "other": 0, "full": 0} {
			def, err := w.App.Measures.Get("force.slots_short")
			if err != nil {
				t.Fatal(err)
			}
			q := measure.Query{Unit: w.Units[unit], From: "2026-10-01", To: "2026-10-12", Who: w.As("deputy")}
			v, err := def.Value(ctx, r, q)
			if err != nil || v.Numerator != want || !def.NeverScored {
				t.Errorf("%s: %+v, %v", unit, v, err)
			}
			rows, err := def.Rows(ctx, r, q, w.As("deputy"), measure.Turn{Limit: 10})
			if err != nil || int64(len(rows.Rows)) != want || want == 1 && (rows.Rows[0].Cells[1] != "片区轮换" || rows.Rows[0].Cells[2] != "1" || rows.Rows[0].Cells[3] != "2") {
				t.Errorf("%s: %+v, %v", unit, rows, err)
			}
		}
		code(t, s.EndSlot(ctx, w.As("supervision"), slot), "move.not_yours")
		w.On("2026-10-13")
		if err := s.EndSlot(ctx, w.As("principal"), slot); err != nil {
			t.Fatal(err)
		}
		code(t, s.EndSlot(ctx, w.As("principal"), slot), "stale")
		code(t, fill("deputy", "lone", "2026-10-13"), "stale")
		if now, err := formula.On(ctx, r, county, "2026-10-13"); err != nil || len(now) != 0 {
			t.Errorf("%+v, %v", now, err)
		}
		w.Verify()
	})
}

func lastAct(t *testing.T, w *apptest.World, action string) map[string]any {
	t.Helper()
	var body []byte
	if err := w.App.DB.In(apptest.City).Row(ctx, `SELECT a.body FROM acts a WHERE a.city_id = $1 AND a.action = $2 ORDER BY a.at DESC, a.seq DESC LIMIT 1`, action).Scan(&body); err != nil {
		t.Fatal(err)
	}
	var act struct {
		Params map[string]any `json:"params"`
	}
	if err := json.Unmarshal(body, &act); err != nil {
		t.Fatal(err)
	}
	return act.Params
}
