package exchange_test

import (
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/exchange"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestHoweverItIsTyped: columns, units, choices, days and names are known by what people see of them, not by how wide
// the letters were typed, what joins them or what blanks stand between; what is kept is what was typed.
func TestHoweverItIsTyped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		op := access.ByOperator(apptest.City)
		plain := "单位,姓名,职务,职级,监察对象类别,纳入日期,中共党员\n石桥镇,张三,副镇长,副科级,c1,2024-03-01,是\n"
		odd := "单\u200d位,姓　名＊,职 务（现任）,职\u200b级,监察对象类别,纳入日期,中共党员\n石\u200d桥镇,张　三,副镇\u200c长,副科 级,ｃ１,２０２４－０３－０１,是\n"
		right(t, w, op, "officials", odd, map[string]int{exchange.New: 1})
		os, err := org.Officials(apptest.Ctx, d.In(apptest.City), w.Units["full"].ID.Key, "", 10)
		if err != nil || len(os) != 1 || os[0].Name != "张　三" || os[0].From != "2024-03-01" || os[0].Rank != "deputy_section" {
			t.Fatalf("kept as %+v, %v", os, err)
		}
		if rep := bring(t, w, op, "officials", plain, true); rep.Counts[exchange.New] != 0 || rep.Counts[exchange.Change] != 1 {
			t.Errorf("the same person typed plainly: %s", does(rep))
		}
		right(t, w, op, "officials", odd, map[string]int{exchange.Same: 1})
		if got := does(bring(t, w, op, "officials", plain+strings.Split(odd, "\n")[1]+"\n", true)); !strings.Contains(got, "3 wrong name:sheet.namesake") {
			t.Errorf("one person in two spellings: %s", got)
		}
	})
}
