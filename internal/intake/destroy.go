package intake

import (
	"context"

	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// Kin lists what came of the same report as a matter: its family, and the letters that it came from.
func Kin(ctx context.Context, r db.Reader, m flow.Matter) ([]id.Key, error) {
	return db.Column[id.Key](ctx, r, `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.root_id = $2 UNION
		SELECT l.id FROM letters l JOIN matters m ON m.city_id = l.city_id AND m.id = l.tipoff_id WHERE l.city_id = $1 AND m.root_id = $2 AND l.tipoff_id <> ''`, m.Root)
}

// Blank takes out of a tip-off what was written of its contents, and out of a letter and its words the names of the sealed
// contents, which it returns. What stood on a letter's outside stays: a reporter may still prove that it came.
func Blank(ctx context.Context, tx *ledger.Tx, m flow.Matter) (contents []string, err error) {
	switch m.Kind {
	case "tipoff":
		t, err := Get(ctx, tx, m.ID.Key)
		if err != nil {
			return nil, err
		}
		t.Summary, t.LateReason = "", ""
		return nil, saveTipoff(ctx, tx, m.ID.Key, t)
	case KindLetter:
		l, err := GetLetter(ctx, tx, m.ID.Key)
		if err != nil {
			return nil, err
		}
		contents, l.Files = l.Files, nil
		row, err := l.row()
		if err != nil {
			return nil, err
		}
		if err := tx.Update(ctx, letterTable, row...); err != nil {
			return nil, err
		}
		ws, err := Words(ctx, tx, m.ID.Key)
		if err != nil {
			return nil, err
		}
		for _, w := range ws {
			contents, w.Files = append(contents, w.Files...), nil
			row, err := w.row()
			if err != nil {
				return nil, err
			}
			if err := tx.Update(ctx, wordTable, row...); err != nil {
				return nil, err
			}
		}
	}
	return contents, nil
}
