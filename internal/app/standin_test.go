package app_test

import (
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestStandInOfRecused: whoever stands in for somebody does what they might do, and no longer what they may not: neither
// moves nor signatures of a matter that the other was taken off (D22, D23).
func TestStandInOfRecused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		offered := func(m flow.Matter) bool {
			t.Helper()
			offers, err := w.App.Engine.Offers(apptest.Ctx, d.In(m.ID.City), w.As("head2"), m, d.Today())
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range offers {
				if o.Move.Name == "propose" && o.Mine {
					return true
				}
			}
			return false
		}
		m := handed(t, w, "full", "county.office1")
		if offered(w.Matter(m)) {
			t.Fatal("the head of another office may propose already")
		}
		if _, err := w.App.Org.Delegate(apptest.Ctx, w.As("head"), org.NewDelegation{To: w.Who["head2"].Person, Begins: d.Today(), Ends: d.Today().AddDays(5), Reason: "外出培训"}); err != nil {
			t.Fatal(err)
		}
		if !offered(w.Matter(m)) {
			t.Fatal("the stand-in may not propose")
		}
		if _, err := w.App.Engine.Recuse(apptest.Ctx, w.As("principal"), m, flow.NewRecusal{Person: w.Who["head"].Person, Ground: "kin", Order: true}); err != nil {
			t.Fatal(err)
		}
		if offered(w.Matter(m)) {
			t.Error("the stand-in of somebody recused may propose")
		}
		_, err := w.App.Engine.Do(apptest.Ctx, w.As("head2"), m, w.Matter(m).Version, "propose", disposal("verification"))
		if k := fault.KindOf(err); k != fault.Forbidden && k != fault.NotFound {
			t.Errorf("proposing in their stead: %v", err)
		}
	})
}
