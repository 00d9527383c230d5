package text

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Put indexes the text of a matter, or indexes it anew. terms are the words of its scope.
func Put(ctx context.Context, tx *db.Tx, matter id.Key, terms []string, parts ...string) error {
	plain := bare(strings.Join(parts, " "))
	if _, err := tx.Exec(ctx, `INSERT INTO texts (city_id, matter_id, plain) VALUES ($1, $2, $3) ON CONFLICT (city_id, matter_id) DO UPDATE SET plain = $3`, matter, plain); err != nil {
		return err
	}
	return indexed(ctx, tx, matter, plain, terms)
}

// indexed brings the index up to a text now or, while a database is built, once for all that the group does to the matter, and
// in the order in which SQLite's index gathers words in memory.
func indexed(ctx context.Context, tx *db.Tx, matter id.Key, plain string, terms []string) error {
	if tx.Late(matter, func(tx *db.Tx) error { return index(ctx, tx, matter, plain, terms) }) {
		return nil
	}
	return index(ctx, tx, matter, plain, terms)
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
	return indexed(ctx, tx, matter, plain, terms)
}

// Rebuild makes a tenant's index anew from the texts it was made of: after a restore, which carries only those. terms
// gives the scope words of a batch of matters. What is derived from facts is no fact, so no act is owed for it. Others write
// between its batches, which are as large as somebody may wait for.
//
// SQLite merges what the batches leave by fours, which writes every text of a million again six times, and what was there
// before each time a tenth more of it has gone. Meanwhile it merges by twelves and leaves what was there alone; what is left
// to be merged then is Tend's.
//
// PostgreSQL writes only the texts whose words are no longer theirs: each that is written is some two hundred entries in
// its index, in as many places. The index itself is made anew by Renew.
//
// done, unless nil, is told of each batch how many texts it had.
func Rebuild(ctx context.Context, d *db.DB, city id.City, terms func(r db.Reader, matters []id.Key) (map[id.Key][]string, error), done func(texts int)) error {
	type entry struct{ matter, plain string }
	after, many := "", 500
	if d.Engine == db.Postgres {
		many = 100 // whoever works on one of them waits for the others
	}
	batch := func(tx *db.Tx) (more bool, err error) {
		es, err := db.All(ctx, tx, func(rows *db.Rows) (e entry, err error) { return e, rows.Scan(&e.matter, &e.plain) },
			`SELECT matter_id, plain FROM texts WHERE city_id = $1 AND matter_id > $2 ORDER BY matter_id LIMIT $3`, after, many)
		if err != nil || len(es) == 0 {
			return false, err
		}
		var keys []id.Key
		for _, e := range es {
			keys = append(keys, e.matter)
		}
		words, err := terms(tx, keys)
		if err != nil {
			return false, err
		}
		if tx.Engine() == db.Postgres {
			bodies := make([]string, len(es))
			for i, e := range es {
				bodies[i] = body(e.plain, words[e.matter])
			}
			if _, err := tx.Exec(ctx, reword, keys, bodies); err != nil {
				return false, err
			}
		} else {
			for _, e := range es {
				if err := index(ctx, tx, e.matter, e.plain, words[e.matter]); err != nil {
					return false, err
				}
			}
		}
		after = es[len(es)-1].matter
		if done != nil {
			done(len(es))
		}
		return true, nil
	}
	if d.Engine == db.Postgres {
		return repeat(ctx, d, city, batch)
	}
	return errors.Join(
		d.Write(ctx, city, merging(ctx, "automerge", 12, "crisismerge", 500, "deletemerge", 101)),
		repeat(ctx, d, city, batch),
		Prepare(ctx, d))
}

// turn is how long a rebuild keeps SQLite's writer before others get theirs.
const turn = 300 * time.Millisecond

