package area_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/org/area"
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

// lastAct is what the newest act of an action says.
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

func draft(w *apptest.World) area.Draft {
	key := func(name string) id.Key { return w.Units[name].ID.Key }
	return area.Draft{County: key("county"), From: w.App.DB.Today(), Paper: "云纪发〔2026〕1号", Areas: []area.DraftArea{
		{Name: "东片", Leader: w.Who["deputy"].Person, Office: key("county.office1"), Townships: []id.Key{key("full"), key("headless")}},
		{Name: "西片", Leader: w.Who["head2"].Person, Office: key("county.office2"), Townships: []id.Key{key("single")}}}}
}

// A plan is adopted by the county's own leaders, is what the areas are from its day on, and ends with the next one; what was is
// known still.
func TestAdopt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("personnel", "殷组", "personnel_clerk", "county")
		s, r := w.App.Areas, d.In(apptest.City)
		county := w.Units["county"].ID.Key
		for who, want := range map[string]string{"secretary": "move.not_yours", "supervision": "move.not_yours", "cityleader": "move.not_yours", "otherprincipal": "not_found", "othersecretary": "not_found"} {
			code(t, s.Adopt(ctx, w.As(who), draft(w)), want)
		}
		for name, spoil := range map[string]func(*area.Draft){
			"name_0 required":   func(d *area.Draft) { d.Areas[0].Name = " " },
			"name_1 area.twice": func(d *area.Draft) { d.Areas[1].Name = "东片" },
			"name_0 text.long": func(d *area.Draft) {
				d.Areas[0].Name = "这个片区的名称实在是太长太长太长了不应当允许的"
			},
			"leader_1 required":       func(d *area.Draft) { d.Areas[1].Leader = "" },
			"leader_0 choice.unknown": func(d *area.Draft) { d.Areas[0].Leader = w.Who["secretary"].Person },
			"office_0 choice.unknown": func(d *area.Draft) { d.Areas[0].Office = w.Units["other.office1"].ID.Key },
			"from day.past":           func(d *area.Draft) { d.From = d.From.AddDays(-1) },
			"from appoint.far":        func(d *area.Draft) { d.From = d.From.AddMonths(13) },
			"area.townships":          func(d *area.Draft) { d.Areas[1].Townships = nil; d.Areas = d.Areas[:1] },
			"stale":                   func(d *area.Draft) { d.Seen = w.Units["full"].ID.Key },
		} {
			x := draft(w)
			spoil(&x)
			code(t, s.Adopt(ctx, w.As("deputy"), x), name)
		}
		twice := draft(w)
		twice.Areas[1].Townships = append(twice.Areas[1].Townships, twice.Areas[0].Townships[0])
		code(t, s.Adopt(ctx, w.As("deputy"), twice), "area.townships")

		if err := s.Adopt(ctx, w.As("personnel"), draft(w)); err != nil {
			t.Fatal(err)
		}
		first := d.Today()
		as, err := area.Areas(ctx, r, county, first)
		if err != nil || len(as) != 2 || as[0].Name != "东片" || as[0].LeaderName != "华副" || as[0].OfficeName != "第一纪检监察室" || len(as[0].Townships) != 2 || as[1].LeaderName != "邹主任" {
			t.Fatalf("%+v, %v", as, err)
		}
		if p := lastAct(t, w, "area.adopt"); p["paper"] != "云纪发〔2026〕1号" || len(p["areas"].([]any)) != 2 {
			t.Errorf("the act says %v", p)
		}
		code(t, s.Adopt(ctx, w.As("principal"), draft(w)), "stale") // another plan has come since
		w.On("2026-10-14")
		x := draft(w)
		if x.Seen, err = area.Newest(ctx, r, county); err != nil {
			t.Fatal(err)
		}
		x.Areas = []area.DraftArea{{Name: "全县", Leader: w.Who["principal"].Person, Townships: append(x.Areas[0].Townships, x.Areas[1].Townships...)}}
		x.From = "2026-10-20"
		if err := s.Adopt(ctx, w.As("principal"), x); err != nil {
			t.Fatal(err)
		}
		for day, n := range map[string]int{"2026-10-11": 0, "2026-10-12": 2, "2026-10-19": 2, "2026-10-20": 1} {
			if as, err := area.Areas(ctx, r, county, calendar.Date(day)); err != nil || len(as) != n {
				t.Errorf("on %s: %d areas, %v", day, len(as), err)
			}
		}
		x.Seen, _ = area.Newest(ctx, r, county)
		x.From = "2026-10-15" // before the one that has not begun, which then never does
		if err := s.Adopt(ctx, w.As("principal"), x); err != nil {
			t.Fatal(err)
		}
		if as, err := area.Areas(ctx, r, county, "2026-11-01"); err != nil || len(as) != 1 || as[0].From != "2026-10-15" {
			t.Errorf("%+v, %v", as, err)
		}
		w.Verify()
	})
}

