package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/clue"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/text"
)

// cluesInBench is how many clues the pages are measured over.
const cluesInBench = 100_000

// BenchmarkPages measures over HTTP, in one run beside the bare statement on the same file: p95 of pages for every
// level, of a search and of a move. The figures are in docs/benchmarks.md.
func BenchmarkPages(b *testing.B) {
	for _, e := range []struct {
		name string
		open func(testing.TB) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}} {
		b.Run(e.name, func(b *testing.B) {
			w := apptest.New(b, e.open(b))
			pool := fillClues(b, w, cluesInBench)
			srv := w.Serve()
			for _, p := range []struct{ name, who, path string }{
				{"list/township", "secretary", "/clues"}, {"list/county", "supervision", "/clues"}, {"list/city", "cityoffice", "/clues"}, {"list/province", "province", "/clues"},
				{"list/county-late", "supervision", "/clues?view=late"}, {"desk/county", "supervision", "/"}, {"desk/township", "secretary", "/"},
				{"matter", "supervision", "/m/" + pool[0].String()}, {"search/2", "supervision", "/search?q=管护"}, {"search/rare", "supervision", "/search?q=99123"}, {"search/city", "cityoffice", "/search?q=管护"},
			} {
				b.Run(p.name, func(b *testing.B) {
					p95(b, func(int) {
						if code := get(b, srv, p.who, p.path); code != http.StatusOK {
							b.Fatalf("%s %s: %d", p.who, p.path, code)
						}
					})
				})
			}
			b.Run("bare/list-county", func(b *testing.B) {
				r := w.App.DB.In(apptest.City)
				p95(b, func(int) {
					_, err := db.Column[string](apptest.Ctx, r, `SELECT m.title FROM matters m WHERE m.city_id = $1 AND m.kind = 'clue' AND m.county_id = $2 ORDER BY m.received_on DESC, m.id DESC LIMIT 51`, w.Units["county"].ID.Key)
					if err != nil {
						b.Fatal(err)
					}
				})
			})
			next := 1
			b.Run("move", func(b *testing.B) {
				who := w.As("supervision")
				in := flow.Values{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}}
				p95(b, func(int) {
					m := pool[next]
					next++
					if _, err := w.App.Engine.Do(apptest.Ctx, who, m, 1, "hand_out", in); err != nil {
						b.Fatal(err)
					}
				})
			})
		})
	}
}

func get(b *testing.B, srv *httptest.Server, who, path string) int {
	b.Helper()
	req, err := http.NewRequest(http.MethodGet, srv.URL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "qs", Value: who})
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	var sink [32 << 10]byte
	for {
		if _, err := res.Body.Read(sink[:]); err != nil {
			return res.StatusCode
		}
	}
}

// p95 runs f b.N times and reports the 95th percentile in milliseconds.
func p95(b *testing.B, f func(i int)) {
	b.Helper()
	took := make([]time.Duration, 0, b.N)
	for i := range b.N {
		at := time.Now()
		f(i)
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100])/1e6, "p95-ms")
}

