package roll_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/org/roll"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

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

func build(t *testing.T, d *db.DB) *apptest.World {
	w := apptest.New(t, d)
	w.Hire("personnel", "皮组", "personnel_clerk", "county")
	w.Hire("chief", "易站", "station_chief", "village")
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		_, err := org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{
			{Unit: w.Units["full"], Name: "丁所", Post: "财政所所长", Rank: "staff", Category: "c1", From: "2020-01-01"},
			{Unit: w.Units["full"], Name: "阿站", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", From: "2020-01-01"},
			{Unit: w.Units["village"], Name: "蔡村", Post: "村会计", Rank: "village", Category: "c5", From: "2020-01-01"},
		})
		return ledger.Act{Action: "register.import", Organ: w.Units["county"].ID}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func list(t *testing.T, w *apptest.World, who string, q roll.Query) []roll.Entry {
	t.Helper()
	q.Limit = max(q.Limit, 50*map[bool]int{true: 1, false: 0}[q.Limit == 0])
	es, err := w.App.Roll.Register(apptest.Ctx, w.As(who), q)
	if err != nil {
		t.Fatal(err)
	}
	return es
}

// TestRegister: a unit's register by name, narrowed by kind and by what is typed, read on from where a page ends.
func TestRegister(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		full := w.Units["full"]
		if es := list(t, w, "secretary", roll.Query{Unit: full}); len(es) != 2 || es[0].Name != "阿站" || es[1].Name != "丁所" {
			t.Errorf("%+v", es)
		}
		if es := list(t, w, "secretary", roll.Query{Unit: full, Under: true}); len(es) != 3 || es[1].UnitName != "上塘村" {
			t.Errorf("%+v", es)
		}
		if es := list(t, w, "secretary", roll.Query{Unit: full, Category: "c1"}); len(es) != 1 || es[0].Name != "丁所" {
			t.Errorf("%+v", es)
		}
		for _, part := range []string{"财政", "丁", "ding", "Ding"} {
			if es := list(t, w, "cityoffice", roll.Query{Unit: full, Part: part}); len(es) != 1 {
				t.Errorf("%s: %+v", part, es)
			}
		}
		if es := list(t, w, "secretary", roll.Query{Unit: full, Part: "%"}); len(es) != 2 {
			t.Errorf("%+v", es)
		}
		first := list(t, w, "secretary", roll.Query{Unit: full, Under: true, Limit: 1})
		if rest := list(t, w, "secretary", roll.Query{Unit: full, Under: true, After: first[0].ID.Key}); len(rest) != 2 {
			t.Errorf("%+v", rest)
		}
		for _, who := range []string{"othersecretary", "otherprincipal", "chief"} {
			_, err := w.App.Roll.Register(apptest.Ctx, w.As(who), roll.Query{Unit: full, Limit: 5})
			code(t, err, "not_found")
		}
		if es := list(t, w, "chief", roll.Query{Unit: w.Units["village"]}); len(es) != 1 {
			t.Errorf("%+v", es)
		}
	})
}

