package exchange_test

import (
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/exchange"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestMergedTownshipIsNamed: a row that names a township that is no more, by name or by code, is told when and into which it was
// merged; another county, that there is none.
func TestMergedTownshipIsNamed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("personnel", "孟组", "personnel_clerk", "county")
		w.Hire("otherpersonnel", "平组", "personnel_clerk", "other")
		key, err := w.App.Org.Reorganise(apptest.Ctx, w.As("personnel"), org.Reorganisation{Kind: org.UnitMerge, Unit: w.Units["full"].ID.Key, Into: w.Units["single"].ID.Key, On: "2026-10-12", Paper: "云政〔2026〕9号"})
		if err != nil {
			t.Fatal(err)
		}
		w.On("2026-10-13")
		if err := w.App.Org.DecideReorganisation(apptest.Ctx, w.As("secadmin"), key, 1, true, ""); err != nil {
			t.Fatal(err)
		}
		before := acts(t, w)
		for _, c := range []struct{ who, unit, want string }{
			{"personnel", "石桥镇", "石桥镇已于2026-10-12撤并到柳湾乡，请改填柳湾乡（990101003000）"},
			{"cityorg", "990101001000", "石桥镇已于2026-10-12撤并到柳湾乡，请改填柳湾乡（990101003000）"},
			{"otherpersonnel", "石桥镇", "没有“石桥镇”这个单位"},
		} {
			for _, kind := range []string{"people", "officials"} {
				rows := "单位,职务,姓名\n" + c.unit + ",书记,甲\n"
				if kind == "officials" {
					rows = "单位,职务,姓名,职级,监察对象类别\n" + c.unit + ",书记,甲,副科级,c1\n"
				}
				rep := bring(t, w, w.As(c.who), kind, rows, false)
				if rep.Done || len(rep.Lines) != 1 || len(rep.Lines[0].Problems) != 1 || !strings.Contains(rep.Lines[0].Problems[0].Text(locale.Zh), c.want) {
					t.Errorf("%s imports %s of %s: %+v", c.who, kind, c.unit, rep.Lines)
				}
			}
		}
		right(t, w, w.As("personnel"), "officials", "单位,职务,姓名,职级,监察对象类别\n柳湾乡,书记,甲,副科级,c1\n", map[string]int{exchange.New: 1})
		if n := acts(t, w); n != before+1 {
			t.Errorf("%d acts, want 1", n-before)
		}
	})
}