// repeat writes step after step, each for itself, until there is nothing more.
func repeat(ctx context.Context, d *db.DB, city id.City, step func(*db.Tx) (bool, error)) error {
	began := time.Now()
	for more := true; more; {
		if d.Engine == db.SQLite && time.Since(began) > turn {
			time.Sleep(db.Breath)
			began = time.Now()
		}
		err := d.Write(ctx, city, func(tx *db.Tx) (err error) {
			more, err = step(tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func merging(ctx context.Context, pairs ...any) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if _, err := tx.SharedTx().Exec(ctx, setOption, pairs[i], pairs[i+1]); err != nil {
				return err
			}
		}
		return nil
	}
}

// merge merges some of SQLite's index, and says whether there was anything to merge: what it wrote are changes beside the
// one that the command itself is (https://www.sqlite.org/fts5.html, "the merge command").
func merge(ctx context.Context, tx *db.Tx, pages int) (more bool, err error) {
	var was, is int64
	s := tx.SharedTx()
	if err := s.Row(ctx, `/*engine*/ SELECT total_changes()`).Scan(&was); err != nil {
		return false, err
	}
	if _, err := s.Exec(ctx, setOption, "merge", pages); err != nil {
		return false, err
	}
	err = s.Row(ctx, `/*engine*/ SELECT total_changes()`).Scan(&is)
	return is-was > 1, err
}

// marked are words of the scope as they stand in the index.
func marked(ws []string) []string {
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = "_" + strings.ToLower(w)
	}
	return out
}

// reword gives texts the words that are not theirs yet.
const reword = `/*engine*/ UPDATE texts t SET words = array_to_tsvector(string_to_array(y.body, ' ')) FROM (SELECT unnest(CAST($2 AS TEXT[])) AS id, unnest(CAST($3 AS TEXT[])) AS body) y
	WHERE t.city_id = $1 AND t.matter_id = y.id AND COALESCE(t.words <> array_to_tsvector(string_to_array(y.body, ' ')), TRUE)`

// Renew makes PostgreSQL's index anew beside the one there is, which goes on answering meanwhile: for one that was damaged or has
// grown, after Rebuild of every tenant. SQLite's is made anew by Rebuild.
func Renew(ctx context.Context, d *db.DB) error {
	if d.Engine != db.Postgres {
		return nil
	}
	return d.Renew(ctx, "texts_words")
}

func body(plain string, terms []string) string {
	return strings.Join(append(Words(plain), marked(terms)...), " ")
}

func index(ctx context.Context, tx *db.Tx, matter id.Key, plain string, terms []string) error {
	body := body(plain, terms)
	if tx.Engine() == db.Postgres {
		_, err := tx.Exec(ctx, `/*engine*/ UPDATE texts SET words = array_to_tsvector(string_to_array($3, ' ')) WHERE city_id = $1 AND matter_id = $2`, matter, body)
		return err
	}
	n, fresh, err := numberOf(ctx, tx, matter)
	if err != nil {
		return err
	}
	if !fresh {
		if _, err := tx.SharedTx().Exec(ctx, `/*engine*/ DELETE FROM search_fts WHERE rowid = $1`, n); err != nil {
			return err
		}
	}
	_, err = tx.SharedTx().Exec(ctx, `/*engine*/ INSERT INTO search_fts (rowid, body) VALUES ($1, $2)`, n, body)
	return err
}

// numberOf is the number of a matter in SQLite's index, given to it now if it has none.
func numberOf(ctx context.Context, tx *db.Tx, matter id.Key) (n int64, fresh bool, err error) {
	err = tx.Row(ctx, `/*engine*/ SELECT n FROM search_rows WHERE city_id = $1 AND matter_id = $2`, matter).Scan(&n)
	if !errors.Is(err, db.ErrNoRows) {
		return n, false, err
	}
	for n = place(matter); ; n++ {
		did, err := tx.Exec(ctx, `/*engine*/ INSERT INTO search_rows (city_id, matter_id, n) VALUES ($1, $2, $3) ON CONFLICT (n) DO NOTHING`, matter, n)
		if err != nil || did == 1 {
			return n, true, err
		}
	}
}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// place is where a key stands among all keys: its milliseconds (until the year 2109) and the first 20 bits of its chance.
// Two keys of one place are made in one millisecond; which of them is listed first means nothing.
func place(k id.Key) int64 {
	ms := min(id.Micros(k)/1000, 1<<42-1)
	var chance [8]byte
	if id.ValidKey(k) {
		_, _ = crockford.Decode(chance[:], []byte(k[10:18])) // a valid key is in the alphabet
	}
	return ms<<20 | int64(binary.BigEndian.Uint64(chance[:])>>44)
}

// Query is a search: all of the terms, in texts that carry one of the scope words (nil: any).
type Query struct {
	Terms []string // from Parse
	Scope []string
	Extra []string // further scope words, all of which must be there: the kind of matter
	// Few says that the scope leaves few texts: PostgreSQL looks through those for a single character, instead of gathering
	// every text with a pair that begins with it.
	Few     bool
	Without []id.Key // matters that are none of the reader's
	Limit   int
	After   id.Key // this one and those newer were shown before
}

// Find lists the matters of some tenants whose text has all terms, newest first.
func Find(ctx context.Context, r db.Reader, engine db.Engine, cities []id.City, q Query) ([]id.ID, error) {
	if len(cities) == 0 || len(q.Terms) == 0 || q.Scope != nil && len(q.Scope) == 0 {
		return nil, nil
	}
	if engine == db.SQLite {
		return findSQLite(ctx, r, cities, q)
	}
	return findPostgres(ctx, r, cities, q)
}

// scanID reads a tenant and a key.
func scanID(rows *db.Rows) (x id.ID, err error) { return x, rows.Scan(&x.City, &x.Key) }

// findSQLite walks the one index of all tenants once, however many are asked for: a tenant with few hits, asked alone, is
// found by walking past those of all others.
func findSQLite(ctx context.Context, r db.Reader, cities []id.City, q Query) ([]id.ID, error) {
	var parts, whole []string
	for _, t := range q.Terms {
		rs := runs(t)
		for i, u := range rs {
			parts = append(parts, ftsRun(u, i == len(rs)-1))
		}
		if len(rs) > 1 {
			whole = append(whole, t)
		}
	}
	parts = append(parts, quoted(`"`, marked(q.Extra))...)
	if q.Scope != nil {
		parts = append(parts, "("+strings.Join(quoted(`"`, marked(q.Scope)), " OR ")+")")
	}
	// CROSS JOIN keeps the order of the tables: the index is walked, newest first, until there is enough.
	var b *db.Builder
	if len(cities) == 1 {
		b = db.Build(`/*engine*/ SELECT x.city_id, x.matter_id FROM search_fts f CROSS JOIN search_rows x ON x.n = f.rowid AND x.city_id = $1`)
	} else {
		b = db.BuildShared(`/*engine*/ SELECT x.city_id, x.matter_id FROM search_fts f CROSS JOIN search_rows x ON x.n = f.rowid CROSS JOIN tenants c ON c.city_id = x.city_id`)
	}
	b.If(whole != nil, ` CROSS JOIN texts t ON t.city_id = x.city_id AND t.matter_id = x.matter_id`)
	b.Add(` WHERE f.search_fts MATCH ?`, strings.Join(parts, " AND "))
	for _, t := range whole {
		b.Add(` AND INSTR(t.plain, ?) > 0`, t)
	}
	if len(cities) == 1 {
		b.If(q.After != "", ` AND f.rowid < COALESCE((SELECT y.n FROM search_rows y WHERE y.city_id = $1 AND y.matter_id = ?), ?)`, q.After, place(q.After))
	} else {
		b.Add(` AND `).Among(`c.city_id`, cities)
		if q.After != "" {
			b.Add(` AND f.rowid < COALESCE((SELECT y.n FROM tenants z CROSS JOIN search_rows y ON y.city_id = z.city_id WHERE y.matter_id = ?`, q.After)
			b.Add(` AND `).Among(`z.city_id`, cities).Add(` LIMIT 1), ?)`, place(q.After))
		}
	}
	if len(q.Without) > 0 {
		b.In(` AND NOT `, "x.matter_id", q.Without)
	}
	text, args := b.Add(` ORDER BY f.rowid DESC LIMIT ?`, q.Limit).SQL()
	if len(cities) == 1 {
		r = r.For(cities[0])
	} else {
		r = r.Shared()
	}
	return db.All(ctx, r, scanID, text, args...)
}

// ftsRun is a run as an FTS5 expression: its pairs as a phrase; a single character begins a pair or stands alone. A word
// may go on where the term ends.
func ftsRun(u run, last bool) string {
	switch {
	case u.han && len(u.chars) > 1:
		return `"` + strings.Join(pairs(u), " ") + `"`
	case u.han || last:
		return `"` + string(u.chars) + `" *`
	}
	return `"` + string(u.chars) + `"`
}

func pairs(u run) []string {
	var out []string
	for i := 0; i+1 < len(u.chars); i++ {
		out = append(out, string(u.chars[i:i+2]))
	}
	return out
}

func quoted(mark string, ws []string) []string {
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = mark + w + mark
	}
	return out
}

