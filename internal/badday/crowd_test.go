package badday

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

type object = map[string]any

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) field(name string) any {
	var o object
	_ = json.Unmarshal(a.body, &o) // no JSON has no fields
	return o[name]
}

var client = &http.Client{
	Timeout:       30 * time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 0},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// call asks the server as somebody. An API address gets the bearer's token, a page the browser's session.
func (l *deployment) call(ctx context.Context, who, method, path, key string, in any) (answer, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+l.listen+path, body)
	if err != nil {
		return answer{}, err
	}
	if strings.HasPrefix(path, "/api/") {
		req.Header.Set("Authorization", "Bearer "+l.who[who].bearer)
	} else {
		req.AddCookie(&http.Cookie{Name: "qs", Value: l.who[who].cookie})
	}
	req.Header.Set("Accept-Language", "zh-CN")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, b}, err
}

// get is call for a page or document that must come.
func (l *deployment) get(who, path string) answer {
	l.t.Helper()
	a, err := l.call(ctx, who, http.MethodGet, path, "", nil)
	must(l.t, err)
	return a
}

// step is one write, as it is sent until it is answered.
type step struct {
	path, key string
	body      object
}

// entry is a tip-off in a clerk's books.
type entry struct {
	title    string
	id       id.ID
	accepted bool
}

// clerk enters tip-offs and accepts some of them, one write after another.
type clerk struct {
	c     *crowd
	who   string
	name  string
	n     int
	now   *step // sent and not answered, or to be sent next
	what  entry // what it is about
	tried bool
	pick  *rand.Rand
}

// crowd is clerks at work, and their books.
type crowd struct {
	l      *deployment
	clerks []*clerk

	mu       sync.Mutex
	books    []entry
	took     []time.Duration // of acknowledged writes, since the last reset
	reads    []time.Duration
	by       map[string]int // acknowledged writes by register
	last     time.Time      // when a write was last acknowledged
	gap      time.Duration  // the longest time between two
	busy     int            // answers that asked to come again later
	replayed int            // writes acknowledged after they had been sent more than once
	odd      []string       // answers nobody should get
}

// newCrowd is so many clerks, at three registers.
func newCrowd(l *deployment, n int) *crowd {
	c := &crowd{l: l, by: map[string]int{}}
	for i := range n {
		who := []string{"intake", "otherintake", "cityintake"}[i%3]
		c.clerks = append(c.clerks, &clerk{c: c, who: who, name: fmt.Sprintf("c%d", i), pick: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(i)))})
	}
	return c
}

// work lets everybody work until the context ends.
func (c *crowd) work(ctx context.Context) {
	c.mu.Lock()
	c.last, c.gap = time.Now(), 0
	c.mu.Unlock()
	var wg sync.WaitGroup
	for _, k := range c.clerks {
		wg.Go(func() {
			for ctx.Err() == nil {
				k.turn(ctx)
			}
		})
	}
	wg.Wait()
	c.mu.Lock()
	c.gap = max(c.gap, time.Since(c.last))
	c.mu.Unlock()
}

// workFor lets everybody work for a time.
func (c *crowd) workFor(d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	c.work(ctx)
}

// settle sends what is unanswered until it is answered.
func (c *crowd) settle(within time.Duration) {
	c.l.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var wg sync.WaitGroup
	for _, k := range c.clerks {
		wg.Go(func() {
			for k.now != nil && ctx.Err() == nil {
				k.send(ctx)
			}
		})
	}
	wg.Wait()
	for _, k := range c.clerks {
		if k.now != nil {
			c.l.t.Errorf("%s: %s was not answered within %s", k.name, k.now.key, within)
		}
	}
}

// turn is one thing a clerk does: a write, or now and then a look.
func (k *clerk) turn(ctx context.Context) {
	if k.now == nil && k.n%5 == 4 {
		path := []string{"/", "/tipoffs", "/api/v1/tipoffs", "/api/v1/desk"}[k.pick.IntN(4)]
		begin := time.Now()
		a, err := k.c.l.call(ctx, k.who, http.MethodGet, path, "", nil)
		k.c.looked(path, a, err, time.Since(begin))
		k.n++
		return
	}
	if k.now == nil {
		k.next(ctx)
	}
	if k.now != nil {
		k.send(ctx)
	}
}

func (c *crowd) looked(path string, a answer, err error, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
	case a.status == http.StatusOK:
		c.reads = append(c.reads, took)
	case a.status == http.StatusServiceUnavailable:
		c.busy++
	default:
		c.odd = append(c.odd, fmt.Sprintf("GET %s: %d %s", path, a.status, a.body[:min(len(a.body), 300)]))
	}
}

// next thinks of the next write: to accept what was just entered, or to enter another.
func (k *clerk) next(ctx context.Context) {
	if k.what.title != "" && !k.what.accepted && k.pick.IntN(2) == 0 {
		path := "/api/v1/tipoffs/" + k.what.id.String()
		a, err := k.c.l.call(ctx, k.who, http.MethodGet, path+"/moves", "", nil)
		if err != nil || a.status != http.StatusOK {
			k.c.looked(path, a, err, 0)
			k.rest(ctx)
			return
		}
		k.n++
		k.now = &step{path + "/moves", fmt.Sprintf("%s-%d", k.name, k.n), object{"version": a.field("version"), "move": "accept", "fields": object{}}}
		return
	}
	k.n++
	k.what = entry{title: fmt.Sprintf("反映虚报管护费 %s-%d", k.name, k.n)}
	unit := k.c.l.units[map[string]string{"intake": "full", "otherintake": "othertown", "cityintake": "full"}[k.who]]
	rank := "staff"
	if k.who == "cityintake" {
		rank = "county" // managed by the city
	}
	k.now = &step{"/api/v1/tipoffs", fmt.Sprintf("%s-%d", k.name, k.n), object{
		"subject": object{"unit": unit.String(), "name": "吴某", "post": "农业综合服务中心主任", "rank": rank, "party_member": true},
		"channel": "letter", "received": today(), "named": true, "reporter": object{"name": "赵六", "contact": "13900000000"},
		"original": "来信原文", "title": k.what.title, "summary": "来信反映虚报管护费，数额不详。", "discipline": "integrity"}}
}

