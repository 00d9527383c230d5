package badday

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"
)

// back is how long the program may take to write again once its database is there.
const back = 10 * time.Second

// TestDatabaseDies is T17 and T23: under load, one after the other, the server is killed and restarted, its backends
// are ended, its connections fall silent, are cut, and a lock fills the pool. Each time whoever asks is told to come again, the
// program finds back by itself within ten seconds, and nothing is lost or doubled.
func TestDatabaseDies(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a database server and kills it")
	}
	p := newPG(t)
	l := newDeployment(t, t.TempDir(), p.url(p.host()))
	way := newProxy(t, p.host())
	direct := l.url
	l.url = p.url(way.l.Addr().String())
	s := l.start()
	c := newCrowd(l, 24) // more than there are connections for writing
	recover := func(t *testing.T) {
		t.Helper()
		before := c.registers()
		took := until(t, back, "a write taken again in every register", func() bool { return c.beyond(before) })
		t.Logf("writes taken again after %s", took.Round(time.Millisecond))
	}
	for _, x := range []struct {
		name string
		do   func(t *testing.T)
	}{
		{"killed", func(t *testing.T) {
			p.kill()
			_, busy := c.counts()
			until(t, back, "a clear refusal", func() bool { _, n := c.counts(); return n > busy+3 })
			a := l.get("intake", "/tipoffs")
			if a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), "暂时无法连接数据库") || !strings.Contains(string(a.body), "</html>") || a.header.Get("Retry-After") == "" {
				t.Errorf("a page meanwhile: %d %s", a.status, a.body)
			}
			if a := l.get("intake", "/readyz"); a.status != http.StatusServiceUnavailable || a.field("database") != "db.unavailable" {
				t.Errorf("readyz meanwhile: %d %s", a.status, a.body)
			}
			if a := l.get("intake", "/healthz"); a.status != http.StatusOK {
				t.Errorf("healthz meanwhile: %d", a.status)
			}
			p.start()
		}},
		{"restarted", func(t *testing.T) {
			if out, err := p.script("stop"); err != nil {
				t.Fatal(out)
			}
			p.start()
		}},
		{"backends ended", func(t *testing.T) {
			for range 5 {
				if _, err := p.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'qianshao'`); err != nil {
					t.Fatal(err)
				}
				time.Sleep(200 * time.Millisecond)
			}
		}},
		{"connections cut", func(*testing.T) { way.cut() }},
		{"connections silent", func(t *testing.T) {
			way.silence(true)
			time.Sleep(time.Second)
			begin := time.Now()
			a := l.get("intake", "/tipoffs")
			if took := time.Since(begin); a.status != http.StatusServiceUnavailable || took > back {
				t.Errorf("a page while nothing comes back: %d after %s", a.status, took)
			} else {
				t.Logf("a page while nothing comes back: %d after %s", a.status, took.Round(100*time.Millisecond))
			}
			way.silence(false)
		}},
		{"a lock fills the pool", func(t *testing.T) {
			d, err := sql.Open("pgx", direct)
			must(t, err)
			defer d.Close()
			tx, err := d.BeginTx(context.Background(), nil)
			must(t, err)
			_, err = tx.Exec(`LOCK TABLE logs IN ACCESS EXCLUSIVE MODE`)
			must(t, err)
			_, busy := c.counts()
			took := until(t, 15*time.Second, "a clear refusal", func() bool { _, n := c.counts(); return n > busy })
			t.Logf("refused after %s", took.Round(100*time.Millisecond))
			begin := time.Now()
			if a := l.get("intake", "/tipoffs"); a.status != http.StatusOK || time.Since(begin) > 3*time.Second {
				t.Errorf("reading while writes wait: %d after %s", a.status, time.Since(begin))
			}
			must(t, tx.Rollback())
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c.while(t, func() {
				n, _ := c.counts()
				until(t, back, "work begun", func() bool { m, _ := c.counts(); return m > n+3 })
				x.do(t)
				recover(t)
			})
			c.check()
		})
		if t.Failed() {
			t.Fatalf("%s\n%s", c.said(), s.log.end())
		}
	}
	c.settle(10 * time.Second)
	if n := c.check(); n != len(c.books) {
		t.Errorf("%d tip-offs are there, %d were acknowledged", n, len(c.books))
	}
	s.stop()
	l.verify()
	t.Log(c.said())
}
