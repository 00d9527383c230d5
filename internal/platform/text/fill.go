package text

import (
	"strings"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Ready is a text for the index with the words of its scope, for what fills a whole database (package bench).
type Ready struct {
	Matter id.Key
	Plain  string // in the bare form that Put keeps
	Terms  []string
	words  string
}

// Cut cuts the text into its words, as the engine's index takes them.
func (t *Ready) Cut(engine db.Engine) {
	words := append(Words(t.Plain), marked(t.Terms)...)
	if engine == db.Postgres {
		t.words = "'" + strings.Join(words, "' '") + "'"
		return
	}
	t.words = strings.Join(words, " ")
}

var (
	plainColumns = []string{"city_id", "matter_id", "plain"}
	wordsColumns = []string{"city_id", "matter_id", "plain", "words"}
	rowColumns   = []string{"city_id", "matter_id", "n"}
)

// Bare is the form of a text that is kept and searched.
func Bare(s string) string { return bare(s) }

// Filling writes texts of a tenant and their index as Put would, many at a time. They come in the order of their matters:
// SQLite's index gathers words in memory only as long as they do. First all texts, then all of the index, which a statement of
// several rows to another table would make write what it has gathered.
type Filling struct {
	F               *db.Filler
	Engine          db.Engine
	City            id.City
	placed, indexed int64
}

// Texts writes texts; on PostgreSQL, where they are one row, with their words.
func (x *Filling) Texts(ts []Ready) error {
	for _, t := range ts {
		if x.Engine == db.Postgres {
			if err := x.F.Add("texts", wordsColumns, []any{int64(x.City), t.Matter, t.Plain, t.words}); err != nil {
				return err
			}
			continue
		}
		x.placed = max(place(t.Matter), x.placed+1)
		if err := x.F.Add("texts", plainColumns, []any{int64(x.City), t.Matter, t.Plain}); err != nil {
			return err
		}
		if err := x.F.Add("search_rows", rowColumns, []any{int64(x.City), t.Matter, x.placed}); err != nil {
			return err
		}
	}
	return nil
}

// Index writes the words of texts to SQLite's index, under the numbers that Texts has given them.
func (x *Filling) Index(ts []Ready) error {
	if err := x.F.Flush(); err != nil {
		return err
	}
	for _, t := range ts {
		x.indexed = max(place(t.Matter), x.indexed+1)
		if err := x.F.Exec(`/*engine*/ INSERT INTO search_fts (rowid, body) VALUES (?, ?)`, x.indexed, t.words); err != nil {
			return err
		}
	}
	return nil
}

// Gather lets SQLite's index gather much in memory before it writes, and merge nothing, while a database is filled. Settle
// ends that.
func (x *Filling) Gather() error {
	if x.Engine == db.Postgres {
		return nil
	}
	return x.set("hashsize", 64<<20, "automerge", 0, "crisismerge", 1999)
}

// Settle makes one of all that was written, and brings back what the index does by itself. Left to that, the first who
// enters something would merge it all in one go, while everybody waits.
func (x *Filling) Settle() error {
	if x.Engine == db.Postgres {
		return nil
	}
	if err := x.F.Exec(`/*engine*/ INSERT INTO search_fts (search_fts) VALUES (?)`, "optimize"); err != nil {
		return err
	}
	return x.set(append([]any{"hashsize", 1 << 20}, standing...)...)
}

// set sets options of the index (https://www.sqlite.org/fts5.html, "configuration options").
func (x *Filling) set(pairs ...any) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := x.F.Exec(setOption, pairs[i], int64(pairs[i+1].(int))); err != nil {
			return err
		}
	}
	return nil
}

const setOption = `/*engine*/ INSERT INTO search_fts (search_fts, rank) VALUES ($1, $2)`
