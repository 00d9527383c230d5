package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/web"
)

// body reads one JSON value of a shape. Anything else, and any field the shape lacks, is refused: a misspelt field that
// is passed over would be a loss nobody notices.
func body(c *web.Ctx, into any) error {
	if t, _, err := mime.ParseMediaType(c.R.Header.Get("Content-Type")); err != nil || t != "application/json" {
		// What is not declared as JSON is in no digest, and so could not be told apart when its key comes again.
		return fault.New(fault.BadRequest, "request.not_json")
	}
	dec := json.NewDecoder(c.R.Body)
	dec.UseNumber()
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, end := dec.Token(); end != io.EOF {
			err = errors.New("more than one value")
		}
	}
	var tooLarge *http.MaxBytesError
	if err == nil || errors.As(err, &tooLarge) {
		return err
	}
	return fault.New(fault.BadRequest, "request.malformed").Because(err)
}

// only refuses what a body fills in beyond what is asked for: names and values in turn, all of which must be empty.
func only(pairs ...string) error {
	var bad []fault.Field
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			bad = append(bad, fault.Field{Name: pairs[i], Code: "field.unknown"})
		}
	}
	return fault.InvalidFields(bad)
}

// number reads a whole number of the address within bounds; none when it is left out.
func number(c *web.Ctx, name string, none, most int) (int, error) {
	s := c.R.URL.Query().Get(name)
	if s == "" {
		return none, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return 0, fault.InvalidField(name, "count.range", "1", strconv.Itoa(most))
	}
	return n, nil
}

// unitKey finds the unit that a program names by id or by division code, in the caller's own tenant.
func (a *API) unitKey(c *web.Ctx, field, s string) (id.Key, error) {
	if s == "" {
		return "", nil
	}
	if x, err := id.Parse(s); err == nil && x.City == c.Who.City {
		return x.Key, nil
	}
	if len(s) == 12 {
		u, err := org.UnitAsOf(c.Context(), c.Home(), s, c.Today)
		if fault.KindOf(err) != fault.NotFound {
			return u.ID.Key, err
		}
	}
	return "", fault.InvalidField(field, "choice.unknown")
}

// under puts the faults of a use case beside the fields of the body they came in: the use case knows its form's names.
func under(err error, path func(name string) string) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	moved := *f
	moved.Fields = make([]fault.Field, len(f.Fields))
	for i, x := range f.Fields {
		moved.Fields[i] = fault.Field{Name: path(x.Name), Code: x.Code, Args: x.Args}
	}
	return &moved
}

// units finds units by what somebody would type for them.
func (a *API) units(c *web.Ctx) error {
	limit, err := number(c, "limit", 20, maxList)
	if err != nil {
		return err
	}
	us, err := org.FindUnits(c.Context(), c.Home(), c.Who.Unit().County, c.R.URL.Query().Get("find"), []string{"county", "township", "village", "department"}, limit)
	if err != nil {
		return err
	}
	keys := make([]string, len(us))
	for i, u := range us {
		keys[i] = u.Superior
	}
	ups, err := access.Units(c.Context(), c.Home(), keys)
	if err != nil {
		return err
	}
	out := unitList{Items: []unitOne{}}
	for _, u := range us {
		out.Items = append(out.Items, unitOne{ID: u.ID, Code: u.Code, Name: u.Name, Kind: u.Kind, Superior: ups[u.Superior].Name})
	}
	return c.JSON(http.StatusOK, out)
}

func dates(c *web.Ctx, names ...string) ([]calendar.Date, error) {
	out := make([]calendar.Date, len(names))
	for i, n := range names {
		out[i] = calendar.Date(c.R.URL.Query().Get(n))
		if out[i] != "" && !out[i].Valid() {
			return nil, fault.InvalidField(n, "day.invalid")
		}
	}
	return out, nil
}
