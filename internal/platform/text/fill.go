package text

import (
	"sort"
	"strings"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Ready is a text for the index with the words of its scope, for what fills a whole database (package bench).
type Ready struct {
	Matter id.Key
	Plain  string // in the bare form that Put keeps
	Terms  []string
}

var (
	plainColumns = []string{"city_id", "matter_id", "plain"}
	wordsColumns = []string{"city_id", "matter_id", "plain", "words"}
	rowColumns   = []string{"city_id", "matter_id", "n"}
)

// Bare is the form of a text that is kept and searched.
func Bare(s string) string { return bare(s) }

// Fill writes texts of a tenant and their index as Put would, many at a time. They are sorted on the way: SQLite's index
// gathers words in memory only as long as rows come in order.
func Fill(f *db.Filler, engine db.Engine, city id.City, texts []Ready) error {
	sort.Slice(texts, func(i, j int) bool { return texts[i].Matter < texts[j].Matter })
	prev := int64(0)
	var b strings.Builder
	for _, t := range texts {
		words := append(Words(t.Plain), marked(t.Terms)...)
		if engine == db.Postgres {
			b.Reset()
			for _, w := range words {
				b.WriteString(`'` + w + `' `)
			}
			if err := f.Add("texts", wordsColumns, []any{int64(city), t.Matter, t.Plain, b.String()}); err != nil {
				return err
			}
			continue
		}
		n := max(place(t.Matter), prev+1)
		prev = n
		if err := f.Add("texts", plainColumns, []any{int64(city), t.Matter, t.Plain}); err != nil {
			return err
		}
		if err := f.Add("search_rows", rowColumns, []any{int64(city), t.Matter, n}); err != nil {
			return err
		}
		if err := f.Exec(`/*engine*/ INSERT INTO search_fts (rowid, body) VALUES (?, ?)`, n, strings.Join(words, " ")); err != nil {
			return err
		}
	}
	return nil
}

// Gather lets SQLite's index gather more in memory before it writes and merges, while much is filled in; false brings
// back what it does by itself (https://www.sqlite.org/fts5.html, "configuration options").
func Gather(f *db.Filler, engine db.Engine, much bool) error {
	if engine == db.Postgres {
		return nil
	}
	size, merge := 1<<20, 4
	if much {
		size, merge = 64<<20, 0
	}
	const set = `/*engine*/ INSERT INTO search_fts (search_fts, rank) VALUES (?, ?)`
	if err := f.Exec(set, "hashsize", int64(size)); err != nil {
		return err
	}
	return f.Exec(set, "automerge", int64(merge))
}
