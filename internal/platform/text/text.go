// Package text makes Chinese text searchable, the same on both engines: every run of Han characters becomes its
// overlapping pairs, a run's last character stands alone too, and Latin letters and digits are words. A term of two
// characters or more finds exactly the texts that contain it; a term of one character finds those that contain it too.
//
// The words that begin with "zz" are no text but the scope a row belongs to (package access makes them): a search asks
// for the reader's words beside the term, so that it walks nothing the reader may not see.
//
// SQLite keeps an FTS5 index without content whose rowid is that of the row in texts; PostgreSQL keeps the words as a
// column under a GIN index. Both are one function each below, under one test.
//
// Start at Terms, Put and Find.
package text

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Fold brings a text to the one form that is searched: compatibility characters folded, lower case, no white space
// runs, no marks of direction.
func Fold(s string) string {
	s = strings.ToLower(norm.NFKC.String(s))
	var b strings.Builder
	blank := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			blank = b.Len() > 0
		default:
			if blank {
				b.WriteByte(' ')
				blank = false
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Words cuts a folded text into the words of the index.
func Words(folded string) []string {
	var out []string
	for _, run := range runs(folded) {
		if !run.han {
			out = append(out, string(run.chars))
			continue
		}
		for i := range run.chars {
			if i+1 < len(run.chars) {
				out = append(out, string(run.chars[i:i+2]))
			} else {
				out = append(out, string(run.chars[i]))
			}
		}
	}
	return out
}

type run struct {
	han   bool
	chars []rune
}

func runs(s string) []run {
	var out []run
	for _, r := range s {
		han, word := unicode.Is(unicode.Han, r), unicode.IsLetter(r) || unicode.IsDigit(r)
		if !word {
			out = append(out, run{}) // a break
			continue
		}
		if n := len(out); n > 0 && len(out[n-1].chars) > 0 && out[n-1].han == han {
			out[n-1].chars = append(out[n-1].chars, r)
		} else {
			out = append(out, run{han, []rune{r}})
		}
	}
	clean := out[:0]
	for _, r := range out {
		if len(r.chars) > 0 {
			clean = append(clean, r)
		}
	}
	return clean
}

// Put indexes the text of a matter, or indexes it anew. terms are the words of its scope.
func Put(ctx context.Context, tx *db.Tx, matter id.Key, terms []string, parts ...string) error {
	plain := Fold(strings.Join(parts, " "))
	body := strings.Join(append(Words(plain), terms...), " ")
	if tx.Engine() == db.Postgres {
		return putPostgres(ctx, tx, matter, plain, body)
	}
	return putSQLite(ctx, tx, matter, plain, body)
}

// Rescope gives an indexed text new scope words, leaving its text.
func Rescope(ctx context.Context, tx *db.Tx, matter id.Key, terms []string) error {
	var plain string
	err := tx.Row(ctx, `SELECT plain FROM texts WHERE city_id = $1 AND matter_id = $2`, matter).Scan(&plain)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return Put(ctx, tx, matter, terms, plain)
}

// Rebuild makes a tenant's index anew from the texts it was made of: after a restore, which carries only those. terms
// gives the scope words of a batch of matters. What is derived from facts is no fact, so no act is owed for it.
func Rebuild(ctx context.Context, d *db.DB, city id.City, terms func(r db.Reader, matters []id.Key) (map[id.Key][]string, error)) error {
	type entry struct{ matter, plain string }
	after := ""
	for {
		done := 0
		err := d.Write(ctx, city, func(tx *db.Tx) error {
			es, err := db.All(ctx, tx, func(rows *db.Rows) (e entry, err error) { return e, rows.Scan(&e.matter, &e.plain) },
				`SELECT matter_id, plain FROM texts WHERE city_id = $1 AND matter_id > $2 ORDER BY matter_id LIMIT 500`, after)
			if err != nil {
				return err
			}
			var keys []id.Key
			for _, e := range es {
				keys = append(keys, e.matter)
			}
			words, err := terms(tx, keys)
			if err != nil {
				return err
			}
			for _, e := range es {
				if err := Put(ctx, tx, e.matter, words[e.matter], e.plain); err != nil {
					return err
				}
			}
			done = len(es)
			if done > 0 {
				after = es[done-1].matter
			}
			return nil
		})
		if err != nil || done == 0 {
			return err
		}
	}
}

func putSQLite(ctx context.Context, tx *db.Tx, matter id.Key, plain, body string) error {
	var n int64
	err := tx.Row(ctx, `/*engine*/ INSERT INTO texts (city_id, matter_id, plain) VALUES ($1, $2, $3)
		ON CONFLICT (city_id, matter_id) DO UPDATE SET plain = $3 RETURNING rowid`, matter, plain).Scan(&n)
	if err != nil {
		return err
	}
	if _, err := tx.SharedTx().Exec(ctx, `/*engine*/ DELETE FROM search_fts WHERE rowid = $1`, n); err != nil {
		return err
	}
	_, err = tx.SharedTx().Exec(ctx, `/*engine*/ INSERT INTO search_fts (rowid, body) VALUES ($1, $2)`, n, body)
	return err
}

func putPostgres(ctx context.Context, tx *db.Tx, matter id.Key, plain, body string) error {
	_, err := tx.Exec(ctx, `/*engine*/ INSERT INTO texts (city_id, matter_id, plain, words) VALUES ($1, $2, $3, array_to_tsvector(string_to_array($4, ' ')))
		ON CONFLICT (city_id, matter_id) DO UPDATE SET plain = $3, words = array_to_tsvector(string_to_array($4, ' '))`, matter, plain, body)
	return err
}

// Query is a search: all of the terms, in texts that carry one of the scope words (nil: any).
type Query struct {
	Terms []string // as typed, cut at blanks
	Scope []string
	Extra []string // further scope words, all of which must be there: the kind of matter
	Limit int
	After id.Key // newer ones than this key were shown before
}

// Parse cuts what was typed into terms; nothing searchable gives none.
func Parse(typed string) []string {
	var out []string
	for _, f := range strings.Fields(Fold(typed)) {
		if len(runs(f)) > 0 && len(out) < 8 {
			if r := []rune(f); len(r) > 40 {
				f = string(r[:40])
			}
			out = append(out, f)
		}
	}
	return out
}

// Find lists the matters whose text has all terms, newest first.
func Find(ctx context.Context, r db.Reader, engine db.Engine, q Query) ([]id.Key, error) {
	if len(q.Terms) == 0 {
		return nil, nil
	}
	if engine == db.Postgres {
		return findPostgres(ctx, r, q)
	}
	return findSQLite(ctx, r, q)
}

func findSQLite(ctx context.Context, r db.Reader, q Query) ([]id.Key, error) {
	var parts []string
	for _, t := range q.Terms {
		for _, u := range runs(t) {
			parts = append(parts, ftsRun(u))
		}
	}
	parts = append(parts, quoted(q.Extra)...)
	if q.Scope != nil {
		parts = append(parts, "("+strings.Join(quoted(q.Scope), " OR ")+")")
	}
	b := db.Build(`/*engine*/ SELECT t.matter_id FROM search_fts f JOIN texts t ON t.rowid = f.rowid WHERE f.search_fts MATCH ? AND t.city_id = $1`, strings.Join(parts, " AND "))
	b.If(q.After != "", ` AND f.rowid < (SELECT x.rowid FROM texts x WHERE x.city_id = $1 AND x.matter_id = ?)`, q.After)
	text, args := b.Add(` ORDER BY f.rowid DESC LIMIT ?`, q.Limit).SQL()
	return db.Column[string](ctx, r, text, args...)
}

// ftsRun is a run as an FTS5 expression: its pairs as a phrase; a single character begins a pair or stands alone.
func ftsRun(u run) string {
	if !u.han {
		return `"` + string(u.chars) + `" *`
	}
	if len(u.chars) == 1 {
		return `"` + string(u.chars) + `" *`
	}
	var pairs []string
	for i := 0; i+1 < len(u.chars); i++ {
		pairs = append(pairs, string(u.chars[i:i+2]))
	}
	return `"` + strings.Join(pairs, " ") + `"`
}

func quoted(ws []string) []string {
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = `"` + strings.ToLower(w) + `"`
	}
	return out
}

func findPostgres(ctx context.Context, r db.Reader, q Query) ([]id.Key, error) {
	var parts []string
	b := db.Build(`/*engine*/ SELECT t.matter_id FROM texts t WHERE t.city_id = $1`)
	for _, t := range q.Terms {
		for _, u := range runs(t) {
			switch {
			case !u.han || len(u.chars) == 1:
				parts = append(parts, `'`+string(u.chars)+`':*`)
			default:
				for i := 0; i+1 < len(u.chars); i++ {
					parts = append(parts, `'`+string(u.chars[i:i+2])+`'`)
				}
			}
			if u.han && len(u.chars) > 2 {
				b.Add(` AND t.plain LIKE ? /*han*/`, "%"+string(u.chars)+"%")
			}
		}
	}
	for _, w := range q.Extra {
		parts = append(parts, `'`+strings.ToLower(w)+`'`)
	}
	if q.Scope != nil {
		var alt []string
		for _, w := range q.Scope {
			alt = append(alt, `'`+strings.ToLower(w)+`'`)
		}
		parts = append(parts, "("+strings.Join(alt, " | ")+")")
	}
	b.Add(` AND t.words @@ CAST(? AS tsquery)`, strings.Join(parts, " & "))
	b.If(q.After != "", ` AND t.matter_id < ?`, q.After)
	text, args := b.Add(` ORDER BY t.matter_id DESC LIMIT ?`, q.Limit).SQL()
	return db.Column[string](ctx, r, text, args...)
}

// Alike says how much two texts share, from 0 to 1: the pairs they have in common over all their pairs.
func Alike(a, b string) float64 {
	x, y := set(Words(Fold(a))), set(Words(Fold(b)))
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	both := 0
	for w := range x {
		if y[w] {
			both++
		}
	}
	return float64(both) / float64(len(x)+len(y)-both)
}

func set(ws []string) map[string]bool {
	m := make(map[string]bool, len(ws))
	for _, w := range ws {
		m[w] = true
	}
	return m
}
