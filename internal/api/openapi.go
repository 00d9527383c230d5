package api

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/locale"
	"qianshao/internal/web"
)

// version is the version of the interface: the second number rises when something is added, the first, with the
// addresses, when something a program relies on changes.
const version = "1.1.0"

// document answers the description of everything under /api/v1, in the reader's language.
func (a *API) document(c *web.Ctx) error {
	return c.JSON(http.StatusOK, a.Document(c.Lang, c.Today))
}

// Document is the OpenAPI 3.1 description of the interface in a language. Choices are those in force on the day.
func (a *API) Document(lang string, on calendar.Date) any {
	s := &shapes{lang: lang, parts: schema{}}
	s.of(reflect.TypeFor[web.Problem](), false)
	paths := schema{}
	for _, o := range a.ops() {
		at, ok := paths[o.path].(schema)
		if !ok {
			at = schema{}
			paths[o.path] = at
		}
		at[strings.ToLower(o.method)] = a.operation(s, o, on)
	}
	return schema{
		"openapi": "3.1.0",
		"info":    schema{"title": locale.T(lang, "api.title"), "version": version, "description": locale.T(lang, "api.about")},
		"paths":   paths,
		"components": schema{
			"schemas": s.parts,
			"securitySchemes": schema{
				"session": schema{"type": "apiKey", "in": "cookie", "name": "qs", "description": locale.T(lang, "api.security.session")},
				"token":   schema{"type": "http", "scheme": "bearer", "description": locale.T(lang, "api.security.token")},
			},
		},
		"security": []schema{{"session": []string{}}, {"token": []string{}}},
	}
}

// operation describes one operation.
func (a *API) operation(s *shapes, o op, on calendar.Date) schema {
	t := func(key string) string { return locale.T(s.lang, key) }
	name := o.name
	summary := t("api.op." + o.name)
	if o.kind != "" {
		name += "_" + o.kind
		summary = locale.T(s.lang, "api.op."+o.name, t("kind."+o.kind))
	}
	out := schema{"operationId": name, "summary": summary}
	if more := "api.op." + o.name + ".more"; locale.Has(more) {
		out["description"] = t(more)
	}
	if o.open {
		out["security"] = []schema{}
	} else {
		out["x-permission"] = string(o.perm)
	}
	params := []schema{}
	for _, name := range []string{"id", "clock", "recusal"} {
		if strings.Contains(o.path, "{"+name+"}") {
			params = append(params, schema{"name": name, "in": "path", "required": true, "schema": text(), "description": t("api.param." + name)})
		}
	}
	for _, p := range o.query {
		params = append(params, schema{"name": p.name, "in": "query", "schema": p.is, "description": t("api.param." + p.name)})
	}
	if o.in != nil && !o.open {
		params = append(params, schema{"name": "Idempotency-Key", "in": "header", "schema": schema{"type": "string", "maxLength": 100}, "description": t("api.param.key")})
	}
	if len(params) > 0 {
		out["parameters"] = params
	}
	if o.in != nil {
		in := s.of(reflect.TypeOf(o.in), true)
		switch o.in.(type) {
		case moveIn:
			t, _ := a.Engine.Table(o.kind)
			in = a.bodies(s, o.kind, t.Moves, on)
		case clockMoveIn:
			var ms []flow.Move
			for _, name := range flow.ClockMoves {
				ms = append(ms, flow.Move{Name: name, Fields: clockShape(name)})
			}
			in = a.bodies(s, "clock", ms, on)
		}
		out["requestBody"] = schema{"required": true, "content": schema{"application/json": schema{"schema": in}}}
	}
	out["responses"] = responses(s, o)
	return out
}

// refusals are the statuses that tell a program something of their own; any other error comes in the same form.
func refusals(o op) []int {
	out := []int{}
	if !o.open {
		out = append(out, http.StatusUnauthorized, http.StatusForbidden)
	}
	if strings.Contains(o.path, "{id}") {
		out = append(out, http.StatusNotFound)
	}
	if o.in != nil {
		out = append(out, http.StatusBadRequest)
		if !o.open {
			out = append(out, http.StatusConflict)
		}
	}
	if o.in != nil && !o.open || len(o.query) > 0 {
		out = append(out, http.StatusUnprocessableEntity)
	}
	return out
}

