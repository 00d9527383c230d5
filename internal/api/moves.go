package api

import (
	"encoding/json"
	"net/http"
	"sort"

	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
)

// moves answers what may happen next to a matter, as it stands for the caller.
func (a *API) moves(kind string) web.Handler {
	return func(c *web.Ctx) error {
		m, err := seen(c, kind)
		if err != nil {
			return err
		}
		r := c.In(m.ID)
		offers, err := a.Engine.Offers(c.Context(), r, c.Who, m, c.Today)
		if err != nil {
			return err
		}
		w := a.Pages.Words(c)
		if err := w.LoadDossier(r, &flow.Dossier{Matter: m}, offers, nil); err != nil {
			return err
		}
		out := moveList{ID: m.ID, Kind: m.Kind, State: m.State, StateName: c.T("state." + m.Kind + "." + m.State), Version: m.Version, Moves: []move{}}
		chosen := map[string][]flow.Option{}
		for _, o := range offers {
			x, err := a.offered(c, w, r, m, o, chosen)
			if err != nil {
				return err
			}
			out.Moves = append(out.Moves, x)
		}
		return c.JSON(http.StatusOK, out)
	}
}

// offered describes one move. chosen keeps what sources of persons and units have answered already: several fields, and
// several moves, choose from the same ones.
func (a *API) offered(c *web.Ctx, w *flowhttp.Words, r db.Reader, m flow.Matter, o flow.Offer, chosen map[string][]flow.Option) (move, error) {
	key := "move." + m.Kind + "." + o.Move.Name
	x := move{Move: o.Move.Name, Name: c.T(key), What: c.T(key + ".what"), Open: o.Open, Basis: w.Basis(o.Move.Basis)}
	if !o.Open {
		x.Code, x.Why = o.Why, c.T("fault."+o.Why, o.Args...)
		return x, nil
	}
	fields, err := a.Engine.Asked(c.Context(), r, &m, o.Fields)
	if err != nil {
		return x, err
	}
	if x.Fields, err = a.fields(c, w, r, m, o.Move.Name, fields, chosen); err != nil {
		return x, err
	}
	x.Approval = approvalOf(c, w, o.Chain, o.Case, o.Steps, o.Alone)
	for _, t := range o.Starts {
		x.Starts = append(x.Starts, timer{t.ID, t.Name.In(c.Lang), t.Length, string(t.Unit)})
	}
	return x, nil
}

// fields describes what a move asks for.
func (a *API) fields(c *web.Ctx, w *flowhttp.Words, r db.Reader, m flow.Matter, name string, fields []flow.Field, chosen map[string][]flow.Option) ([]field, error) {
	var out []field
	for _, f := range fields {
		y := field{Name: f.Name, Kind: string(f.Kind), Must: f.Must, Min: f.Min, Max: f.Max, Since: f.Since, Future: f.Future}
		y.Label, y.Help = w.Label(m.Kind, name, f.Name)
		if f.When != nil {
			y.When = &when{f.When.Field, append([]string{}, f.When.In...)}
		}
		var err error
		if y.Choices, err = a.choices(c, w, r, m, f, chosen); err != nil {
			return nil, err
		}
		out = append(out, y)
	}
	return out, nil
}

// approvalOf is the approval that a move would take today, nil when it needs none.
func approvalOf(c *web.Ctx, w *flowhttp.Words, ch rulebook.Chain, k rulebook.Case, steps []flow.Step, alone bool) *chain {
	if len(steps) == 0 {
		return nil
	}
	x := &chain{Rule: ch.ID, Why: k.Why.In(c.Lang), Alone: alone}
	for _, s := range steps {
		x.Signers = append(x.Signers, signer{Role: s.Role, Seat: w.Seat(s.Unit.Key, s.Seat), Unit: s.Unit, Moved: movedText(c, s)})
	}
	return x
}

