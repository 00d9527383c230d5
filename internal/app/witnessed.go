package app

import (
	"sync"
	"time"

	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/web"
)

// witnessedFor is how long an answer about a city's witnesses is good for: it stands at the foot of every page.
const witnessedFor = time.Minute

// witnessed remembers up to when a city's logs were countersigned.
type witnessed struct {
	mu     sync.Mutex
	cities map[id.City]countersigned
}

type countersigned struct {
	asked time.Time
	logs  map[id.Key]ledger.Seen
}

// foot says at the foot of a page who has witnessed the log of the reader's organ, and up to when; or that nobody has.
func (w *witnessed) foot(c *web.Ctx) string {
	if !c.SignedIn() {
		return c.T("page.unwitnessed")
	}
	organ := c.Who.Unit().OrganID()
	w.mu.Lock()
	have, ok := w.cities[organ.City]
	w.mu.Unlock()
	if now := time.Now(); !ok || now.Sub(have.asked) > witnessedFor {
		have = countersigned{asked: now, logs: map[id.Key]ledger.Seen{}}
		known, err := ledger.Witnesses(c.Context(), c.Mux.DB)
		if err != nil || len(known) == 0 {
			return w.keep(organ.City, have, c.T("page.unwitnessed"))
		}
		seen, err := ledger.Witnessed(c.Context(), c.Mux.DB.In(organ.City), known)
		if err != nil {
			return c.T("page.unwitnessed") // whatever ails the database, the page's own part will say
		}
		for _, s := range seen {
			if _, newer := have.logs[s.Log]; !newer {
				have.logs[s.Log] = s
			}
		}
		w.keep(organ.City, have, "")
	}
	s, ok := have.logs[organ.Key]
	if !ok {
		return c.T("page.unwitnessed")
	}
	return c.T("page.witnessed", s.Place, s.At.Format("2006-01-02 15:04"))
}

func (w *witnessed) keep(city id.City, x countersigned, text string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cities[city] = x
	return text
}