// findPostgres asks all tenants at once too: the planner knows how many texts have a word, and walks the newest of them all
// until there is enough, or takes the few that the column's index names.
func findPostgres(ctx context.Context, r db.Reader, cities []id.City, q Query) ([]id.ID, error) {
	var parts []string
	var b *db.Builder
	if len(cities) == 1 {
		r, b = r.For(cities[0]), db.Build(`/*engine*/ SELECT t.city_id, t.matter_id FROM texts t WHERE t.city_id = $1`)
	} else {
		r, b = r.Shared(), db.BuildShared(`/*engine*/ SELECT t.city_id, t.matter_id FROM tenants c CROSS JOIN texts t WHERE t.city_id = c.city_id AND `).Among(`c.city_id`, cities)
	}
	for _, t := range q.Terms {
		rs, alone := runs(t), false
		for i, u := range rs {
			switch {
			case u.han && len(u.chars) > 1:
				parts = append(parts, quoted(`'`, pairs(u))...)
			case u.han && q.Few:
				alone = true
			case u.han || i == len(rs)-1:
				parts = append(parts, `'`+string(u.chars)+`':*`)
			default:
				parts = append(parts, `'`+string(u.chars)+`'`)
			}
		}
		// The column knows which pairs there are, not that they follow one another.
		b.If(alone || len(rs) > 1 || rs[0].han && len(rs[0].chars) > 2, ` AND STRPOS(t.plain, ?) > 0`, t)
	}
	parts = append(parts, quoted(`'`, marked(q.Extra))...)
	if q.Scope != nil {
		parts = append(parts, "("+strings.Join(quoted(`'`, marked(q.Scope)), " | ")+")")
	}
	b.Add(` AND t.words @@ CAST(? AS tsquery)`, strings.Join(parts, " & "))
	b.If(q.After != "", ` AND t.matter_id < ?`, q.After)
	if len(q.Without) > 0 {
		b.In(` AND NOT `, "t.matter_id", q.Without)
	}
	text, args := b.Add(` ORDER BY t.matter_id DESC LIMIT ?`, q.Limit).SQL()
	return db.All(ctx, r, scanID, text, args...)
}