func today() string { return time.Now().In(time.FixedZone("CST", 8*3600)).Format("2006-01-02") }

// rest is a moment before somebody tries again.
func (k *clerk) rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(50 * time.Millisecond):
	}
}

// send sends the write at hand. What is answered is put into the books; what is not stays at hand.
func (k *clerk) send(ctx context.Context) {
	begin := time.Now()
	again := k.tried
	k.tried = true
	a, err := k.c.l.call(ctx, k.who, http.MethodPost, k.now.path, k.now.key, k.now.body)
	if err != nil {
		k.rest(ctx)
		return
	}
	c := k.c
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case a.status == http.StatusServiceUnavailable:
		c.busy++
		if a.header.Get("Retry-After") == "" {
			c.odd = append(c.odd, "503 without Retry-After")
		}
		c.mu.Unlock()
		k.rest(ctx)
		c.mu.Lock()
	case a.status == http.StatusCreated || a.status == http.StatusOK:
		now := time.Now()
		c.gap = max(c.gap, now.Sub(c.last))
		c.last = now
		c.took = append(c.took, now.Sub(begin))
		c.by[k.who]++
		if again {
			c.replayed++
		}
		if a.status == http.StatusCreated {
			s, _ := a.field("id").(string)
			x, err := id.Parse(s)
			if err != nil {
				c.odd = append(c.odd, "entered without an id: "+string(a.body))
			}
			k.what.id = x
			c.books = append(c.books, k.what)
		} else {
			k.what.accepted = true
			i := slices.IndexFunc(c.books, func(e entry) bool { return e.title == k.what.title })
			c.books[i].accepted = true
		}
		k.now, k.tried = nil, false
	default:
		c.odd = append(c.odd, fmt.Sprintf("POST %s: %d %s", k.now.path, a.status, a.body[:min(len(a.body), 300)]))
		k.now, k.tried = nil, false
		k.what = entry{}
	}
}

// check holds the books against the database: everything acknowledged is there, nothing is there twice, nothing is half
// there. It says how many tip-offs there are.
func (c *crowd) check() int {
	t := c.l.t
	t.Helper()
	c.mu.Lock()
	books, odd := slices.Clone(c.books), c.odd
	c.odd = nil
	c.mu.Unlock()
	for _, o := range odd {
		t.Errorf("answered: %s", o)
	}
	d, err := db.Open(ctx, c.l.url, db.Options{})
	must(t, err)
	defer d.Close()
	type row struct {
		id, title, state string
		entered, taken   int
		clues            int
	}
	rows, err := db.All(ctx, d.In(apptest.City), func(r *db.Rows) (x row, err error) {
		return x, r.Scan(&x.id, &x.title, &x.state, &x.entered, &x.taken, &x.clues)
	}, `SELECT m.id, m.title, m.state, (SELECT COUNT(a.seq) FROM acts a WHERE a.city_id = $1 AND a.matter_id = m.id AND a.action = 'tipoff.enter'),
		(SELECT COUNT(a.seq) FROM acts a WHERE a.city_id = $1 AND a.matter_id = m.id AND a.action = 'tipoff.accept'),
		(SELECT COUNT(x.id) FROM matters x WHERE x.city_id = $1 AND x.parent_id = m.id AND x.kind = 'clue') FROM matters m WHERE m.city_id = $1 AND m.kind = 'tipoff'`)
	must(t, err)
	seen := map[string]row{}
	for _, x := range rows {
		if _, twice := seen[x.title]; twice {
			t.Errorf("%s is there twice", x.title)
		}
		seen[x.title] = x
		taken := 0
		if x.state != "received" {
			taken = 1
		}
		if x.entered != 1 || x.taken != taken || x.clues != taken {
			t.Errorf("%s is %s with %d entries, %d acceptances, %d clues", x.title, x.state, x.entered, x.taken, x.clues)
		}
	}
	for _, e := range books {
		x, ok := seen[e.title]
		switch {
		case !ok:
			t.Errorf("%s was acknowledged and is lost", e.title)
		case e.id.Key != x.id:
			t.Errorf("%s was acknowledged as %s and is %s", e.title, e.id, x.id)
		case e.accepted && x.state == "received":
			t.Errorf("%s: its acceptance was acknowledged and is lost", e.title)
		}
	}
	return len(rows)
}

// quantile of durations, which it sorts.
func quantile(ds []time.Duration, q float64) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	return ds[min(len(ds)-1, int(q*float64(len(ds))))]
}

// said is the crowd's day in a line.
func (c *crowd) said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	took := slices.Clone(c.took)
	return fmt.Sprintf("%d writes acknowledged, %d of them only when sent again, %d answers to come later, p50 %s p95 %s, longest gap %s",
		len(c.took), c.replayed, c.busy, quantile(took, .5).Round(100*time.Microsecond), quantile(took, .95).Round(100*time.Microsecond), c.gap.Round(time.Millisecond))
}

// while runs fn beside the crowd at work and lets the crowd go when it is done.
func (c *crowd) while(t testing.TB, fn func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.work(ctx)
	}()
	defer func() {
		cancel()
		<-done
	}()
	fn()
}