func (a *API) choices(c *web.Ctx, w *flowhttp.Words, r db.Reader, m flow.Matter, f flow.Field, chosen map[string][]flow.Option) ([]choice, error) {
	switch f.Kind {
	case flow.Line, flow.Para, flow.Day, flow.Count:
		return nil, nil
	}
	opts, ok := chosen[f.Of]
	if f.Of == "" || !ok {
		var err error
		if opts, err = a.Engine.Options(c.Context(), r, c.Who, &m, f, c.Today); err != nil {
			return nil, err
		}
		if f.Of != "" {
			chosen[f.Of] = opts
		}
	}
	var out []choice
	for _, o := range opts {
		x := choice{Code: o.Code}
		x.Name, x.Note = w.Option(f, o)
		out = append(out, x)
	}
	return out, nil
}

// target is the matter that a write is about.
type target struct {
	id     id.ID
	m      flow.Matter
	hidden error // set when the caller sees no such matter
}

// or is the error to answer: what is not seen reads as absent, whatever else is wrong with the request.
func (x target) or(err error) error {
	if x.hidden != nil {
		return x.hidden
	}
	return err
}

// sought finds the matter of the address. Only one that is seen and of another kind ends here. One that is not seen may
// be one that this very request took out of sight when it came first: the use case knows its answer.
func sought(c *web.Ctx, kind string) (target, error) {
	key, err := c.ID("id")
	if err != nil {
		return target{}, err
	}
	x := target{id: key}
	x.m, err = flow.Get(c.Context(), c.In(key), c.Who, key.Key)
	switch {
	case err == nil && x.m.Kind != kind:
		return x, fault.Hidden()
	case fault.KindOf(err) == fault.NotFound:
		x.hidden = err
		return x, nil
	}
	return x, err
}

// seen is the matter of the address, for a read.
func seen(c *web.Ctx, kind string) (flow.Matter, error) {
	x, err := sought(c, kind)
	if err == nil {
		err = x.hidden
	}
	return x.m, err
}

// move makes a move, or proposes it where it needs approval.
func (a *API) move(kind string) web.Handler {
	return func(c *web.Ctx) error {
		var in moveIn
		if err := body(c, &in); err != nil {
			return err
		}
		x, err := sought(c, kind)
		if err != nil {
			return err
		}
		vals, err := a.values(kind, in)
		if err != nil {
			return x.or(err)
		}
		d, err := a.Engine.Do(c.Context(), c.Who, x.id, in.Version, in.Move, vals)
		if err != nil {
			return under(err, inFields)
		}
		return c.JSON(http.StatusOK, doneOf(d))
	}
}

// inFields is where a move's field stands in the body.
func inFields(name string) string { return "fields." + name }

// values takes the fields of a body as a move's input.
func (a *API) values(kind string, in moveIn) (flow.Values, error) {
	t, _ := a.Engine.Table(kind)
	mv, ok := t.Move(in.Move)
	if !ok || mv.Quiet {
		return nil, fault.InvalidField("move", "move.unknown")
	}
	return taken(mv.Fields, in.Fields)
}

// taken reads the values of known fields: text and whole numbers; lists where several may be named.
func taken(fields []flow.Field, in map[string]any) (flow.Values, error) {
	asked := map[string]flow.Field{}
	for _, f := range fields {
		asked[f.Name] = f
	}
	vals := flow.Values{}
	var bad []fault.Field
	for name, v := range in {
		f, ok := asked[name]
		if !ok {
			bad = append(bad, fault.Field{Name: inFields(name), Code: "field.unknown"})
			continue
		}
		if vals[name], ok = plain(v, several(f)); !ok {
			bad = append(bad, fault.Field{Name: inFields(name), Code: "field.form"})
		}
	}
	sort.Slice(bad, func(i, j int) bool { return bad[i].Name < bad[j].Name })
	return vals, fault.InvalidFields(bad)
}

// several says whether a field takes a list.
func several(f flow.Field) bool { return f.Kind == flow.Choices || f.Kind == flow.People }

// plain is a JSON value as text, ok only when it has the form that the field takes.
func plain(v any, several bool) ([]string, bool) {
	switch x := v.(type) {
	case nil:
		return nil, true
	case string:
		return []string{x}, !several
	case json.Number:
		return []string{x.String()}, !several
	case []any:
		var out []string
		for _, y := range x {
			s, ok := y.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, several
	}
	return nil, false
}