// fillClues writes clues straight into the tables, each like one of those made by the use case: its rows again under
// new keys, spread over three years and four registers' desks. It returns those that lie in the county's pool.
func fillClues(b *testing.B, w *apptest.World, n int) []id.ID {
	b.Helper()
	var like []id.ID
	for _, c := range []struct{ who, unit, to string }{{"supervision", "full", ""}, {"supervision", "full", "full"}, {"supervision", "headless", "county.office1"}, {"supervision", "single", "county.office2"}, {"othersupervision", "othertown", "othertown"}} {
		e, err := w.App.Clues.Enter(apptest.Ctx, w.As(c.who), clue.Entry{Subject: org.SubjectInput{Unit: w.Units[c.unit].ID.Key, Name: "吴某", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", PartyMember: true},
			Source: "found", Received: "2026-10-12", Title: "反映农业综合服务中心主任虚报管护费", Summary: "反映该主任虚报高标准农田管护费，数额不详。", Discipline: "integrity"})
		if err != nil {
			b.Fatal(err)
		}
		if c.to != "" {
			w.Do(c.who, e.ID, "hand_out", flow.Values{"target": {w.Units[c.to].ID.Key}, "back": {"no"}})
		}
		like = append(like, e.ID)
	}
	var pool []id.ID
	const group = 500
	for from := 0; from < n; from += group {
		err := w.App.DB.Write(apptest.Ctx, apptest.City, func(tx *db.Tx) error {
			for i := from; i < min(n, from+group); i++ {
				src := like[i%len(like)]
				key := tx.NewID()
				day := calendar.Date("2026-10-12").AddDays(-i % 1095)
				if i%len(like) == 0 {
					pool = append(pool, key)
				}
				if err := again(tx, src.Key, key.Key, day, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if w.App.DB.Engine == db.Postgres {
		if _, err := w.App.DB.Raw().Exec("ANALYZE"); err != nil {
			b.Fatal(err)
		}
	}
	return pool
}

// again writes one matter's rows once more.
func again(tx *db.Tx, src, key string, day calendar.Date, i int) error {
	for _, t := range []struct{ table, key, cols, vals string }{
		{"matters", "id", "kind, state, open, level, organ_city, organ_id, county_id, township_id, handler_city, handler_id, source, rank, subject, subject_post, due_on, flags", ""},
		{"clues", "id", "discipline, summary, disposal", ""},
		{"subjects", "matter_id", "n, official_id, person_id, name, unit_id, unit_text, post, rank, category, party_member, chief", ""},
	} {
		text := fmt.Sprintf("INSERT INTO %s (city_id, %s, %s) SELECT city_id, $2, %s FROM %s WHERE city_id = $1 AND %s = $3", t.table, t.key, t.cols, t.cols, t.table, t.key)
		args := []any{key, src}
		if t.table == "matters" {
			text = fmt.Sprintf(`INSERT INTO matters (city_id, id, %s, version, root_id, no, title, received_on, opened_on) SELECT city_id, $2, %s, 1, $2, $4, $5, $6, $6 FROM matters WHERE city_id = $1 AND id = $3`, t.cols, t.cols)
			args = append(args, fmt.Sprintf("测纪线〔2026〕%06d号", i), fmt.Sprintf("反映第%d件虚报管护费问题", i), day)
		}
		if _, err := tx.Exec(apptest.Ctx, text, args...); err != nil {
			return err
		}
	}
	cols := "root_id, rule, version, hash, length, unit, legal, provisional, owed_city, owed_id, owed_role, about, organ_city, organ_id, county_id, entries, ended_on"
	if _, err := tx.Exec(apptest.Ctx, fmt.Sprintf(`INSERT INTO clocks (city_id, id, matter_id, %s, start_on, due_on, state, fire_on) SELECT city_id, $6 || SUBSTR(id, 25), $2, %s, $4, $5, state, '' FROM clocks
		WHERE city_id = $1 AND matter_id = $3`, cols, cols), key, src, day, day.AddDays(400), key[:24]); err != nil {
		return err
	}
	if _, err := tx.Exec(apptest.Ctx, `INSERT INTO clock_entries (city_id, clock_id, n, kind, on_day, at, length, unit, to_on, reason) SELECT e.city_id, $2 || SUBSTR(e.clock_id, 25), e.n, e.kind, $4, e.at,
		e.length, e.unit, $5, e.reason FROM clock_entries e JOIN clocks c ON c.city_id = e.city_id AND c.id = e.clock_id WHERE c.city_id = $1 AND c.matter_id = $3`, key[:24], src, day, day.AddDays(400)); err != nil {
		return err
	}
	m := flow.Matter{ID: id.ID{City: apptest.City, Key: key}}
	if err := tx.Row(apptest.Ctx, `SELECT m.level, m.county_id, m.handler_city, m.handler_id FROM matters m WHERE m.city_id = $1 AND m.id = $2`, key).Scan(&m.Level, &m.County, &m.Handler.City, &m.Handler.Key); err != nil {
		return err
	}
	words := "反映该干部违规吃喝"
	if i%3 == 0 {
		words = "虚报高标准农田管护费"
	}
	return text.Put(apptest.Ctx, tx, key, flow.SearchTerms(&m), fmt.Sprintf("%s %05d", words, i))
}
