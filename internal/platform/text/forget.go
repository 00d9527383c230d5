package text

import (
	"context"

	"qianshao/internal/platform/db"
)

// Forget writes SQLite's index anew without what was taken out of it: what is deleted there is only marked, and the words of a
// text are left in it until their part of the index is merged. PostgreSQL's index holds what the rows hold.
func Forget(ctx context.Context, d *db.DB) error {
	if d.Engine == db.Postgres {
		return nil
	}
	return d.Write(ctx, 0, func(tx *db.Tx) error {
		_, err := tx.SharedTx().Exec(ctx, `/*engine*/ INSERT INTO search_fts (search_fts) VALUES ($1)`, "optimize")
		return err
	})
}
