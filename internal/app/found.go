package app

import (
	"context"
	"fmt"

	"qianshao/internal/access"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// Found makes the tenants and units of an official list of divisions (package exchange) in a deployment that has none: a
// tenant for each province and each city, whose units are one act. Tenants are made one after another, each whole; cut off
// in between, the same list goes on where it stopped.
func Found(ctx context.Context, d *db.DB, list []exchange.Division, progress func(done int)) (tenants int, err error) {
	l := &ledger.Ledger{DB: d}
	have := map[string]id.City{}
	known, err := db.All(ctx, d.Shared(), func(rows *db.Rows) (t Tenant, err error) { return t, rows.Scan(&t.City, &t.Code) }, `SELECT city_id, code FROM tenants ORDER BY city_id`)
	if err != nil {
		return 0, err
	}
	next := id.City(1)
	for _, t := range known {
		have[t.Code], next = t.City, t.City+1
	}
	for i, n := 0, 0; i < len(list); i = n {
		top := list[i]
		t := Tenant{Kind: top.Kind(), Name: top.Name, Code: top.Code}
		for n = i + 1; n < len(list) && t.Kind == "city" && list[n].Kind() != "city" && list[n].Kind() != "province"; n++ {
		}
		switch t.Kind {
		case "province", "city":
		default:
			return tenants, fault.New(fault.Conflict, "setup.above", top.Code, top.Name, top.Above())
		}
		if _, there := have[t.Code]; there {
			continue
		}
		if above := top.Above(); above != "" {
			t.Above = have[above]
		}
		t.City = next
		if err := found(ctx, l, t, list[i:n]); err != nil {
			return tenants, fmt.Errorf("%s: %w", t.Name, err)
		}
		have[t.Code], next = t.City, next+1
		tenants++
		progress(n)
	}
	return tenants, nil
}

// found makes one tenant with its units, the first of which is its head.
func found(ctx context.Context, l *ledger.Ledger, t Tenant, list []exchange.Division) error {
	_, err := l.Write(ctx, access.ByOperator(t.City), t.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if _, err := tx.SharedTx().Exec(ctx, `INSERT INTO tenants (city_id, kind, name, above_id, code) VALUES ($1, $2, $3, $4, $5)`, int64(t.City), t.Kind, t.Name, int64(t.Above), t.Code); err != nil {
			return ledger.Act{}, err
		}
		var head access.Unit
		made := make(map[string]access.Unit, len(list))
		for _, kind := range []string{t.Kind, "county", "township", "village"} { // those above come first
			var in []org.NewUnit
			for _, d := range list {
				if d.Kind() == kind {
					in = append(in, org.NewUnit{Kind: kind, Code: d.Code, Name: d.Name, Superior: made[d.Above()], Opened: tx.Today()})
				}
			}
			if len(in) == 0 {
				continue
			}
			us, err := org.OpenUnits(ctx, tx, in)
			if err != nil {
				return ledger.Act{}, err
			}
			for _, u := range us {
				made[u.Code] = u
			}
			if head.ID.Zero() {
				head = us[0]
			}
		}
		return ledger.Act{Action: "unit.open", Organ: head.ID, About: "unit/" + head.ID.String(), Params: map[string]any{"units": len(list)}}, nil
	})
	return err
}
