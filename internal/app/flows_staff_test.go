package app_test

import (
	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/org/roll"
	"qianshao/internal/org/staffing"
	"qianshao/internal/platform/db"
)

// joins has somebody more walk along.
func (w *walk) joins(key, name, kind, unit string) {
	w.Hire(key, name, kind, unit)
	w.people, w.actors[key] = append(w.people, key), w.As(key)
}

// amends writes something of the roster, and lets the posts follow.
func (w *walk) amends(do func(tx *ledger.Tx) error) {
	w.t.Helper()
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "roster.import", Organ: w.Units["county"].ID}, do(tx)
	})
	w.must(err)
	w.must(w.App.Staffing.Sweep(apptest.Ctx, apptest.City))
}

// newest is the newest open matter of a kind.
func (w *walk) newest(kind string) id.ID {
	w.t.Helper()
	keys, err := db.Column[id.Key](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = $2 AND m.open = TRUE ORDER BY m.id DESC LIMIT 1`, kind)
	w.must(err)
	if len(keys) == 0 {
		w.t.Fatalf("no %s", kind)
	}
	w.look(keys[0], "")
	return id.ID{City: apptest.City, Key: keys[0]}
}

// seats walks the posts of townships: one that is filled, one that is closed, people whose years come to an end.
func (w *walk) seats() {
	w.joins("personnel", "皮组", "personnel_clerk", "county")
	w.joins("citysec", "卜安", "secadmin", "city")
	vacant := func() (post id.Key) {
		w.amends(func(tx *ledger.Tx) (err error) {
			post, err = org.OpenPost(apptest.Ctx, tx, w.Units["headless"], "officer", "纪检干部", true, "2026-09-01")
			return err
		})
		return post
	}
	post := vacant()
	m := w.newest(staffing.KindVacancy)
	acting := false
	ask := func() id.Key {
		a, err := w.App.Org.Propose(apptest.Ctx, w.actors["citysec"], org.Proposal{Post: post, Name: "薛补", Born: "1990-01", From: w.App.DB.Today(), FullTime: true, Acting: acting})
		w.must(err)
		w.look(m.Key, "")
		return a
	}
	ask()
	w.make(m, "decline", nil)
	w.must(w.App.Org.Decide(apptest.Ctx, w.actors["personnel"], ask(), 1, false, "另行提出"))
	w.look(m.Key, "")
	a := ask()
	w.make(m, "consent", nil)
	w.must(w.App.Org.Decide(apptest.Ctx, w.actors["personnel"], a, 1, true, ""))
	w.look(m.Key, "")
	post, acting = vacant(), true
	m = w.newest(staffing.KindVacancy)
	a = ask()
	w.make(m, "consent", nil)
	w.must(w.App.Org.Decide(apptest.Ctx, w.actors["personnel"], a, 1, true, ""))
	w.look(m.Key, "")
	w.amends(func(tx *ledger.Tx) error { return org.ClosePost(apptest.Ctx, tx, post, tx.Today()) })
	w.look(m.Key, "")

	for i, moves := range [][]string{{"plan", "decline", "plan", "consent"}, {"keep"}} {
		key := []string{"long", "longer"}[i]
		w.Hire(key, "久"+key, "officer", "single")
		w.amends(func(tx *ledger.Tx) error {
			return org.AmendHolding(apptest.Ctx, tx, w.Who[key].Holding, map[string]any{"from_on": tx.Today().AddMonths(-57)})
		})
		m = w.newest(staffing.KindRotation)
		for _, name := range moves {
			w.make(m, name, nil)
		}
		w.must(w.App.Org.LeavePost(apptest.Ctx, w.actors["personnel"], id.ID{City: apptest.City, Key: w.Who[key].Holding}, org.Leaving{On: w.App.DB.Today(), Reason: "retired"}))
		w.look(m.Key, "")
		delete(w.Who, key)
	}
}

// filings walks changes of the register that a township files.
func (w *walk) filings() {
	for i, name := range []string{"return", "confirm"} {
		m, err := w.App.Roll.File(apptest.Ctx, w.actors["officer"], roll.Change{What: roll.Add, Unit: w.Units["full"].ID.Key, Name: []string{"余甲", "余乙"}[i], Post: "民政办干部", Rank: "staff", Category: "c1", On: w.App.DB.Today()})
		w.must(err)
		w.look(m.Key, "")
		w.make(m, name, nil)
	}
}
