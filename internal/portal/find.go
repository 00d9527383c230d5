package portal

import (
	"net/http"
	"slices"

	"qianshao/internal/id"
)

// A unit is also found by walking from the city down. Each step is sent as a form, with all that was typed, and nothing of it
// stands in an address: that somebody looked at this one village is in no history, and in no log of a proxy, and whoever is
// asked for the form again by the browser's history gets none of it. Files are not sent with a step.

// finding is a place on the way, with the form that is being filled in.
type finding struct {
	form
	id, name string // the unit whose units are listed, "" for the highest
	in       string // what it lies in
	up       string // the unit above, by its id
	list     []step
	rest     int // how many are not listed
}

// step is a unit to go to, or to choose where nothing lies in it.
type step struct {
	id, name string
	more     bool
}

// maxListed is how many units of one place are listed: a page stays small.
const maxListed = 200

// findUnit shows what lies in a place, or the form with the place that was picked.
func (s *server) findUnit(c *call) error {
	var f form
	var at, pick, back string
	fields := f.fields()
	fields["at"], fields["pick"], fields["back"] = field{&at, 100}, field{&pick, 100}, field{&back, 10}
	_, err := c.read(fields)
	c.drain()
	if err != nil {
		return err
	}
	f.mend()
	p := s.find.places(s.Directory())
	if i, ok := p.unit(pick); ok && back == "" {
		f.Unit, f.UnitID, f.Organ = p.where(i)+p.d.Units[i].Name, "", ""
		a := s.judge(f)
		a.fields = nil // nothing was handed in
		return c.form(http.StatusOK, a)
	}
	if back != "" {
		return c.form(http.StatusOK, s.ask(f))
	}
	i, ok := p.unit(at)
	if !ok {
		i = p.start(f.Unit)
	}
	return c.page(http.StatusOK, findPage(c.view, p.step(f, i)))
}

// unit is one by its id.
func (p *places) unit(key string) (int, bool) {
	k, err := id.Parse(key)
	if err != nil {
		return 0, false
	}
	i, ok := p.at[k]
	return i, ok
}

// start is where a walk begins: at what was typed if that is one place in which something lies, else as high as there is a
// choice.
func (p *places) start(typed string) int {
	if m := p.find(typed); len(m.units) == 1 && !m.unsure && len(p.kids[m.units[0]]) > 0 {
		return m.units[0]
	}
	at := -1
	for range deepest {
		if len(p.kids[at]) != 1 || len(p.kids[p.kids[at][0]]) == 0 {
			break
		}
		at = p.kids[at][0]
	}
	return at
}

// step is what there is to choose from at a place.
func (p *places) step(f form, at int) finding {
	out := finding{form: f}
	if at >= 0 {
		out.id, out.name, out.in = p.d.Units[at].ID.String(), p.d.Units[at].Name, p.where(at)
		for up := range p.above(at) {
			out.up = p.d.Units[up].ID.String()
			break
		}
	}
	kids := p.kids[at]
	out.rest = max(len(kids)-maxListed, 0)
	for _, k := range kids[:len(kids)-out.rest] {
		out.list = append(out.list, step{p.d.Units[k].ID.String(), p.d.Units[k].Name, len(p.kids[k]) > 0})
	}
	return out
}

// carried are a form's fields that go along on the way: what was typed, but for what the choice of a place decides.
func (f *finding) carried() (out []carried) {
	for name, x := range f.form.fields() {
		if name != "unit_id" && name != "organ" && *x.value != "" {
			out = append(out, carried{name, *x.value})
		}
	}
	slices.SortFunc(out, func(a, b carried) int { return slices.Index(shown, a.name) - slices.Index(shown, b.name) })
	return out
}

type carried struct{ name, value string }