func responses(s *shapes, o op) schema {
	problem := schema{"application/problem+json": schema{"schema": ref(shapeName(reflect.TypeFor[web.Problem]()))}}
	out := schema{"default": schema{"description": locale.T(s.lang, "api.status.default"), "content": problem}}
	for _, code := range refusals(o) {
		out[strconv.Itoa(code)] = schema{"description": locale.T(s.lang, "api.status."+strconv.Itoa(code)), "content": problem}
	}
	good := schema{"description": locale.T(s.lang, "api.status."+strconv.Itoa(o.status))}
	if o.out != nil {
		good["content"] = schema{"application/json": schema{"schema": s.of(reflect.TypeOf(o.out), false)}}
	}
	if o.status == http.StatusCreated {
		good["headers"] = schema{"Location": schema{"schema": text(), "description": locale.T(s.lang, "api.header.location")}}
	}
	out[strconv.Itoa(o.status)] = good
	return out
}

// bodies describes what making a move of a kind takes: one shape a move, told apart by its name.
func (a *API) bodies(s *shapes, kind string, moves []flow.Move, on calendar.Date) schema {
	var all []schema
	names := schema{}
	for i := range moves {
		mv := &moves[i]
		if mv.Quiet || mv.Retired {
			continue
		}
		part := "Move." + kind + "." + mv.Name
		s.parts[part] = a.moveBody(s, kind, mv, on)
		all = append(all, ref(part))
		names[mv.Name] = "#/components/schemas/" + part
	}
	return schema{"oneOf": all, "discriminator": schema{"propertyName": "move", "mapping": names}}
}

func (a *API) moveBody(s *shapes, kind string, mv *flow.Move, on calendar.Date) schema {
	props, must := schema{}, []string{}
	for _, f := range mv.Fields {
		x := a.fieldSchema(f, on)
		words := flowhttp.Label(s.lang, kind, mv.Name, f.Name)
		switch {
		case f.When != nil:
			words += locale.T(s.lang, "api.when", f.When.Field, strings.Join(f.When.In, " | "))
		case f.Must:
			must = append(must, f.Name)
		}
		x["description"] = words
		props[f.Name] = x
	}
	fields := schema{"type": "object", "properties": props, "additionalProperties": false}
	need := []string{"move", "version"}
	if len(must) > 0 {
		fields["required"] = must
		need = append(need, "fields")
	}
	key := "move." + kind + "." + mv.Name
	out := schema{"type": "object", "title": locale.T(s.lang, key), "description": locale.T(s.lang, key+".what"), "additionalProperties": false, "required": need, "properties": schema{
		"move": schema{"const": mv.Name}, "version": schema{"type": "integer", "description": locale.T(s.lang, "api.field.version")}, "fields": fields}}
	if mv.Chain != "" {
		out["x-approval"] = mv.Chain
	}
	return out
}

// fieldSchema is a move's field as JSON. Persons and units are chosen from what GET …/moves offers for the matter.
func (a *API) fieldSchema(f flow.Field, on calendar.Date) schema {
	var codes []string
	for _, t := range a.Rules.Terms(f.List, on) {
		if !contains(f.Not, t.Code) {
			codes = append(codes, t.Code)
		}
	}
	codes = append(codes, f.Codes...)
	one := text()
	if len(codes) > 0 {
		one = oneOf(codes)
	}
	switch f.Kind {
	case flow.Line, flow.Para:
		one["maxLength"] = f.Limit()
	case flow.Day:
		return dayText()
	case flow.Count:
		n := schema{"type": "integer", "minimum": f.Min}
		if f.Max > 0 {
			n["maximum"] = f.Max
		}
		return n
	case flow.Choices, flow.People:
		many := schema{"type": "array", "items": one, "uniqueItems": true}
		if f.Min > 0 {
			many["minItems"] = f.Min
		}
		return many
	}
	return one
}
