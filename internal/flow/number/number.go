// Package number gives matters their numbers: 云渡纪线〔2026〕0352号.
//
// The words: a register is what an organ counts one kind of matter in, anew each year; a mark is the character that says
// which kind in the number; a number that came in is one of a matter that was kept elsewhere before.
//
// What always holds: no number is given out twice, neither to two matters nor after one that came in bears it; two who ask
// at once get two numbers; numbers of a register are given in their order.
//
// Start at Next.
package number

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// Next takes the next number of an organ's register. One that a matter bears already, from before numbers that came in were
// reserved, is passed over.
func Next(ctx context.Context, tx *ledger.Tx, organ id.ID, kind, mark string, on calendar.Date) (string, error) {
	u, err := access.GetUnit(ctx, tx.For(organ.City), organ.Key)
	if err != nil {
		return "", err
	}
	for {
		n, err := count(ctx, tx, organ.Key, kind, on.Year())
		if err != nil {
			return "", err
		}
		head := fmt.Sprintf("%s纪%s〔%d〕", u.Short, mark, on.Year())
		no := fmt.Sprintf("%s%04d号", head, n)
		taken, err := db.Column[string](ctx, tx, `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.no IN ($2, $3)`, no, fmt.Sprintf("%s%d号", head, n))
		if err != nil || len(taken) == 0 {
			return no, err
		}
	}
}

// count counts on one of an organ's registers. SQLite is asked for the number by itself: for a statement that returns what it
// wrote, its text index writes out what it has gathered.
func count(ctx context.Context, tx *ledger.Tx, organ id.Key, kind string, year int) (n int64, err error) {
	const add = `INSERT INTO counters (city_id, organ_id, kind, year, n) VALUES ($1, $2, $3, $4, 1)
		ON CONFLICT (city_id, organ_id, kind, year) DO UPDATE SET n = counters.n + 1`
	if tx.Engine() == db.Postgres {
		err = tx.Row(ctx, add+` RETURNING n`, organ, kind, year).Scan(&n)
		return n, err
	}
	if _, err := tx.Exec(ctx, add, organ, kind, year); err != nil {
		return 0, err
	}
	err = tx.Row(ctx, `SELECT n FROM counters WHERE city_id = $1 AND organ_id = $2 AND kind = $3 AND year = $4`, organ, kind, year).Scan(&n)
	return n, err
}

// ownForm is how the system's own numbers look, in whatever brackets: the organ's short name, the mark, year and number.
var ownForm = regexp.MustCompile(`^(.+)纪(.)[〔\[(（［【](\d{4})[〕\])）］】]0*(\d{1,9})号$`)

// Reserve sees to it that numbers which come in with matters of the past are never given out again: the registers they
// are of go on after the highest. Until the transaction ends nobody else takes a number of those registers, so what is
// read of them afterwards holds.
func Reserve(ctx context.Context, tx *ledger.Tx, kind, mark string, nos []string) error {
	type series struct {
		short string
		year  int
	}
	highest := map[series]int{}
	shorts := map[string]bool{}
	for _, no := range nos {
		if p := ownForm.FindStringSubmatch(no); p != nil && p[2] == mark {
			year, _ := strconv.Atoi(p[3]) // four digits
			n, _ := strconv.Atoi(p[4])    // nine at most
			k := series{p[1], year}
			highest[k] = max(highest[k], n)
			shorts[p[1]] = true
		}
	}
	if len(shorts) == 0 {
		return nil
	}
	text, args := db.Build(`SELECT u.id, u.short FROM units u WHERE u.city_id = $1 AND u.organ_id = u.id`).In(" AND ", "u.short", slices.Sorted(maps.Keys(shorts))).Add(` ORDER BY u.id`).SQL()
	organs, err := db.All(ctx, tx, func(rows *db.Rows) (o [2]string, err error) { return o, rows.Scan(&o[0], &o[1]) }, text, args...)
	if err != nil {
		return err
	}
	ordered := slices.SortedFunc(maps.Keys(highest), func(a, b series) int { return a.year - b.year })
	for _, o := range organs { // always in one order, so that two imports don't wait for each other
		for _, k := range ordered {
			if k.short != o[1] {
				continue
			}
			if _, err := tx.Exec(ctx, `INSERT INTO counters (city_id, organ_id, kind, year, n) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (city_id, organ_id, kind, year) DO UPDATE SET n = CASE WHEN counters.n < excluded.n THEN excluded.n ELSE counters.n END`, o[0], kind, k.year, highest[k]); err != nil {
				return err
			}
		}
	}
	return nil
}
