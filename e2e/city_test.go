package e2e

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/account/accounthttp"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/clue"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// city is the small city of apptest, served with its real sign-in, and with a clock that journeys move.
type city struct {
	*apptest.World
	t   *testing.T
	url string
	now atomic.Pointer[time.Time]
}

// newCity serves a small city on SQLite in which everybody has an account under the name that tests call them by. More are
// people besides those of apptest: what tests call them, their name, post and unit.
func newCity(t *testing.T, more ...[4]string) *city {
	t.Helper()
	browser(t) // before any work: without one there is none
	d := dbtest.SQLite(t)
	c := &city{World: apptest.New(t, d), t: t}
	for _, p := range more {
		c.Hire(p[0], p[1], p[2], p[3])
	}
	c.day("2026-10-12")
	d.SetClock(func() time.Time { return *c.now.Load() })
	a := c.App.Accounts
	a.Policy = account.Demonstration()
	a.Policy.Cost = account.Cost{Memory: 64, Passes: 1, Lanes: 1}
	hash := a.Policy.Cost.Hash(account.DemoPassword)
	rows := map[id.City][]account.ReadyAccount{}
	for name, p := range c.Who {
		rows[p.City] = append(rows[p.City], account.ReadyAccount{Person: p.Person, Login: name, Hash: hash})
	}
	for tenant, list := range rows {
		_, err := c.App.Ledger.Write(apptest.Ctx, access.ByOperator(tenant), tenant, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "account.create", Organ: c.organ(tenant)}, account.CreateMany(apptest.Ctx, tx, list)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	srv := httptest.NewServer(c.App.Mux(accounthttp.Sessions{Accounts: a}, slog.New(slog.DiscardHandler), true).Handler())
	t.Cleanup(srv.Close)
	c.url = srv.URL
	return c
}

func (c *city) organ(tenant id.City) id.ID {
	if tenant == apptest.Province {
		return c.Units["province"].ID
	}
	return c.Units["city"].ID
}

// day moves the clock to nine o'clock on a day. Who is signed in longer than a session lasts signs in again.
func (c *city) day(d calendar.Date) {
	at := time.Date(d.Year(), time.Month(d.Month()), d.Day(), 9, 0, 0, 0, calendar.Zone)
	c.now.Store(&at)
}

// night lets everything fall due that has, in every tenant, as the workers do each hour.
func (c *city) night() {
	c.t.Helper()
	for _, tenant := range []id.City{apptest.City, apptest.Province} {
		if _, err := c.App.Clocks.Pass(apptest.Ctx, c.App.Ledger, tenant, c.App.DB.Today(), c.App.Engine.Effects()); err != nil {
			c.t.Fatal(err)
		}
	}
}

// found puts a clue into the county's pool that supervision found itself.
func (c *city) found(unit, title string) id.ID {
	c.t.Helper()
	e, err := c.App.Clues.Enter(apptest.Ctx, c.As("supervision"), clue.Entry{
		Subject: org.SubjectInput{Unit: c.Units[unit].ID.Key, Name: "吴某", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", PartyMember: true},
		Source:  "found", Received: c.App.DB.Today(), Title: title, Summary: "日常监督检查发现：管护费发放表与走访情况对不上，涉及三个村。", Discipline: "integrity"})
	if err != nil {
		c.t.Fatal(err)
	}
	return e.ID
}

// child is the one matter of a kind that came out of another.
func (c *city) child(parent id.ID, kind string) id.ID {
	c.t.Helper()
	ks, err := db.Column[string](apptest.Ctx, c.App.DB.In(parent.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.parent_id = $2 AND m.kind = $3`, parent.Key, kind)
	if err != nil || len(ks) != 1 {
		c.t.Fatalf("%d of kind %s came out of it: %v", len(ks), kind, err)
	}
	return id.ID{City: parent.City, Key: ks[0]}
}

// in expects a matter to be in a state.
func (c *city) in(m id.ID, state string) flow.Matter {
	c.t.Helper()
	x := c.Matter(m)
	if x.State != state {
		c.t.Fatalf("%s is %s, want %s", x.No, x.State, state)
	}
	return x
}

// seats are who signs the open proposal of a matter, step by step, by their names in tests.
func (c *city) seats(m id.ID) []string {
	c.t.Helper()
	ps, err := flow.Proposals(apptest.Ctx, c.App.DB.In(m.City), m.Key)
	if err != nil {
		c.t.Fatal(err)
	}
	var out []string
	for _, p := range ps {
		if p.State != "open" {
			continue
		}
		for _, s := range p.Steps[p.Step:] {
			switch {
			case s.Seat == access.Head && s.Unit == c.Units["county.office1"].ID:
				out = append(out, "head")
			case s.Seat == access.Head && s.Unit == c.Units["full"].ID:
				out = append(out, "secretary")
			case s.Seat == access.Deputy:
				out = append(out, "deputy")
			case s.Seat == access.Principal:
				out = append(out, "principal")
			case s.Seat == access.ReviewHead:
				out = append(out, "reviewhead")
			case strings.HasPrefix(s.Role, "record_"):
				out = append(out, "supervision")
			default:
				c.t.Fatalf("nobody is known to sign as %s (%s) in %s", s.Role, s.Seat, s.Unit)
			}
		}
	}
	return out
}
