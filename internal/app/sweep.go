package app

import (
	"context"
	"errors"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/text"
)

// Sweep leaves nothing of what was destroyed in the database's freed room, the search index or the folder of attachments: an
// act in the log at the head of the deployment.
func (a *App) Sweep(ctx context.Context) error {
	top, err := ledger.Top(ctx, a.DB)
	if err != nil {
		return err
	}
	if top.ID.Zero() {
		return fault.New(fault.Conflict, "key.empty")
	}
	cities, err := Tenants(ctx, a.DB)
	if err != nil {
		return err
	}
	var failed []error
	for _, city := range cities {
		failed = append(failed, a.Custody.Sweep(ctx, city))
	}
	if err := errors.Join(append(failed, text.Forget(ctx, a.DB), a.DB.Sweep(ctx))...); err != nil {
		return err
	}
	_, err = a.Ledger.Write(ctx, access.ByOperator(top.ID.City), top.ID.City, func(*ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "deployment.sweep", Organ: top.ID}, nil
	})
	return err
}
