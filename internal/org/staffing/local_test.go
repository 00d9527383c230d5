package staffing_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/org/staffing"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestStrength: a township should have what the rulebook says; a rule of another place counts once its county has adopted it, from
// the day on, and not in any other county.
func TestStrength(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		s, county := w.App.Staffing, w.Units["county"]
		full := w.Units["full"].ID.Key
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "staffing.import", Organ: county.ID}, org.SetSizes(apptest.Ctx, tx, []org.Size{{Unit: full, On: "2026-01-01", Authorised: 40, Actual: 33}, {Unit: full, On: "2026-09-01", Authorised: 40, Actual: 35}})
		})
		w.must(err)
		at := func(county access.Unit) map[string]staffing.Strength {
			all, _, err := s.LoadStrength(apptest.Ctx, d.In(apptest.City), county, d.Today())
			w.must(err)
			out := map[string]staffing.Strength{}
			for _, x := range all {
				out[x.Name] = x
			}
			return out
		}
		got := at(county)
		if x := got["石桥镇"]; x.Should != 3 || x.Posts != 3 || x.Held != 3 || x.Short() != 0 || x.Villages != 1 || x.Actual != 35 || x.Authorised != 40 || len(x.Further) != 0 {
			t.Errorf("%+v", x)
		}
		if x := got["柳湾乡"]; x.Should != 3 || x.Posts != 1 || x.Short() != 2 {
			t.Errorf("%+v", x)
		}
		code(t, s.CountPeople(apptest.Ctx, w.As("personnel"), full, "many", "2026-10-01"), "people count.range")
		code(t, s.CountPeople(apptest.Ctx, w.As("personnel"), full, "0", "2026-10-01"), "people count.range")
		code(t, s.CountPeople(apptest.Ctx, w.As("personnel"), full, "52000", "2026-12-01"), "from day.future")
		code(t, s.CountPeople(apptest.Ctx, w.As("personnel"), full, "52000", "2026-13-01"), "from day.invalid")
		code(t, s.CountPeople(apptest.Ctx, w.As("personnel"), w.Units["village"].ID.Key, "52000", "2026-10-01"), "township choice.unknown")
		code(t, s.CountPeople(apptest.Ctx, w.As("personnel"), w.Units["othertown"].ID.Key, "52000", "2026-10-01"), "township choice.unknown")
		code(t, s.CountPeople(apptest.Ctx, w.As("secretary"), full, "52000", "2026-10-01"), "township choice.unknown")
		w.must(s.CountPeople(apptest.Ctx, w.As("personnel"), full, "52000", "2026-10-01"))
		if x := at(county)["石桥镇"]; x.Should != 3 || x.People != 52000 {
			t.Errorf("a rule counts that nobody adopted: %+v", x)
		}
		code(t, s.Adopt(apptest.Ctx, w.As("personnel"), "large_township", true, "2026-10-12"), "move.not_yours")
		code(t, s.Adopt(apptest.Ctx, w.As("citychief"), "large_township", true, "2026-10-12"), "move.not_yours")
		code(t, s.Adopt(apptest.Ctx, w.As("principal"), "everything", true, "2026-10-12"), "rule choice.unknown")
		code(t, s.Adopt(apptest.Ctx, w.As("principal"), "large_township", true, "2026-10-11"), "from day.past")
		code(t, s.Adopt(apptest.Ctx, w.As("principal"), "large_township", true, "soon"), "from day.invalid")
		w.must(s.Adopt(apptest.Ctx, w.As("principal"), "large_township", true, "2026-10-20"))
		if x := at(county)["石桥镇"]; x.Should != 3 {
			t.Errorf("the rule counts before its day: %+v", x)
		}
		w.On("2026-10-20")
		got = at(county)
		if x := got["石桥镇"]; x.Should != 4 || x.Short() != 1 || len(x.Further) != 1 || got["柳湾乡"].Should != 3 {
			t.Errorf("%+v", x)
		}
		if x := at(w.Units["other"])["东坪镇"]; x.Should != 3 {
			t.Errorf("another county's rule counts: %+v", x)
		}
		es, err := ledger.Entries(apptest.Ctx, d.In(apptest.City), access.ByProgram(apptest.City), ledger.Query{Log: county.ID.Key, Limit: 1})
		if err != nil || es[0].Action != "establishment.rule" || es[0].Params["rule"] != "large_township" {
			t.Errorf("%+v %v", es, err)
		}
		w.must(s.Adopt(apptest.Ctx, w.As("principal"), "large_township", false, "2026-10-20"))
		if x := at(county)["石桥镇"]; x.Should != 3 {
			t.Errorf("%+v", x)
		}
		w.Verify()
	})
}
