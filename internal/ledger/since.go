package ledger

import (
	"context"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Mark is how far every log of a tenant had come at some moment.
type Mark map[id.Key]int64

// Now marks how far the tenant's logs have come. It is read before what is to hold as of it.
func Now(ctx context.Context, r db.Reader) (Mark, error) {
	out := Mark{}
	rows, err := r.Query(ctx, `SELECT log_id, size FROM logs WHERE city_id = $1`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var log id.Key
		var size int64
		if err := rows.Scan(&log, &size); err != nil {
			return nil, err
		}
		out[log] = size
	}
	return out, rows.Err()
}

// Since names the actions of every act that has come since the mark: what they can't have touched is as it was.
func Since(ctx context.Context, r db.Reader, m Mark) ([]string, error) {
	now, err := Now(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []string
	for log, size := range now {
		if size == m[log] {
			continue
		}
		as, err := db.Column[string](ctx, r, `SELECT DISTINCT action FROM acts WHERE city_id = $1 AND log_id = $2 AND seq >= $3`, log, m[log])
		if err != nil {
			return nil, err
		}
		out = append(out, as...)
	}
	return out, nil
}
