package org

import (
	"context"

	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// Alone holds a unit until the transaction ends: whoever else asks for the same unit waits. It is for what is looked at before it
// is written, and would be written twice by two at once. SQLite has one writer as it is.
func Alone(ctx context.Context, tx *ledger.Tx, unit id.Key) error {
	if tx.Engine() != db.Postgres {
		return nil
	}
	return tx.Row(ctx, `/*engine*/ SELECT u.id FROM units u WHERE u.city_id = $1 AND u.id = $2 FOR UPDATE`, unit).Scan(&unit)
}
