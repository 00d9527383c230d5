package badday

import (
	"net/http"
	"sync"
	"testing"

	"qianshao/internal/platform/dbtest"
)

// TestSameTwentyTimes is T27: one entry sent twenty times at once is one row, and all twenty are told the same; another
// content under the same key is refused with 409 and stores nothing.
func TestSameTwentyTimes(t *testing.T) {
	same := func(t *testing.T, l *deployment) {
		l.start()
		c := newCrowd(l, 1)
		k := c.clerks[0]
		k.next(ctx)
		send := *k.now
		var mu sync.Mutex
		told := map[string]int{}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				a, err := l.call(ctx, k.who, http.MethodPost, send.path, send.key, send.body)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || a.status != http.StatusCreated {
					t.Errorf("%v %d %s", err, a.status, a.body)
				}
				told[string(a.body)]++
			})
		}
		wg.Wait()
		if len(told) != 1 {
			t.Errorf("told %v", told)
		}
		k.send(ctx)
		other := object{}
		for name, v := range send.body {
			other[name] = v
		}
		other["title"] = "反映别的事"
		a, err := l.call(ctx, k.who, http.MethodPost, send.path, send.key, other)
		must(t, err)
		if a.status != http.StatusConflict || a.field("code") != "request.key_reused" {
			t.Errorf("another content under the same key: %d %s", a.status, a.body)
		}
		if n := c.check(); n != 1 {
			t.Errorf("%d rows", n)
		}
	}
	t.Run("sqlite", func(t *testing.T) { same(t, onFile(t, t.TempDir())) })
	t.Run("postgres", func(t *testing.T) { same(t, newDeployment(t, t.TempDir(), dbtest.Address(t))) })
}
