package bench

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"
)

// BenchmarkPage is the program's own part of pages that people open all day: the handler called with a session, without a
// network and a client around it. It runs over a generated database:
//
//	QIANSHAO_BENCH_DB=sqlite:tmp/bench/city-100000.db go test ./internal/bench -run '^$' -bench Page -benchtime 1000x
func BenchmarkPage(b *testing.B) {
	address := os.Getenv("QIANSHAO_BENCH_DB")
	if address == "" {
		b.Skip("QIANSHAO_BENCH_DB says over which database")
	}
	r, stop, err := start(context.Background(), RunOptions{DB: address})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			b.Error(err)
		}
	}()
	handler := r.mux.Handler()
	pages := []string{"/clues", "/clues?view=late", "/cases?view=all"}
	for _, m := range marked {
		pages = append(pages, "/search?q="+url.QueryEscape(m.Word))
	}
	for _, sc := range scopes {
		for _, path := range pages {
			b.Run(sc.name+path, func(b *testing.B) {
				b.ReportAllocs()
				used, least := processor(), time.Hour
				for b.Loop() {
					at := time.Now()
					req, err := http.NewRequest(http.MethodGet, path, nil)
					if err != nil {
						b.Fatal(err)
					}
					req.AddCookie(&http.Cookie{Name: "qs", Value: r.who[sc.login].token})
					req.Header.Set("Accept-Encoding", "gzip")
					w := &nowhere{header: http.Header{}, status: http.StatusOK}
					handler.ServeHTTP(w, req)
					if w.status != http.StatusOK {
						b.Fatal(w.status)
					}
					least = min(least, time.Since(at))
				}
				b.ReportMetric(float64(processor()-used)/1e3/float64(b.N), "cpu-µs/op")
				b.ReportMetric(float64(least)/1e3, "least-µs") // what it takes when nothing else runs: for a machine that is busy
			})
		}
	}
}

// nowhere takes an answer and throws it away.
type nowhere struct {
	header http.Header
	status int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) WriteHeader(code int)        { n.status = code }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