// What plans are made from: loads by who is in post, ties by where people worked, borders as entered, and the order of codes
// where none were.
func TestBoard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s, r := w.App.Areas, d.In(apptest.City)
		key := func(name string) id.Key { return w.Units[name].ID.Key }
		_, err := w.App.Ledger.Write(ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			var in []org.NewOfficial
			for range 12 {
				in = append(in, org.NewOfficial{Unit: w.Units["full"], Name: "某", Rank: "staff", Category: "c2", From: "2024-01-01"})
			}
			for range 6 {
				in = append(in, org.NewOfficial{Unit: w.Units["village"], Name: "某", Rank: "village", Category: "c5", From: "2024-01-01"})
			}
			_, err := org.AddOfficials(ctx, tx, in)
			return ledger.Act{Action: "officials.import", Organ: w.Units["county"].ID}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.Again("before", "deputy", "officer", "single") // the leader in charge has a post in a township as well
		for who, want := range map[string]string{"secretary": "move.not_yours", "otherprincipal": "not_found"} {
			_, err := s.LoadBoard(ctx, r, w.As(who), key("county"))
			code(t, err, want)
		}
		b, err := s.LoadBoard(ctx, r, w.As("deputy"), key("county"))
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Townships) != 3 || b.Townships[0].Unit.Name != "石桥镇" || b.Townships[0].Officials != 18 || b.Townships[0].Load != 18 || b.Townships[0].Posts != 3 || b.Townships[0].Held != 3 {
			t.Errorf("%+v", b.Townships)
		}
		i := slices.IndexFunc(b.Leaders, func(l area.Leader) bool { return l.Person == w.Who["deputy"].Person })
		if i < 0 || b.Ties[i][2] == 0 || b.Ties[i][0] != 0 {
			t.Errorf("ties %v of %+v", b.Ties, b.Leaders)
		}
		if len(b.Borders) != 0 {
			t.Errorf("borders nobody entered: %v", b.Borders)
		}
		plan := area.Solve(b.Problem(2), area.Ways[0].Weights)
		if parts := b.Figures(plan, 2); parts[0].Share+parts[1].Share < 199 || parts[0].Share+parts[1].Share > 201 {
			t.Errorf("%+v", parts)
		}

		code(t, s.SetBorders(ctx, w.As("supervision"), key("county"), key("full"), []id.Key{key("single")}), "move.not_yours")
		code(t, s.SetBorders(ctx, w.As("otherprincipal"), key("county"), key("full"), nil), "not_found")
		code(t, s.SetBorders(ctx, w.As("deputy"), key("county"), key("othertown"), nil), "not_found")
		code(t, s.SetBorders(ctx, w.As("deputy"), key("county"), key("full"), []id.Key{key("othertown")}), "next choice.unknown")
		code(t, s.SetBorders(ctx, w.As("deputy"), key("county"), key("full"), []id.Key{key("full")}), "next choice.unknown")
		next := func(of string, others ...id.Key) {
			t.Helper()
			if err := s.SetBorders(ctx, w.As("deputy"), key("county"), key(of), others); err != nil {
				t.Fatal(err)
			}
		}
		next("full", key("single"), key("headless"))
		next("single", key("full")) // the same again, said from the other side
		next("headless")
		if p := lastAct(t, w, "area.borders"); p["next"] != nil && len(p["next"].([]any)) != 0 {
			t.Errorf("the act says %v", p)
		}
		next("headless", key("single"))
		bs, err := area.Borders(ctx, r, key("county"))
		if err != nil || len(bs) != 2 {
			t.Errorf("%v, %v", bs, err)
		}
		if b, err = s.LoadBoard(ctx, r, w.As("deputy"), key("county")); err != nil || len(b.Borders) != 2 {
			t.Errorf("%v, %v", b.Borders, err)
		}
		w.Verify()
	})
}
