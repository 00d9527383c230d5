package portal

import (
	"net/http"
	"unicode/utf8"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// Whoever reports may ask the level above to watch whether they suffer for it, with the report or later with its receipt, and end
// it at any time. It is sealed to that level alone and goes under a name of its own, which nothing but the receipt leads to: the
// office that has the report does not learn of it.

// maxWatches is how many times one receipt may ask, one after the other.
const maxWatches = 12

// yes is what a box says that is ticked.
const yes = "yes"

// works is what is asked of somebody who wants to be watched over.
func (f *form) works() (bad []fault.Field) {
	for _, x := range []struct{ value, name string }{{f.Works, "works"}, {f.Office, "office"}} {
		if x.value == "" {
			bad = append(bad, fault.Field{Name: x.name, Code: "portal." + x.name})
		}
	}
	return bad
}

// watched says whether whoever filled in a form is to be watched over.
func (f *form) watched() bool { return f.Named == yes && f.Watch == yes }

// watcher is the level above the organ that reads a form, with nothing in it where there is none.
func (a *asked) watcher() envelope.Organ {
	o, _ := a.d.Organ(a.to.Above)
	return o
}

// plea is what is sealed of a form to the level above alone.
func (s *server) plea(f form, e envelope.Envelope) envelope.Plea {
	p := envelope.Plea{Name: f.Name, Contact: f.Contact, Unit: f.Works, Post: f.Office, Fear: f.Fear, Of: e.To, Day: e.Day}
	at := s.find.places(s.Directory())
	if m := at.find(f.Works); len(m.units) == 1 && !m.unsure {
		p.UnitID = at.d.Units[m.units[0]].ID
	}
	return p
}

// plead asks the level above, on disk when it returns, and keeps what is told of it first.
func (s *server) plead(x envelope.Secrets, ask envelope.Asked, p envelope.Plea, token string, to envelope.Organ) error {
	w, err := x.Plead(ask, p, token, to, s.today())
	if err != nil {
		return err
	}
	if _, err := s.Spool.PutWord(w); err != nil {
		return err
	}
	return s.tellFirst(ask, w.Suite, envelope.Status{Day: w.Day, Organ: to.Name, To: to.ID, Stage: "watch_sent"}, 1)
}

// tellFirst keeps what is told of what was asked until the work side says more.
func (s *server) tellFirst(ask envelope.Asked, suite string, st envelope.Status, n int64) error {
	_, public := ask.Reply().Pair(suite)
	p, err := envelope.Envelope{Name: ask.Name, Reply: public}.SealStatus(st, n)
	if err != nil {
		return err
	}
	return s.Spool.PutStatus(p)
}

// watch is how it stands with being watched over, as the holder of a receipt sees it.
type watch struct {
	asked asked          // what was typed, and what is wrong with it
	n     int            // how often it was asked for
	organ envelope.Organ // who would watch from here on; with nothing in it where nobody can
	ask   envelope.Asked // the last time
	st    envelope.Status
	told  int64 // the number of what was told last
	done  string
}

// on says whether it is asked for, and has not ended.
func (w watch) on() bool {
	return w.n > 0 && w.st.Stage != "watch_over" && w.st.Stage != "watch_stopping"
}

// again says whether it can be asked for.
func (w watch) again() bool {
	return w.organ.Key.Public != "" && w.n < maxWatches && (w.n == 0 || w.st.Stage == "watch_over")
}

// watch reads it.
func (s *server) watch(h held) (w watch, err error) {
	w.organ = s.organ(h.Above)
	w.asked.Token = envelope.NewToken()
	for n := 1; n <= maxWatches; n++ {
		ask := h.Secrets.Asked(n)
		p, ok, err := s.Spool.Status(ask.Name)
		if err != nil || !ok {
			return w, err
		}
		st, err := p.Open(ask.Reply())
		if err != nil {
			return w, err
		}
		w.n, w.ask, w.st, w.told = n, ask, st, p.N
	}
	return w, nil
}

// over asks the level above to watch over somebody with a receipt, or to do so no more.
func (s *server) over(c *call) error {
	get, err := c.values(maxFields)
	if err != nil {
		return err
	}
	h, err := s.told(c.r.Context(), get("receipt"))
	if fields := fault.Fields(err); len(fields) > 0 {
		return c.page(status(err), lookPage(c.view, c.T("fault."+fields[0].Code)))
	}
	if err != nil {
		return err
	}
	var f form
	for name, x := range f.fields() {
		*x.value = tidy(get(name))
	}
	f.mend()
	done, wrong := s.watchOver(h, f, get("do") == "end")
	b, err := s.box(h)
	if err != nil {
		return err
	}
	code := http.StatusOK
	if b.watch.done = done; wrong != nil {
		b.watch.asked.form, b.watch.asked.fields, code = f, fault.Fields(wrong), status(wrong)
		if len(b.watch.asked.fields) == 0 {
			b.watch.asked.busy = wrong
		}
	}
	return c.page(code, statusPage(c.view, h, b))
}

// watchOver does what a form asks and says what came of it.
func (s *server) watchOver(h held, f form, end bool) (done string, err error) {
	w, err := s.watch(h)
	if err != nil {
		return "", err
	}
	if end {
		if !w.on() {
			return "watch_ended", nil
		}
		word, err := h.Secrets.Withdraw(w.ask, f.Token, w.st.To, s.today())
		if err == nil {
			_, err = s.Spool.PutWord(word)
		}
		if err == nil {
			st := w.st
			st.Stage, st.Due = "watch_stopping", calendar.Date("")
			err = s.tellFirst(w.ask, seal.Of(w.organ.Key.Public), st, w.told+1)
		}
		return "watch_ended", err
	}
	if w.on() {
		return "watch_asked", nil
	}
	if !w.again() {
		return "", fault.New(fault.Unavailable, "portal.watch_nobody")
	}
	var bad []fault.Field
	if f.Name == "" {
		bad = append(bad, fault.Field{Name: "name", Code: "portal.name"})
	}
	if f.Contact == "" {
		bad = append(bad, fault.Field{Name: "contact", Code: "portal.contact"})
	}
	bad = append(bad, f.works()...)
	for _, name := range []string{"name", "contact", "works", "office", "fear"} {
		if x := f.fields()[name]; utf8.RuneCountInString(*x.value) > x.most {
			bad = append(bad, fault.Field{Name: name, Code: "portal.long"})
		}
	}
	if err := fault.InvalidFields(bad); err != nil {
		return "", err
	}
	p := s.plea(f, envelope.Envelope{To: h.To, Day: h.Day})
	return "watch_asked", s.plead(h.Secrets, h.Secrets.Asked(w.n+1), p, f.Token, w.organ)
}
