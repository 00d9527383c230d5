package insight_test

import (
	"fmt"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/clue"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/insight"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// act writes in the city as the host's command line does.
func act(t testing.TB, w *apptest.World, fn func(tx *ledger.Tx) error) {
	t.Helper()
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "holding.begin", Organ: w.Units["city"].ID}, fn(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// small is the test city with work groups, other duties, a register, organ sizes and some clues; the secretary of 柳湾乡
// left on 10 May.
func small(t testing.TB, d *db.DB) *apptest.World {
	t.Helper()
	w := apptest.New(t, d)
	full, headless, single, other := w.Units["full"], w.Units["headless"], w.Units["single"], w.Units["othertown"]
	act(t, w, func(tx *ledger.Tx) error {
		if err := w.App.Org.Leave(apptest.Ctx, tx, w.Who["lone"].Holding, "2026-05-10", "promoted_county", "县纪委监委"); err != nil {
			return err
		}
		var seats []org.NewSeat
		for _, u := range []access.Unit{headless} {
			seats = append(seats, org.NewSeat{Unit: u, Kind: "secretary", Title: "纪委书记", Established: true, Opened: "2026-01-01"})
		}
		fresh := org.NewPerson{Name: "焦干", Born: "1996-05"}
		seats = append(seats, org.NewSeat{Unit: other, Kind: "officer", Title: "专职干事", Established: true, Opened: "2020-01-01", Holder: &fresh, From: "2026-03-01", FullTime: true})
		if _, err := org.OpenSeats(apptest.Ctx, tx, seats); err != nil {
			return err
		}
		if err := org.AddDuties(apptest.Ctx, tx, []org.NewDuty{
			{Unit: full.ID.Key, Holding: w.Who["secretary"].Holding, Kind: "village", What: "上塘村", AssignedBy: "石桥镇党委", Village: w.Units["village"].ID.Key, From: "2026-01-01"},
			{Unit: full.ID.Key, Holding: w.Who["twpdeputy"].Holding, Kind: "portfolio", What: "分管民政", AssignedBy: "石桥镇党委", From: "2026-01-01"},
			{Unit: headless.ID.Key, Holding: w.Who["hlofficer"].Holding, Kind: "project", What: "高标准农田建设", AssignedBy: "柏岭乡党委", From: "2026-01-01"},
		}); err != nil {
			return err
		}
		if err := org.AddGroups(apptest.Ctx, tx, []org.NewGroup{
			{Unit: full.ID.Key, Name: "征地拆迁工作专班", SetUpBy: "石桥镇党委", Responsible: "石桥镇政府", Head: w.Who["secretary"].Holding, Role: "lead", From: "2026-02-01"},
			{Unit: full.ID.Key, Name: "环保整治工作组", SetUpBy: "石桥镇党委", Responsible: "石桥镇政府", Role: "part", From: "2026-02-01"},
			{Unit: other.ID.Key, Name: "项目推进专班", SetUpBy: "东坪镇党委", Responsible: "东坪镇政府", Head: w.Who["othersecretary"].Holding, Role: "lead", From: "2026-02-01"},
		}); err != nil {
			return err
		}
		var officials []org.NewOfficial
		for i := range 19 {
			officials = append(officials, org.NewOfficial{Unit: full, Name: fmt.Sprintf("监察对象%d", i), Post: "村民委员会委员", Rank: "village", Category: "c5", From: "2021-01-01"})
		}
		if _, err := org.AddOfficials(apptest.Ctx, tx, officials); err != nil {
			return err
		}
		if err := org.SetBases(apptest.Ctx, tx, []org.Base{{Unit: w.Units["county"].ID.Key, On: "2017-12-31", N: 10, Basis: "改革前台账"}}); err != nil {
			return err
		}
		return org.SetSizes(apptest.Ctx, tx, []org.Size{{Unit: full.ID.Key, On: "2026-01-01", Authorised: 42, Actual: 36}, {Unit: headless.ID.Key, On: "2026-01-01", Authorised: 40, Actual: 33},
			{Unit: single.ID.Key, On: "2026-01-01", Authorised: 38, Actual: 30}, {Unit: other.ID.Key, On: "2026-01-01", Authorised: 35, Actual: 35}})
	})
	w.On("2026-08-03")
	for i, source := range []string{"found", "inspection", "transfer", "inspection", "inspection", "transfer"} {
		e, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: full.ID.Key, Name: "李某", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true},
			Source: source, FromKind: "audit", Received: "2026-08-03", Title: fmt.Sprintf("反映村集体资金问题%d", i), Summary: "监督检查发现。", Discipline: "work"})
		if err != nil {
			t.Fatal(err)
		}
		w.Do("supervision", e.ID, "hand_out", flow.Values{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
		if i == 0 {
			w.Do("handler", e.ID, "propose", flow.Values{"disposal": {"inquiry"}, "inquiry_form": {"letter"}, "inquiry_plan": {"发函，限期书面答复。"}, "reason": {"问题具体，宜先由本人说明。集体研究一致意见。"}, "studied_on": {"2026-08-03"}, "studied_by": {"姜、戚、谢"}})
		}
	}
	w.On("2026-10-12")
	return w
}

// report computes a report as somebody, over 2026 up to the clock's day.
func report(t testing.TB, w *apptest.World, who access.Actor, unit id.ID) *insight.Report {
	t.Helper()
	r, err := w.App.Insight.Report(apptest.Ctx, who, unit, insight.Period{From: "2026-01-01", To: w.App.DB.Today()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// large is a city of 11 counties and 160 townships with the establishment of the field report: 480 posts, 455 held.
func large(t testing.TB, d *db.DB) (*apptest.World, access.Unit) {
	t.Helper()
	w := apptest.New(t, d)
	city := id.City(3)
	by := access.ByOperator(city)
	var top access.Unit
	if err := d.Write(apptest.Ctx, 0, func(tx *db.Tx) error {
		_, err := tx.Exec(apptest.Ctx, `INSERT INTO tenants (city_id, kind, name, above_id, code) VALUES ($1, $2, $3, $4, $5)`, int64(city), "city", "大市", int64(apptest.Province), "990200000000")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_, err := w.App.Ledger.Write(apptest.Ctx, by, city, func(tx *ledger.Tx) (ledger.Act, error) {
		us, err := org.OpenUnits(apptest.Ctx, tx, []org.NewUnit{{Kind: "city", Code: "990200000000", Name: "大市", Opened: "2015-01-01"}})
		if err != nil {
			return ledger.Act{}, err
		}
		top = us[0]
		var counties, towns []org.NewUnit
		for i := range 11 {
			counties = append(counties, org.NewUnit{Kind: "county", Code: fmt.Sprintf("9902%02d000000", i+1), Name: fmt.Sprintf("第%d县", i+1), Superior: top, Opened: "2015-01-01"})
		}
		cs, err := org.OpenUnits(apptest.Ctx, tx, counties)
		if err != nil {
			return ledger.Act{}, err
		}
		for i := range 160 {
			c := cs[i%11]
			towns = append(towns, org.NewUnit{Kind: "township", Code: fmt.Sprintf("%s%03d000", c.Code[:6], i/11+1), Name: fmt.Sprintf("第%d镇", i+1), Superior: c, Opened: "2015-01-01"})
		}
		ts, err := org.OpenUnits(apptest.Ctx, tx, towns)
		if err != nil {
			return ledger.Act{}, err
		}
		var seats []org.NewSeat
		for i, u := range ts {
			for j, kind := range org.Establishment {
				s := org.NewSeat{Unit: u, Kind: kind, Title: kind, Established: true, Opened: "2020-01-01", From: calendar.Date("2024-01-01").AddDays(i), FullTime: j == 0 || i%3 == 0}
				if lacks := j == 0 && i < 20 || j == 1 && i == 20 || j == 2 && i > 20 && i < 25; !lacks {
					s.Holder = &org.NewPerson{Name: fmt.Sprintf("某%d%d", i, j), Born: fmt.Sprintf("%d-%02d", 1985+i%15, i%12+1)}
				}
				seats = append(seats, s)
			}
		}
		held, err := org.OpenSeats(apptest.Ctx, tx, seats)
		if err != nil {
			return ledger.Act{}, err
		}
		var duties []org.NewDuty
		var groups []org.NewGroup
		var sizes []org.Size
		for i, u := range ts {
			for j := range 3 {
				if h := held[i*3+j]; h.Holding != "" && (i+j)%2 == 0 {
					duties = append(duties, org.NewDuty{Unit: u.ID.Key, Holding: h.Holding, Kind: "village", What: "驻村", AssignedBy: "党委", Village: u.ID.Key, From: "2024-06-01"})
				}
			}
			for j := range 8 {
				g := org.NewGroup{Unit: u.ID.Key, Name: fmt.Sprintf("专班%d", j), SetUpBy: "党委", Responsible: "政府", Role: "lead", From: "2024-06-01"}
				if j < 3 {
					g.Head = held[i*3].Holding
				}
				groups = append(groups, g)
			}
			sizes = append(sizes, org.Size{Unit: u.ID.Key, On: "2025-12-31", Authorised: 40, Actual: 30 + i%15})
		}
		if err := org.AddDuties(apptest.Ctx, tx, duties); err != nil {
			return ledger.Act{}, err
		}
		if err := org.AddGroups(apptest.Ctx, tx, groups); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "unit.open", Organ: top.ID}, org.SetSizes(apptest.Ctx, tx, sizes)
	})
	if err != nil {
		t.Fatal(err)
	}
	// PostgreSQL plans by statistics that it gathers by itself within a minute of a bulk write.
	if _, err := d.Raw().Exec(`ANALYZE`); err != nil {
		t.Fatal(err)
	}
	return w, top
}
