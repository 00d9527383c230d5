package exchangehttp

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
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

const (
	mostRuns = 4         // under way at once: each holds a table in memory
	keptRun  = time.Hour // what one came to, for whoever began it to see
)

// run is an import that goes on whether somebody waits for it or not. A person has one at a time; what it came to is theirs to
// see once. Kept by this process alone: one that the process took with it is in the drafts as a begun one.
type run struct {
	x     pending
	fresh bool // the file was sent just now, to be looked at
	write bool // it was confirmed; else it is looked at alone
	ended chan struct{}

	mu    sync.Mutex
	stage string
	rows  int
	of    int

	// Once ended:
	rep  exchange.Report
	err  error
	over time.Time
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

// runs are the imports under way or not looked at yet, by person.
type runs struct {
	mu  sync.Mutex
	all map[id.ID]*run
}

func person(c *web.Ctx) id.ID { return id.ID{City: c.Who.City, Key: c.Who.Person} }

func (s *runs) of(c *web.Ctx) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[person(c)]
}

// seen forgets what somebody has been shown.
func (s *runs) seen(c *web.Ctx, r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[person(c)] == r {
		delete(s.all, person(c))
	}
}

// begin puts a run in the place of what the person looked at last. free is false while one of theirs is under way, or has written
// and they have not seen what came of it. As many as there may be are the fault import.crowd.
func (s *runs) begin(c *web.Ctx, r *run) (free bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for k, x := range s.all {
		switch {
		case x.under():
			n++
		case time.Since(x.over) > keptRun:
			delete(s.all, k)
		}
	}
	if was := s.all[person(c)]; was != nil && (was.under() || was.write) {
		return false, nil
	}
	if n >= mostRuns {
		return false, fault.New(fault.Conflict, "import.crowd")
	}
	if s.all == nil {
		s.all = map[id.ID]*run{}
	}
	s.all[person(c)] = r
	return true, nil
}

// do looks at what a file would do, or does it when it has been confirmed, and answers with the report; after a while with how far
// it is.
func (p *Pages) do(c *web.Ctx, r *run, b []byte) error {
	r.ended, r.stage = make(chan struct{}), "read"
	x := r.x
	r.x.Body = "" // held once
	free, err := p.runs.begin(c, r)
	switch {
	case r.fresh && err == nil && !free:
		err = fault.InvalidField("file", "import.busy")
		fallthrough
	case r.fresh && err != nil:
		return p.renderStart(c, web.Status(err), x.Kind, string(x.On), err)
	case err != nil:
		return err
	case !free:
		return c.Redirect("/import/running")
	}
	opt := exchange.Options{DryRun: !r.write, On: x.On, Lang: c.Lang, Progress: r.at}
	if r.write {
		g, err := begin(c, x)
		if err != nil {
			close(r.ended)
			p.runs.seen(c, r)
			return err
		}
		opt.Record = g.Record
	}
	ctx, who, d, log := context.WithoutCancel(c.Context()), c.Who, c.Mux.DB, c.Mux.Log
	go func() {
		defer close(r.ended)
		defer func() {
			if v := recover(); v != nil {
				r.err = fmt.Errorf("panic: %v", v)
			}
			if k := fault.KindOf(r.err); r.err != nil && (k == fault.Internal || k == fault.Unavailable) {
				log.LogAttrs(ctx, slog.LevelError, "import failed", slog.String("kind", x.Kind), slog.String("error", r.err.Error()))
			}
			r.over = time.Now()
		}()
		r.rep, r.err = p.Exchange.Import(ctx, who, x.Kind, bytes.NewReader(b), int64(len(b)), opt)
		switch {
		case r.err != nil:
		case r.fresh:
			r.err = keep(ctx, d, who, x)
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
	if c.Context().Err() == nil { // else nobody sees it
		defer p.runs.seen(c, r)
	}
	if r.err == nil {
		return p.renderReport(c, http.StatusOK, r.x, r.rep)
	}
	if k := fault.KindOf(r.err); !r.fresh || k == fault.Internal || k == fault.Unavailable || k == fault.Forbidden {
		return r.err
	}
	p.runs.seen(c, r)
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
	v := runningView{Frame: c.Frame(c.T("import.title")), Title: c.T("sheet.kind." + r.x.Kind), Line: r.x.Name, Rows: strconv.Itoa(rows), Writing: r.write}
	if of > 0 {
		v.Of = strconv.Itoa(of)
	}
	v.Say = c.T("import.stage."+stage, v.Rows, v.Of)
	c.W.Header().Set("Refresh", "2")
	return c.Render(http.StatusOK, runningPage(v))
}
