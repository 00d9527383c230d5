package flow

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// Values is what was filled in for a move: every value as text, lists as several.
type Values map[string][]string

// Str is a single value.
func (v Values) Str(name string) string {
	if l := v[name]; len(l) > 0 {
		return l[0]
	}
	return ""
}

// Day is a value that is a day.
func (v Values) Day(name string) calendar.Date { return calendar.Date(v.Str(name)) }

// Int is a value that is a whole number.
func (v Values) Int(name string) int {
	n, _ := strconv.Atoi(v.Str(name)) // validated before
	return n
}

// List is all values of a name.
func (v Values) List(name string) []string { return v[name] }

// Yes says whether a yes-or-no choice is yes.
func (v Values) Yes(name string) bool { return v.Str(name) == "yes" }

// Set replaces a value.
func (v Values) Set(name string, values ...string) { v[name] = values }

func (v Values) encode() string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(b)
}

func decodeValues(s string) (Values, error) {
	v := Values{}
	return v, json.Unmarshal([]byte(s), &v)
}

// The longest a line and a text may be, in characters.
const (
	maxLine = 120
	maxPara = 4000
)

// Limit is how many characters a line or a text may have.
func (f Field) Limit() int {
	switch {
	case f.Max > 0:
		return f.Max
	case f.Kind == Para:
		return maxPara
	}
	return maxLine
}

// Asked lists the fields of a move that are asked for by the matter as it stands; what depends on other values of the
// form is still among them.
func (e *Engine) Asked(ctx context.Context, r db.Reader, m *Matter, fields []Field) ([]Field, error) {
	var out []Field
	for _, f := range fields {
		if f.If != "" && !m.Is(f.If) || f.Unless != "" && m.Is(f.Unless) {
			continue
		}
		if f.When != nil && strings.HasPrefix(f.When.Field, "@") {
			v, err := e.attr(ctx, r, m, f.When.Field[1:])
			if err != nil {
				return nil, err
			}
			if !f.When.holds(v) {
				continue
			}
			f.When = nil
		}
		out = append(out, f)
	}
	return out, nil
}

func (e *Engine) attr(ctx context.Context, r db.Reader, m *Matter, name string) (string, error) {
	switch name {
	case "source":
		return m.Source, nil
	case "outcome":
		return m.Outcome, nil
	}
	h := e.tables[m.Kind].Hooks.Attr
	if h == nil {
		return "", nil
	}
	return h(ctx, r, m, name)
}

// Option is one thing that may be chosen.
type Option struct {
	Code string
	Name string // set for persons and units; list entries are named by the rulebook or locale
	Note string
	Why  []string // codes and figures that the area puts into words
}

// validate checks what was filled in and returns it cleaned: only known fields, trimmed, fields not asked for dropped.
func (e *Engine) validate(ctx context.Context, r db.Reader, who access.Actor, m *Matter, fields []Field, in Values, today calendar.Date) (Values, error) {
	out := Values{}
	var bad []fault.Field
	fields, err := e.Asked(ctx, r, m, fields)
	if err != nil {
		return nil, err
	}
	known := map[string][]Option{} // by source: several fields take theirs from one
	for _, f := range fields {
		if f.When != nil && !f.When.holds(out.Str(f.When.Field)) {
			continue
		}
		vals := clean(in[f.Name], f.Kind)
		if len(vals) == 0 {
			if f.Must {
				bad = append(bad, fault.Field{Name: f.Name, Code: "required"})
			}
			continue
		}
		code, args, err := e.checkField(ctx, r, who, m, f, vals, today, known)
		if err != nil {
			return nil, err
		}
		if code != "" {
			bad = append(bad, fault.Field{Name: f.Name, Code: code, Args: args})
			continue
		}
		out[f.Name] = vals
	}
	return out, fault.InvalidFields(bad)
}