// TestFiling: a unit files a change, the county confirms it, and only then is the register another; who filed it does not confirm
// it; what is wrong is said beside its field.
func TestFiling(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		s, full := w.App.Roll, w.Units["full"]
		add := roll.Change{What: roll.Add, Unit: full.ID.Key, Name: "余新", Post: "民政办干部", Rank: "staff", Category: "c1", On: "2026-10-01"}
		there := list(t, w, "secretary", roll.Query{Unit: full})[1]
		for _, bad := range []struct {
			change func(*roll.Change)
			want   string
		}{
			{func(c *roll.Change) { c.What = "promote" }, "what choice.unknown"},
			{func(c *roll.Change) { c.Name = " " }, "name required"},
			{func(c *roll.Change) { c.Name = "余\x01" }, "name text.control"},
			{func(c *roll.Change) { c.Post = "" }, "post required"},
			{func(c *roll.Change) { c.Rank = "none" }, "rank choice.unknown"},
			{func(c *roll.Change) { c.Rank = "emperor" }, "rank choice.unknown"},
			{func(c *roll.Change) { c.Category = "c7" }, "category choice.unknown"},
			{func(c *roll.Change) { c.On = "" }, "on required"},
			{func(c *roll.Change) { c.On = "2026-02-30" }, "on day.invalid"},
			{func(c *roll.Change) { c.On = "2026-10-13" }, "on day.future"},
			{func(c *roll.Change) { c.Name, c.Post = "丁所", "财政所 所长" }, "name filing.listed"},
			{func(c *roll.Change) { c.What, c.Official = roll.Post, "01ARZ3NDEKTSV4RRFFQ69G5FAV" }, "official choice.unknown"},
			{func(c *roll.Change) { c.What, c.Official, c.Unit = roll.Leave, there.ID.Key, w.Units["village"].ID.Key }, "official choice.unknown"},
			{func(c *roll.Change) { c.What, c.Official, c.On = roll.Leave, there.ID.Key, "2019-01-01" }, "on day.before"},
			{func(c *roll.Change) { c.What, c.Official, c.Post = roll.Post, there.ID.Key, there.Post }, "post filing.same"},
		} {
			in := add
			bad.change(&in)
			_, err := s.File(apptest.Ctx, w.As("officer"), in)
			code(t, err, bad.want)
		}
		_, err := s.File(apptest.Ctx, w.As("othersecretary"), add)
		code(t, err, "not_found")
		_, err = s.File(apptest.Ctx, w.As("lone"), add)
		code(t, err, "move.not_yours")
		_, err = s.File(apptest.Ctx, w.As("supervision"), add)
		code(t, err, "move.not_yours")

		m, err := s.File(apptest.Ctx, w.As("officer"), add)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.File(apptest.Ctx, w.As("secretary"), add)
		code(t, err, "name filing.waiting")
		if n := len(list(t, w, "secretary", roll.Query{Unit: full})); n != 2 {
			t.Errorf("%d in the register before anybody confirmed", n)
		}
		if x := w.Matter(m); x.State != roll.Filed || x.Due != "2026-10-19" || x.Handler != full.ID {
			t.Errorf("%+v", x)
		}
		ds, err := w.App.Engine.Desk(apptest.Ctx, w.As("personnel"), 10)
		if err != nil || len(ds) != 1 || ds[0].Clock.Rule != roll.RuleConfirm {
			t.Errorf("%+v %v", ds, err)
		}
		_, err = w.Try("secretary", m, "confirm", nil)
		code(t, err, "move.not_yours")
		_, err = w.Try("otherprincipal", m, "confirm", nil)
		code(t, err, "not_found")
		_, err = w.App.Engine.Do(apptest.Ctx, w.As("personnel"), m, 9, "confirm", nil)
		code(t, err, "stale")
		w.Do("personnel", m, "confirm", nil)
		es := list(t, w, "secretary", roll.Query{Unit: full, Part: "余新"})
		if len(es) != 1 || es[0].Post != "民政办干部" || es[0].From != "2026-10-01" {
			t.Errorf("%+v", es)
		}
		acts, err := ledger.Entries(apptest.Ctx, d.In(apptest.City), access.ByProgram(apptest.City), ledger.Query{Log: w.Units["county"].ID.Key, Limit: 2})
		if err != nil || acts[0].Action != "filing.confirm" || acts[1].Action != "filing.file" {
			t.Errorf("%+v %v", acts, err)
		}
		// Another post, and leaving; what is given back changes nothing.
		change := roll.Change{What: roll.Post, Unit: full.ID.Key, Official: es[0].ID.Key, Post: "民政办主任", Rank: "staff", Category: "c1", On: "2026-10-12"}
		if m, err = s.File(apptest.Ctx, w.As("secretary"), change); err != nil {
			t.Fatal(err)
		}
		_, err = s.File(apptest.Ctx, w.As("secretary"), roll.Change{What: roll.Leave, Unit: full.ID.Key, Official: es[0].ID.Key, On: "2026-10-12"})
		code(t, err, "filing.waiting")
		w.Do("principal", m, "return", flow.Values{"reason": {"任职文件未附"}})
		if m, err = s.File(apptest.Ctx, w.As("secretary"), change); err != nil {
			t.Fatal(err)
		}
		w.Do("personnel", m, "confirm", nil)
		if es = list(t, w, "secretary", roll.Query{Unit: full, Part: "余新"}); es[0].Post != "民政办主任" {
			t.Errorf("%+v", es)
		}
		// A village's station files of its own village; a clerk who files something has another confirm it.
		if m, err = s.File(apptest.Ctx, w.As("chief"), roll.Change{What: roll.Add, Unit: w.Units["village"].ID.Key, Name: "栾新", Post: "村委会委员", Rank: "village", Category: "c5", On: "2026-10-12"}); err != nil {
			t.Fatal(err)
		}
		if _, err := flow.Get(apptest.Ctx, d.In(apptest.City), w.As("chief"), m.Key); err != nil {
			t.Errorf("the chief does not find what they filed: %v", err)
		}
		own, err := s.File(apptest.Ctx, w.As("personnel"), roll.Change{What: roll.Leave, Unit: full.ID.Key, Official: es[0].ID.Key, On: "2026-10-12"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Try("personnel", own, "confirm", nil)
		code(t, err, "filing.two_hands")
		if ds, err := w.App.Engine.Desk(apptest.Ctx, w.As("principal"), 10); err != nil || len(ds) != 1 || ds[0].Matter.ID != own {
			t.Errorf("%+v %v", ds, err)
		}
		w.Do("principal", own, "confirm", nil)
		if es = list(t, w, "secretary", roll.Query{Unit: full, Part: "余新"}); len(es) != 0 {
			t.Errorf("%+v", es)
		}
		var to string
		if err := d.In(apptest.City).Row(apptest.Ctx, `SELECT o.to_on FROM officials o WHERE o.city_id = $1 AND o.name = '余新'`).Scan(&to); err != nil || to != "2026-10-12" {
			t.Errorf("%s %v", to, err)
		}
		w.Verify()
	})
}
