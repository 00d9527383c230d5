package demo

import (
	"context"
	"strings"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// TestCity builds a small share of the work and holds what came of it against the rules that must always hold: no step
// of a story was refused (a few have nobody to take them), every log and row verifies.
func TestCity(t *testing.T) {
	dir := t.TempDir()
	out, err := BuildCity(context.Background(), Options{Dir: dir, Today: "2026-11-23", Volume: 0.04})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", out)
	alone := 0
	for code, n := range out.Skipped {
		if strings.HasSuffix(code, "nobody") {
			alone += n // somebody left in the middle of it: such matters lie, as they do
			continue
		}
		t.Errorf("%d × %s", n, code)
	}
	if alone > 3 {
		t.Errorf("%d steps had nobody to take them: %v", alone, out.Skipped)
	}
	d, err := db.Open(context.Background(), "sqlite:"+dir+"/"+File, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r, err := ledger.Verify(context.Background(), d.In(City), app.Covered(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Errorf("verify: %+v", f)
	}
	holdFigures(t, d)
	holdClocks(t, d)
}

// holdClocks finds open matters that nobody owes anything on, though their state says somebody does.
func holdClocks(t *testing.T, d *db.DB) {
	t.Helper()
	a, err := app.Build(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.In(City).Query(context.Background(), `SELECT m.kind, m.state, COUNT(*) FROM matters m WHERE m.city_id = $1 AND m.open = TRUE
		AND NOT EXISTS (SELECT 1 FROM clocks c WHERE c.city_id = m.city_id AND c.matter_id = m.id AND c.state IN ('open', 'paused')) GROUP BY m.kind, m.state`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, state string
		var n int
		if err := rows.Scan(&kind, &state, &n); err != nil {
			t.Fatal(err)
		}
		tab, _ := a.Engine.Table(kind)
		if s, ok := tab.State(state); !ok || s.NoClock == "" {
			t.Errorf("%d open matters %s/%s have no clock running", n, kind, state)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// holdFigures holds the measures of the last day against contract.md, "Demo".
func holdFigures(t *testing.T, d *db.DB) {
	t.Helper()
	ctx := context.Background()
	d.SetClock(func() time.Time { return noon("2026-11-23") })
	a, err := app.Build(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	city, err := access.UnitByCode(ctx, d.In(City), "990100000000")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		name     string
		num, den int64
		min, max float64 // of the ratio, when num is not given
	}{
		{name: "staff.townships_short", num: 25}, {name: "staff.posts", num: 480}, {name: "staff.held", num: 455},
		{name: "staff.vacant.secretary", num: 20}, {name: "staff.vacant.deputy", num: 1}, {name: "staff.vacant.officer", num: 4},
		{name: "staff.secretary.new_1y_share", num: 42, den: 140},
		{name: "staff.secretary.age_mean", min: 31.5 * 12, max: 32.5 * 12},
		{name: "staff.secretary.tenure_2y_share", min: 0.2, max: 0.3499}, {name: "staff.tenure_2y_share", min: 0.2, max: 0.3499},
		{name: "officials.growth", min: 1.90, max: 2.1}, {name: "staff.organ_size", min: 30, max: 45},
		{name: "staff.full_time_share.deputy", min: 0, max: 0.4}, {name: "staff.full_time_share.officer", min: 0, max: 0.45},
		{name: "clue.filed_per_disposed", min: 0.05, max: 0.3}, // a low share
		{name: "staff.stationed_share", min: 0.9, max: 1}, {name: "duty.groups_headed_share", min: 0.6, max: 1},
	} {
		def, err := a.Measures.Get(want.name)
		if err != nil {
			t.Error(err)
			continue
		}
		v, err := def.Value(ctx, d.In(City), measure.Query{Unit: city, From: "2025-11-24", To: "2026-11-23", Who: access.ByProgram(City)})
		if err != nil {
			t.Fatal(err)
		}
		if want.max == 0 {
			if v.Numerator != want.num || v.Denominator != want.den {
				t.Errorf("%s is %d of %d, want %d of %d", want.name, v.Numerator, v.Denominator, want.num, want.den)
			}
			continue
		}
		if got := float64(v.Numerator) / float64(max(1, v.Denominator)); got < want.min || got > want.max {
			t.Errorf("%s is %d/%d = %.3f, want %.3f to %.3f", want.name, v.Numerator, v.Denominator, got, want.min, want.max)
		}
	}
	holdChannels(t, d, a, city)
	holdNamesakes(t, d)
}

// holdChannels holds the clues of the year against what contract.md says of them: they come by few channels. Every one is
// counted here by hand.
func holdChannels(t *testing.T, d *db.DB, a *app.App, city access.Unit) {
	t.Helper()
	ctx := context.Background()
	def, err := a.Measures.Get("clue.by_channel")
	if err != nil {
		t.Fatal(err)
	}
	v, err := def.Value(ctx, d.In(City), measure.Query{Unit: city, From: "2025-11-24", To: "2026-11-23", Who: access.ByProgram(City)})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.In(City).Query(ctx, `SELECT COALESCE((SELECT o.channel FROM clues c JOIN tipoffs o ON o.city_id = c.city_id AND o.id = c.tipoff_id WHERE c.city_id = m.city_id AND c.id = m.id), m.source), COUNT(m.id)
		FROM matters m WHERE m.city_id = $1 AND m.kind = 'clue' AND m.opened_on >= '2025-11-24' AND m.opened_on <= '2026-11-23' GROUP BY 1 ORDER BY 2 DESC`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	byHand, all, three, n := map[string]int64{}, int64(0), int64(0), 0
	for rows.Next() {
		var channel string
		var many int64
		if err := rows.Scan(&channel, &many); err != nil {
			t.Fatal(err)
		}
		byHand[channel] = many
		if all += many; n < 3 {
			three += many
		}
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf("channels of %d clues: %v", all, byHand)
	if v.Numerator != all || len(v.By) != len(byHand) {
		t.Errorf("clue.by_channel is %+v, by hand %v", v, byHand)
	}
	for _, p := range v.By {
		if byHand[p.Dim] != p.N {
			t.Errorf("by %s came %d clues, by hand %d", p.Dim, p.N, byHand[p.Dim])
		}
	}
	if three*10 < all*6 {
		t.Errorf("three channels bring %d of %d clues: these are not few", three, all)
	}
}

// holdNamesakes: who is called alike in one unit has a number, so that the register can be taken in elsewhere.
func holdNamesakes(t *testing.T, d *db.DB) {
	t.Helper()
	alike, err := db.Column[string](context.Background(), d.In(City), `SELECT o.outside_no FROM officials o WHERE o.city_id = $1
		AND EXISTS (SELECT 1 FROM officials p WHERE p.city_id = o.city_id AND p.unit_id = o.unit_id AND p.name = o.name AND p.id <> o.id)`)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, no := range alike {
		if no == "" || seen[no] {
			t.Errorf("one of several called alike has the number %q", no)
		}
		seen[no] = true
	}
	if len(alike) == 0 {
		t.Error("nobody is called alike: there is nothing to hold")
	}
}
