package exchangehttp

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/web"
)

// patience is how long somebody waits for an import before they are shown how far it is instead.
var patience = 2 * time.Second

// run is an import that goes on whether somebody waits for it or not. A person has one at a time; what it came to is theirs to
// see once. Kept by this process alone: one that the process took with it is in the drafts as a begun one.
type run struct {
	x      pending
	fresh  bool   // the file was sent just now, to be looked at
	record id.Key // what the acts of a confirmed one are known by; "": it is looked at alone
	ended  chan struct{}

	mu    sync.Mutex
	stage string
	rows  int
	of    int

	// Once ended:
	rep exchange.Report
	err error
}

func (r *run) at(stage string, rows, of int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stage, r.rows, r.of = stage, rows, of
}

func (r *run) under() bool {
	select {
	case <-r.ended:
		return false
	default:
		return true
	}
}

// runs are the imports under way, by person.
type runs struct {
	mu  sync.Mutex
	all map[id.ID]*run
}

func (s *runs) of(c *web.Ctx) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[id.ID{City: c.Who.City, Key: c.Who.Person}]
}

// seen forgets what somebody has been shown.
func (s *runs) seen(c *web.Ctx, r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := (id.ID{City: c.Who.City, Key: c.Who.Person}); s.all[k] == r {
		delete(s.all, k)
	}
}

// begin puts a run in place of the person's last one, and says whether it may: none is under way.
func (s *runs) begin(c *web.Ctx, r *run) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := id.ID{City: c.Who.City, Key: c.Who.Person}
	if was := s.all[k]; was != nil && was.under() {
		return false
	}
	if s.all == nil {
		s.all = map[id.ID]*run{}
	}
	s.all[k] = r
	return true
}

// do looks at what a file would do, or does it when it has been confirmed, and answers with the report; after a while with how
// far it is.
func (p *Pages) do(c *web.Ctx, r *run, b []byte) error {
	r.ended, r.stage = make(chan struct{}), "read"
	if !p.runs.begin(c, r) {
		return c.Redirect("/import/running")
	}
	ctx, who, d := context.WithoutCancel(c.Context()), c.Who, c.Mux.DB
	opt := exchange.Options{DryRun: r.record == "", On: r.x.On, Lang: c.Lang, Progress: r.at, Record: r.record}
	go func() {
		defer close(r.ended)
		r.rep, r.err = p.Exchange.Import(ctx, who, r.x.Kind, bytes.NewReader(b), int64(len(b)), opt)
		switch {
		case r.err != nil:
		case r.fresh:
			r.err = keep(ctx, d, who, r.x)
		case r.rep.Done:
			r.err = forget(ctx, d, who)
		}
	}()
	select {
	case <-r.ended:
		return p.end(c, r)
	case <-time.After(patience):
		return c.Redirect("/import/running")
	}
}

// end shows what a run came to.
func (p *Pages) end(c *web.Ctx, r *run) error {
	p.runs.seen(c, r)
	if r.err == nil {
		return p.renderReport(c, http.StatusOK, r.x, r.rep)
	}
	if k := fault.KindOf(r.err); !r.fresh || k == fault.Internal || k == fault.Unavailable || k == fault.Forbidden {
		return r.err
	}
	return p.renderStart(c, web.Status(r.err), r.x.Kind, string(r.x.On), r.err)
}

// running shows how far the person's import is, and what it came to.
func (p *Pages) running(c *web.Ctx) error {
	r := p.runs.of(c)
	switch {
	case r == nil:
		return c.Redirect("/import")
	case !r.under():
		return p.end(c, r)
	}
	r.mu.Lock()
	stage, rows, of := r.stage, r.rows, r.of
	r.mu.Unlock()
	v := runningView{Frame: c.Frame(c.T("import.title")), Title: c.T("sheet.kind." + r.x.Kind), Line: r.x.Name, Rows: strconv.Itoa(rows), Writing: r.record != ""}
	if of > 0 {
		v.Of = strconv.Itoa(of)
	}
	v.Say = c.T("import.stage."+stage, v.Rows, v.Of)
	c.W.Header().Set("Refresh", "2")
	return c.Render(http.StatusOK, runningPage(v))
}
