package e2e

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// TestSplit: a county's personnel clerk puts the split of a township forward from its paper and is told of everything that is wrong
// at once; the security administrator confirms it; the village is found in the new township, whose posts are vacant and owed, and the
// old one's page still shows how it was on a day before.
func TestSplit(t *testing.T) {
	t.Parallel()
	c := newCity(t, [4]string{"personnel", "皮组", "personnel_clerk", "county"})
	_, err := c.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		_, err := org.OpenUnits(apptest.Ctx, tx, []org.NewUnit{{Kind: "village", Code: "990101001202", Name: "塘尾村", Superior: c.Units["full"], Opened: "2020-01-01"}})
		return ledger.Act{Action: "unit.import", Organ: c.Units["county"].ID}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	at := c.staff()
	full, village := c.Units["full"].ID, c.Units["village"].ID.Key
	p := at("personnel")
	p.open("/units/" + full.String())
	p.sees("上塘村")
	p.open("/admin/units/" + full.String() + "?kind=split")
	p.sees("从当日起新设一个同类单位", "上塘村")
	p.fill(pairs{"name", "东河镇", "code", "990101001000", "on", "2026-10-12"})
	p.refused().submit()
	p.sees("石桥镇已使用这个代码", "请填写")
	p.keeps("name", "东河镇")
	p.fill(pairs{"code", "990101004000", "parts", village, "paper", "民发〔2026〕8号"})
	p.submit()
	p.sees("已提出，请另一位确认", "石桥镇析置东河镇，划入上塘村")

	s := at("secadmin")
	s.open("/admin/units/" + full.String())
	s.sees("石桥镇析置东河镇，划入上塘村", "民发〔2026〕8号")
	s.click(`[name="do"][value="grant"]`)
	s.sees("变动已生效")

	made, err := db.Column[id.Key](apptest.Ctx, c.App.DB.In(apptest.City), `SELECT u.id FROM units u WHERE u.city_id = $1 AND u.code = '990101004000' AND u.name = '东河镇'`)
	if err != nil || len(made) != 1 {
		t.Fatalf("%d new townships: %v", len(made), err)
	}
	town := "/units/" + id.ID{City: apptest.City, Key: made[0]}.String()
	p.open(town)
	p.sees("东河镇", "上塘村", "空缺")
	p.open("/units/" + full.String())
	p.sees("塘尾村")
	p.seesNot("上塘村")
	p.open("/units/" + full.String() + "?on=2026-10-11")
	p.sees("上塘村")
	p.open("/units?q=上塘")
	p.tapped("main", "上塘村")
	p.sees("东河镇")
	p.open("/force/vacancies")
	p.sees("东河镇")
}
