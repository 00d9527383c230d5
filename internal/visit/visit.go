// Package visit is the access log: which page of what was opened by whom, and when (D12). What is more than an ordinary
// opening (identities, originals, exports, prints, administrators' reads) is an act, and no business of this package.
//
// Invariants: a request only puts its visit into memory, without a statement; what waits there is bounded, the oldest
// gives way and is counted. A visit says the person, the pattern of the address, the thing and the instant: never what
// was searched for, never from where. It stands in the tenant of the thing, else in that of the person. It is no fact:
// no log covers it, and housekeeping forgets it after a time.
//
// Start at Log.Add and Of.
package visit

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Visit is one opening of a page.
type Visit struct {
	At     calendar.Instant
	Person id.ID
	Route  string // the address as a pattern: /m/{id}
	Thing  id.ID  // what the page is about; zero for a list

	n int64 // tells visits of one instant apart
}

// home is the tenant a visit stands in.
func (v Visit) home() id.City {
	if v.Thing.Zero() {
		return v.Person.City
	}
	return v.Thing.City
}

func (v Visit) row() []any {
	return []any{int64(v.At), v.n, int64(v.Person.City), v.Person.Key, v.Route, v.Thing.Key}
}

// mostWaiting is how many visits may wait in memory: some minutes of a busy city, a few megabytes.
const mostWaiting = 20_000

// Log takes visits in and writes them in batches.
type Log struct {
	db      *db.DB
	most    int
	dropped atomic.Int64

	flushing sync.Mutex // one batch at a time, so that none overtakes another
	mu       sync.Mutex // of what follows
	waiting  []Visit
	n        int64
}

// NewLog makes a log that writes into a database.
func NewLog(d *db.DB) *Log { return &Log{db: d, most: mostWaiting, n: rand.Int64N(1 << 62)} }

// Add takes a visit in. It never waits for the database.
func (l *Log) Add(v Visit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	v.n = l.n
	l.waiting = append(l.waiting, v)
	l.bound()
}

// bound lets the oldest go when too many wait.
func (l *Log) bound() {
	if over := len(l.waiting) - l.most; over > 0 {
		l.waiting = l.waiting[over:]
		l.dropped.Add(int64(over))
	}
}

// Dropped is how many visits gave way since the start because the database took none for too long.
func (l *Log) Dropped() int64 { return l.dropped.Load() }

// Flush writes what waits. What can't be written waits on.
func (l *Log) Flush(ctx context.Context) error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	l.mu.Lock()
	took := l.waiting
	l.waiting = nil
	l.mu.Unlock()
	homes := map[id.City][]Visit{}
	for _, v := range took {
		homes[v.home()] = append(homes[v.home()], v)
	}
	var failed []error
	var left []Visit
	for _, city := range slices.Sorted(maps.Keys(homes)) {
		if err := l.write(ctx, city, homes[city]); err != nil {
			failed, left = append(failed, err), append(left, homes[city]...)
		}
	}
	if len(left) > 0 {
		slices.SortStableFunc(left, func(a, b Visit) int { return int(a.At - b.At) })
		l.mu.Lock()
		defer l.mu.Unlock()
		l.waiting = append(left, l.waiting...)
		l.bound()
	}
	return errors.Join(failed...)
}

// atOnce is how many visits one statement writes.
const atOnce = 200

// write puts the visits of a tenant down. Doing so twice does no harm: a commit of which nobody knows whether it
// happened is simply made again.
func (l *Log) write(ctx context.Context, city id.City, vs []Visit) error {
	return l.db.Scratch(ctx, city, func(tx *db.Tx) error {
		for part := range slices.Chunk(vs, atOnce) {
			b := db.Build(`INSERT INTO access_log (city_id, at, n, person_city, person_id, route, thing) VALUES ($1, ?, ?, ?, ?, ?, ?)`, part[0].row()...)
			for _, v := range part[1:] {
				b.Add(`, ($1, ?, ?, ?, ?, ?, ?)`, v.row()...)
			}
			text, args := b.Add(` ON CONFLICT (city_id, at, n) DO NOTHING`).SQL()
			if _, err := tx.Exec(ctx, text, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// flushEvery is how long a visit waits at most before it is written, while all is well.
const flushEvery = 3 * time.Second

// Run writes what waits every few seconds until the context ends; trouble hears what went wrong. The last batch is the
// caller's, once no request is under way any more.
func (l *Log) Run(ctx context.Context, trouble func(error)) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := l.Flush(ctx); err != nil && ctx.Err() == nil {
				trouble(err)
			}
		}
	}
}

// Forget removes the visits of a tenant that are older than the age.
func Forget(ctx context.Context, d *db.DB, city id.City, age time.Duration) error {
	return d.Scratch(ctx, city, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM access_log WHERE city_id = $1 AND at < $2`, int64(tx.Now())-age.Microseconds())
		return err
	})
}

// Mark is a place in a list of visits, newest first; the zero Mark is its beginning.
type Mark struct{ At, N int64 }

// Mark is where the list goes on after a visit.
func (v Visit) Mark() Mark { return Mark{int64(v.At), v.n} }

// brackets are how the year of a number is set off, however it was typed.
var brackets = strings.NewReplacer("[", "〔", "]", "〕", "［", "〔", "］", "〕", "(", "〔", ")", "〕", "（", "〔", "）", "〕", "【", "〔", "】", "〕", " ", "", "　", "")

// Of lists who opened the matters with a number, newest first: their pages, what waits on them for a signature, and why
// their deadlines are what they are. Only matters in the registers of the organs count, and none that bars the reader.
func Of(ctx context.Context, r db.Reader, reader id.Key, organs []id.Key, no string, after Mark, limit int) ([]Visit, error) {
	b := db.Build(`SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.no = ? AND m.no <> '' AND m.organ_city = $1
		AND NOT EXISTS (SELECT 1 FROM bars x WHERE x.city_id = m.city_id AND x.root_id = m.root_id AND x.person_id = ?)
		AND NOT EXISTS (SELECT 1 FROM namesakes n WHERE n.city_id = m.city_id AND n.root_id = m.root_id AND n.person_id = ? AND n.state = 'open')`, brackets.Replace(no), reader, reader)
	text, args := b.In(" AND ", "m.organ_id", organs).SQL()
	matters, err := db.Column[string](ctx, r, text, args...)
	if err != nil || len(matters) == 0 {
		return nil, err
	}
	text, args = db.Build(`SELECT p.id FROM proposals p WHERE p.city_id = $1`).In(" AND ", "p.matter_id", matters).
		Add(` UNION ALL SELECT c.id FROM clocks c WHERE c.city_id = $1`).In(" AND ", "c.matter_id", matters).SQL()
	things, err := db.Column[string](ctx, r, text, args...)
	if err != nil {
		return nil, err
	}
	b = db.Build(`SELECT v.at, v.n, v.person_city, v.person_id, v.route, v.thing FROM access_log v WHERE v.city_id = $1 AND v.thing <> ''`).In(" AND ", "v.thing", append(matters, things...))
	b.If(after != Mark{}, ` AND (v.at, v.n) < (?, ?)`, after.At, after.N)
	text, args = b.Add(` ORDER BY v.at DESC, v.n DESC LIMIT ?`, limit).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (Visit, error) {
		v := Visit{Thing: id.ID{City: r.City()}}
		return v, rows.Scan(&v.At, &v.n, &v.Person.City, &v.Person.Key, &v.Route, &v.Thing.Key)
	}, text, args...)
}
