package badday

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"qianshao/internal/platform/dbtest"
)

var kills = flag.Int("kills", 20, "how often the program is killed on SQLite; on PostgreSQL a quarter of it")

// TestKilled is T16: the program is killed at random points under load and started again. Nothing that was acknowledged
// is lost or there twice, the log verifies, and it is back within five seconds.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program twenty times")
	}
	t.Run("sqlite", func(t *testing.T) { killed(t, onFile(t, t.TempDir()), *kills) })
	t.Run("postgres", func(t *testing.T) {
		killed(t, newDeployment(t, t.TempDir(), dbtest.Address(t)), (*kills+3)/4)
	})
}

func killed(t *testing.T, l *deployment, times int) {
	c := newCrowd(l, 9)
	chance := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
	slowest := time.Duration(0)
	for i := range times {
		s := l.start()
		slowest = max(slowest, s.took)
		go func(after time.Duration) {
			time.Sleep(after)
			s.kill()
		}(time.Duration(50+chance.IntN(1200)) * time.Millisecond)
		c.while(t, func() { <-s.gone })
		if i%5 == 4 {
			c.check()
			l.verify()
		}
		if t.Failed() {
			t.Fatalf("after kill %d", i+1)
		}
	}
	s := l.start()
	slowest = max(slowest, s.took)
	c.settle(10 * time.Second)
	n := c.check()
	if c.replayed == 0 && times >= 5 {
		t.Error("no kill came between a write and its answer")
	}
	if n != len(c.books) {
		t.Errorf("%d tip-offs are there, %d were acknowledged", n, len(c.books))
	}
	s.stop()
	l.verify()
	t.Logf("%d kills: %s; slowest start %s", times, c.said(), slowest.Round(time.Millisecond))
}