func clean(vals []string, kind FieldKind) []string {
	var out []string
	for _, s := range vals {
		s = strings.TrimSpace(s)
		if kind == Para {
			s = strings.ReplaceAll(s, "\r\n", "\n")
		}
		if s != "" && (kind == Choices || kind == People || len(out) == 0) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (e *Engine) checkField(ctx context.Context, r db.Reader, who access.Actor, m *Matter, f Field, vals []string, today calendar.Date, known map[string][]Option) (string, []string, error) {
	for _, s := range vals {
		if _, ok := typed.Clean(s, f.Kind == Para); !ok {
			return "text.control", nil, nil
		}
	}
	switch f.Kind {
	case Line, Para:
		limit := f.Limit()
		if utf8.RuneCountInString(vals[0]) > limit {
			return "text.long", []string{strconv.Itoa(limit)}, nil
		}
	case Day:
		return checkDay(calendar.Date(vals[0]), f, m, today), nil, nil
	case Count:
		n, convErr := strconv.Atoi(vals[0])
		if convErr != nil || n < f.Min || (f.Max > 0 && n > f.Max) {
			return "count.range", []string{strconv.Itoa(f.Min), strconv.Itoa(f.Max)}, nil
		}
	default:
		opts, ok := known[f.Of]
		if !ok || f.Of == "" {
			var err error
			if opts, err = e.Options(ctx, r, who, m, f, today); err != nil {
				return "", nil, err
			}
			known[f.Of] = opts
		}
		for _, s := range vals {
			if !slices.ContainsFunc(opts, func(o Option) bool { return o.Code == s }) {
				return "choice.unknown", nil, nil
			}
		}
		if f.Kind == People && len(vals) < f.Min {
			return "people.few", []string{strconv.Itoa(f.Min)}, nil
		}
	}
	return "", nil, nil
}

func checkDay(d calendar.Date, f Field, m *Matter, today calendar.Date) string {
	switch {
	case !d.Valid():
		return "day.invalid"
	case !f.Future && d > today:
		return "day.future"
	case f.Future && d < today:
		return "day.past"
	case m != nil && f.Since == "received" && d < m.Received:
		return "day.before_receipt"
	case m != nil && f.Since == "opened" && d < m.Opened:
		return "day.before_opening"
	case d < "1990-01-01" || d > "2100-01-01":
		return "day.invalid"
	}
	return ""
}

// Options lists what may be chosen in a field, now and for this matter.
func (e *Engine) Options(ctx context.Context, r db.Reader, who access.Actor, m *Matter, f Field, today calendar.Date) ([]Option, error) {
	switch {
	case f.List != "":
		var out []Option
		for _, t := range e.Rules.Terms(f.List, today) {
			if !slices.Contains(f.Not, t.Code) {
				out = append(out, Option{Code: t.Code})
			}
		}
		return out, nil
	case len(f.Codes) > 0:
		out := make([]Option, len(f.Codes))
		for i, c := range f.Codes {
			out[i] = Option{Code: c}
		}
		return out, nil
	case f.Kind == Clock:
		return e.clockOptions(ctx, r, m)
	}
	src, ok := e.sources[f.Of]
	if !ok {
		return nil, nil
	}
	return src(ctx, r, who, m, today)
}

// Source lists the persons or units a field may name; areas and the engine add them by name.
type Source func(ctx context.Context, r db.Reader, who access.Actor, m *Matter, today calendar.Date) ([]Option, error)

// clockOptions are the running clocks that the rules let be extended.
func (e *Engine) clockOptions(ctx context.Context, r db.Reader, m *Matter) ([]Option, error) {
	cs, err := deadline.Running(ctx, r, m.ID.Key)
	var out []Option
	for _, c := range cs {
		if t, ok := e.Rules.TimerVersion(c.Rule, c.Version); ok && t.Extend != nil {
			out = append(out, Option{Code: c.ID.Key, Name: c.Rule})
		}
	}
	return out, err
}
