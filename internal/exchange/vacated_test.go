package exchange_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestNobodyBeforeTheLastLeft: a post that stood vacant is not taken from a day on which somebody still held it, and the
// table says so before anything is written.
func TestNobodyBeforeTheLastLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		p := w.Who["secretary"]
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(p.City), p.City, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "holding.end", Organ: w.Units["county"].ID}, w.App.Org.Leave(apptest.Ctx, tx, p.Holding, "2026-10-01", "promoted_county", "县里")
		})
		if err != nil {
			t.Fatal(err)
		}
		for since, want := range map[string]bool{"2026-09-01": false, "2026-10-01": true} {
			rep := bring(t, w, w.As("cityorg"), "people", "单位,职务,姓名,出生年月,任现职日期\n石桥镇,纪委书记,新来,1990-03,"+since+"\n", true)
			if rep.Clean() != want {
				t.Errorf("from %s on: clean %v, want %v: %+v", since, rep.Clean(), want, rep.Lines)
			}
		}
	})
}
