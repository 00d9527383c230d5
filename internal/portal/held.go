package portal

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"sync"
	"time"

	"qianshao/internal/fault"
	"qianshao/internal/locale"
)

// A browser keeps what was sent to get the page it shows, on the device's disk, so that it can show it again when it is
// started anew: with everything somebody wrote, and the receipt. So no page is the answer to what was sent. It is held in
// memory under a name that says nothing, and the browser is sent there: what it keeps is that name, which means
// nothing after some minutes. Going back to it until then shows the page again, without sending anything twice.

const heldPath = "/p"

var (
	heldFor   = 10 * time.Minute
	maxHeld   = 32 << 20         // bytes of all pages
	heldLeast = 30 * time.Second // that a page is held at least: a browser has come for it by then
)

// answer is a page as it is sent.
type answer struct {
	code   int
	policy string
	body   []byte
}

type answers struct {
	mu    sync.Mutex
	byKey map[string]answer
	order []heldKey // oldest first
	size  int
	ended bool
}

type heldKey struct {
	key   string
	until time.Time
}

// hold keeps a page and returns its name. Where there is no room the oldest make some, which their browsers have fetched; "" when
// none of them is that old. A page is an answer again then, rather than lost: only while megabytes come in every second.
func (h *answers) hold(a answer, now time.Time) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clear(now)
	for len(h.order) > 0 && h.size+len(a.body) > maxHeld && !now.Before(h.order[0].until.Add(heldLeast-heldFor)) {
		h.drop(1)
	}
	if h.ended || h.size+len(a.body) > maxHeld {
		return ""
	}
	if h.byKey == nil {
		h.byKey = map[string]answer{}
	}
	key := rand.Text()
	h.byKey[key] = a
	h.order = append(h.order, heldKey{key, now.Add(heldFor)})
	h.size += len(a.body)
	return key
}

// stop has every page sent as it is from now on: nobody is there any more to ask for it.
func (h *answers) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
}

func (h *answers) get(key string, now time.Time) (answer, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clear(now)
	a, ok := h.byKey[key]
	return a, ok
}

func (h *answers) clear(now time.Time) {
	n := 0
	for n < len(h.order) && !now.Before(h.order[n].until) {
		n++
	}
	h.drop(n)
}

// drop forgets the n oldest.
func (h *answers) drop(n int) {
	for _, k := range h.order[:n] {
		h.size -= len(h.byKey[k.key].body)
		delete(h.byKey, k.key)
	}
	h.order = h.order[n:]
}

// see sends the browser to a page that is held; false when it is to be sent as it is.
func (c *call) see(a answer) bool {
	key := c.held.hold(a, time.Now())
	if key == "" {
		return false
	}
	q := url.Values{"n": {key}}
	if c.lang == locale.En {
		q.Set("lang", c.lang)
	}
	c.w.Header().Set("Location", heldPath+"?"+q.Encode())
	c.w.WriteHeader(http.StatusSeeOther)
	return true
}

// kept shows a page that is held.
func (c *call) kept() error {
	a, ok := c.held.get(c.r.URL.Query().Get("n"), time.Now())
	if !ok {
		return fault.New(fault.NotFound, "portal.held")
	}
	c.w.Header().Set("Content-Security-Policy", a.policy)
	return c.send(a.code, pageType, a.body)
}
