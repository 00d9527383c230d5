package api

import (
	"encoding/json"
	"net/http"
	"sort"

	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/platform/db"
	"qianshao/internal/web"
)

// moves answers what may happen next to a matter, as it stands for the caller.
func (a *API) moves(kind string) web.Handler {
	return func(c *web.Ctx) error {
		key, err := c.ID("id")
		if err != nil {
			return err
		}
		r := c.In(key)
		m, err := flow.Get(c.Context(), r, c.Who, key.Key)
		if err != nil {
			return err
		}
		if m.Kind != kind {
			return fault.Hidden()
		}
		offers, err := a.Engine.Offers(c.Context(), r, c.Who, m, c.Today)
		if err != nil {
			return err
		}
		w := a.Pages.Words(c)
		if err := w.LoadDossier(r, &flow.Dossier{Matter: m}, offers); err != nil {
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
	for _, f := range fields {
		y := field{Name: f.Name, Kind: string(f.Kind), Must: f.Must, Min: f.Min, Max: f.Max, Since: f.Since, Future: f.Future}
		y.Label, y.Help = w.Label(m.Kind, o.Move.Name, f.Name)
		if f.When != nil {
			y.When = &when{f.When.Field, append([]string{}, f.When.In...)}
		}
		if y.Choices, err = a.choices(c, w, r, m, f, chosen); err != nil {
			return x, err
		}
		x.Fields = append(x.Fields, y)
	}
	if len(o.Steps) > 0 {
		x.Approval = &chain{Rule: o.Chain.ID, Why: o.Case.Why.In(c.Lang), Alone: o.Alone}
		for _, s := range o.Steps {
			x.Approval.Signers = append(x.Approval.Signers, signer{Role: s.Role, Seat: w.Seat(s.Unit.Key, s.Seat), Unit: s.Unit, Moved: movedText(c, s)})
		}
	}
	for _, t := range o.Starts {
		x.Starts = append(x.Starts, timer{t.ID, t.Name.In(c.Lang), t.Length, string(t.Unit)})
	}
	return x, nil
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

// move makes a move, or proposes it where it needs approval.
func (a *API) move(kind string) web.Handler {
	return func(c *web.Ctx) error {
		var in moveIn
		if err := body(c, &in); err != nil {
			return err
		}
		key, err := c.ID("id")
		if err != nil {
			return err
		}
		// Only a matter that is seen and of another kind ends here. One that is not seen may be one that this very request
		// took out of sight when it came first: the use case knows its answer.
		if m, err := flow.Get(c.Context(), c.In(key), c.Who, key.Key); err == nil && m.Kind != kind {
			return fault.Hidden()
		} else if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		vals, err := a.values(kind, in)
		if err != nil {
			return err
		}
		d, err := a.Engine.Do(c.Context(), c.Who, key, in.Version, in.Move, vals)
		if err != nil {
			return under(err, func(name string) string { return "fields." + name })
		}
		return c.JSON(http.StatusOK, doneOf(d))
	}
}

// values takes the fields of a body as a move's input: text and whole numbers; lists where several may be named.
func (a *API) values(kind string, in moveIn) (flow.Values, error) {
	asked := map[string]flow.Field{}
	t, _ := a.Engine.Table(kind)
	mv, ok := t.Move(in.Move)
	if !ok || mv.Quiet {
		return nil, fault.InvalidField("move", "move.unknown")
	}
	for _, f := range mv.Fields {
		asked[f.Name] = f
	}
	vals := flow.Values{}
	var bad []fault.Field
	for name, v := range in.Fields {
		f, ok := asked[name]
		if !ok {
			bad = append(bad, fault.Field{Name: "fields." + name, Code: "field.unknown"})
			continue
		}
		var ok2 bool
		if vals[name], ok2 = plain(v, several(f)); !ok2 {
			bad = append(bad, fault.Field{Name: "fields." + name, Code: "field.form"})
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
