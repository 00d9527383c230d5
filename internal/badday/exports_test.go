package badday

import (
	"bytes"
	"flag"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

var exporting = flag.Duration("exporting", 6*time.Second, "how long tables are taken out beside the crowd")

// TestExportsMeanwhile is T2: ten tables in three seconds are taken out beside a crowd that enters reports. What nobody
// changes has the same size each time; what grows has, in each table, everything that was acknowledged before it was asked
// for; nothing answers with an error, and PostgreSQL has no statement and no transaction left open afterwards.
func TestExportsMeanwhile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes tables out for some seconds")
	}
	t.Run("sqlite", func(t *testing.T) { exports(t, onFile(t, t.TempDir()), nil) })
	t.Run("postgres", func(t *testing.T) {
		p := newPG(t)
		p.start()
		exports(t, newDeployment(t, t.TempDir(), p.url(p.host())), p)
	})
}

func exports(t *testing.T, l *deployment, p *pgServer) {
	s := l.start()
	c := newCrowd(l, 6)
	var mu sync.Mutex
	size, taken := 0, 0
	table := func(still bool) {
		path := "/export?kind=clues&format=csv"
		if still {
			path = "/export?kind=divisions&format=csv"
		}
		c.mu.Lock()
		before := 0
		for _, e := range c.books {
			if e.accepted && (strings.Contains(e.title, " c0-") || strings.Contains(e.title, " c3-")) { // by those at the county's counter
				before++
			}
		}
		c.mu.Unlock()
		a, err := l.call(ctx, "supervision", http.MethodGet, path, "", nil)
		if err != nil || a.status != http.StatusOK {
			t.Errorf("%s: %d %v %.200s", path, a.status, err, a.body)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		taken++
		if rows := bytes.Count(a.body, []byte("\n")) - 1; !still && rows < before {
			t.Errorf("%d rows of %d that were there before", rows, before)
		}
		if still && size == 0 {
			size = len(a.body)
		}
		if still && len(a.body) != size {
			t.Errorf("%d bytes, and %d before", len(a.body), size)
		}
	}
	c.while(t, func() {
		var all sync.WaitGroup
		for began, n := time.Now(), 0; time.Since(began) < *exporting; n++ {
			all.Go(func() { table(n%2 == 0) })
			time.Sleep(300 * time.Millisecond)
		}
		all.Wait()
	})
	c.settle(10 * time.Second)
	t.Logf("%d tables; beside them %s", taken, c.said())
	if n := c.check(); n == 0 || taken < 10 {
		t.Errorf("%d reports, %d tables: nothing was tried", n, taken)
	}
	if p != nil {
		open, err := p.sql(`SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state <> 'idle' AND now() - xact_start > interval '2 seconds'`)
		must(t, err)
		if open > 0 {
			t.Errorf("%d statements or transactions are left open", open)
		}
	}
	s.stop()
	l.verify()
}
