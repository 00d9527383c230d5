package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/locale"
	"qianshao/internal/platform/dbtest"
)

var update = flag.Bool("update", false, "write the goldens anew")

// TestDocument holds the document in both languages to its goldens.
func TestDocument(t *testing.T) {
	p := serve(t, dbtest.SQLite(t))
	for _, lang := range []string{locale.Zh, locale.En} {
		doc := p.document(lang)
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		if err := enc.Encode(doc); err != nil {
			t.Fatal(err)
		}
		if s := b.String(); strings.Contains(s, `"api.`) || strings.Contains(s, `"move.`) && lang == locale.En && strings.Contains(s, `.what"`) {
			t.Errorf("%s: a text is missing", lang)
		}
		path := filepath.Join("testdata", "openapi."+lang+".json")
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%s differs; look at it with -update and git diff", path)
		}
	}
}

// document asks for the description as a program does.
func (p program) document(lang string) object {
	p.t.Helper()
	status, body := p.get("officer", "/api/v1/openapi.json", lang)
	var o object
	if err := json.Unmarshal([]byte(body), &o); err != nil || status != 200 {
		p.t.Fatalf("%d %v", status, err)
	}
	return o
}

// TestDocumentWithoutVersion: the address that names no version gives the same document.
func TestDocumentWithoutVersion(t *testing.T) {
	p := serve(t, dbtest.SQLite(t))
	status, body := p.get("officer", "/api/openapi.json", locale.En)
	var o object
	if err := json.Unmarshal([]byte(body), &o); err != nil || status != 200 || !same(o, p.document(locale.En)) {
		t.Errorf("%d %v", status, err)
	}
}

// TestDocumentHoldsEveryRoute: every address under /api is described, with the permission it asks for, and nothing else.
func TestDocumentHoldsEveryRoute(t *testing.T) {
	p := serve(t, dbtest.SQLite(t))
	paths := p.document(locale.En)["paths"].(object)
	n := 0
	for _, at := range paths {
		n += len(at.(object))
	}
	for _, r := range p.w.Mux().Routes() {
		if !strings.HasPrefix(r.Path, "/api/") {
			continue
		}
		n--
		at, _ := paths[r.Path].(object)
		o, ok := at[strings.ToLower(r.Method)].(object)
		if !ok {
			t.Errorf("%s %s is not described", r.Method, r.Path)
			continue
		}
		if !r.Open && o["x-permission"] != string(r.Perm) {
			t.Errorf("%s %s asks for %s, described as %v", r.Method, r.Path, r.Perm, o["x-permission"])
		}
	}
	if n != 0 {
		t.Errorf("%d operations more are described than mounted", n)
	}
}

// TestReferences: every part that the document points at is there, every property of a shape has words, and
// no operation's name stands twice.
func TestReferences(t *testing.T) {
	p := serve(t, dbtest.SQLite(t))
	doc := p.document(locale.Zh)
	parts := doc["components"].(object)["schemas"].(object)
	names := map[any]bool{}
	var walk func(where string, x any)
	walk = func(where string, x any) {
		switch v := x.(type) {
		case object:
			if r, ok := v["$ref"].(string); ok {
				if _, ok := parts[strings.TrimPrefix(r, "#/components/schemas/")]; !ok {
					t.Errorf("%s points at %s", where, r)
				}
			}
			if o, ok := v["operationId"]; ok && names[o] {
				t.Errorf("%v stands twice", o)
			} else if ok {
				names[o] = true
			}
			for k, y := range v {
				walk(where+"/"+k, y)
			}
		case []any:
			for _, y := range v {
				walk(where, y)
			}
		}
	}
	walk("", doc)
	for name, part := range parts {
		props, _ := part.(object)["properties"].(object)
		for f, x := range props {
			if !strings.HasPrefix(name, "Move.") && x.(object)["description"] == nil {
				t.Errorf("%s.%s has no words", name, f)
			}
		}
	}
}

// TestAnswersKeepTheirShape holds real answers, and what was sent for them, against the document.
func TestAnswersKeepTheirShape(t *testing.T) {
	p := serve(t, dbtest.SQLite(t))
	doc := p.document(locale.En)
	check := func(who, method, path, at string, in any) object {
		t.Helper()
		status, out := p.call(who, method, path, "", in)
		if status >= 500 {
			t.Fatalf("%s %s: %d", method, path, status)
		}
		o := doc["paths"].(object)[at].(object)[strings.ToLower(method)].(object)
		if in != nil {
			for _, e := range holds(doc, o["requestBody"].(object)["content"].(object)["application/json"].(object)["schema"], plainJSON(t, in), "sent") {
				t.Errorf("%s %s: %s", method, path, e)
			}
		}
		res, ok := o["responses"].(object)[fmt.Sprint(status)].(object)
		if !ok {
			t.Fatalf("%s %s: %d is not described", method, path, status)
		}
		form := "application/json"
		if status >= 400 {
			form = "application/problem+json"
		}
		for _, e := range holds(doc, res["content"].(object)[form].(object)["schema"], out, "answer") {
			t.Errorf("%s %s: %d: %s", method, path, status, e)
		}
		got, _ := out.(object)
		return got
	}
	made := check("supervision", "POST", clues, clues, newClue())
	one := clues + "/" + made["id"].(string)
	next := check("supervision", "GET", one+"/moves", clues+"/{id}/moves", nil)
	check("supervision", "POST", one+"/moves", clues+"/{id}/moves", object{"move": "hand_out", "version": next["version"], "fields": object{"target": p.w.Units["county.office1"].ID.Key, "back": "no"}})
	next = check("handler", "GET", one+"/moves", clues+"/{id}/moves", nil)
	check("handler", "POST", one+"/moves", clues+"/{id}/moves", object{"move": "propose", "version": next["version"],
		"fields": object{"disposal": "verification", "reason": "可查。", "studied_on": "2026-10-12", "studied_by": "三人"}})
	check("handler", "GET", one, clues+"/{id}", nil)
	check("supervision", "GET", clues, clues, nil)
	check("supervision", "GET", clues+"?view=x", clues, nil)
	check("head", "GET", "/api/v1/desk", "/api/v1/desk", nil)
	waits := check("head", "GET", "/api/v1/approvals", "/api/v1/approvals", nil)["items"].([]any)[0].(object)
	check("head", "POST", "/api/v1/approvals/"+waits["id"].(string), "/api/v1/approvals/{id}", object{"decision": "approve", "version": waits["subject"].(object)["version"]})
	check("handler", "GET", one, clues+"/{id}", nil)
	check("othersupervision", "GET", one, clues+"/{id}", nil)
	clocks := clues + "/{id}/clocks"
	ks := check("handler", "GET", one+"/clocks", clocks, nil)["items"].([]any)
	check("othersupervision", "GET", one+"/clocks", clocks, nil)
	for _, k := range ks {
		at := k.(object)["moves"].(string)
		x := check("supervision", "GET", at, clocks+"/{clock}/moves", nil)
		check("supervision", "POST", at, clocks+"/{clock}/moves", object{"move": "urge", "version": x["version"], "fields": object{"reason": "请抓紧。"}})
	}
	work := p.clock("handler", p.verified(), "verify.work")
	x := check("handler", "GET", work, clocks+"/{clock}/moves", nil)
	check("handler", "POST", work, clocks+"/{clock}/moves", object{"move": "extend", "version": x["version"], "fields": object{"reason": "材料多。"}})
	check("handler", "GET", work, clocks+"/{clock}/moves", nil)
	recusals := clues + "/{id}/recusals"
	check("handler", "POST", one+"/recusals", recusals, object{"move": "declare", "ground": "kin"})
	which := check("principal", "GET", one+"/recusals", recusals, nil)["items"].([]any)[0].(object)
	check("principal", "GET", "/api/v1/desk", "/api/v1/desk", nil)
	check("principal", "POST", one+"/recusals/"+which["id"].(string), recusals+"/{recusal}", object{"decision": "refuse", "note": "没有关系。"})
	check("principal", "GET", one+"/recusals", recusals, nil)
	given := check("head", "POST", "/api/v1/delegations", "/api/v1/delegations", object{"to": p.w.Who["head2"].Person, "begins": "2026-10-13", "ends": "2026-10-20"})
	check("head", "GET", "/api/v1/delegations", "/api/v1/delegations", nil)
	check("head", "POST", "/api/v1/delegations/"+given["id"].(string)+"/end", "/api/v1/delegations/{id}/end", object{})
	check("supervision", "GET", "/api/v1/units?find=石桥", "/api/v1/units", nil)
	check("supervision", "GET", "/api/v1/measures", "/api/v1/measures", nil)
	check("supervision", "GET", "/api/v1/report", "/api/v1/report", nil)
}

func plainJSON(t *testing.T, v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// holds says where a value departs from a schema, as far as this document uses the dialect. A property that a shape does
// not name counts as a departure: what is answered is described.
func holds(doc object, sch, v any, at string) (bad []string) {
	s := sch.(object)
	say := func(format string, args ...any) { bad = append(bad, at+" "+fmt.Sprintf(format, args...)) }
	if r, ok := s["$ref"].(string); ok {
		return holds(doc, doc["components"].(object)["schemas"].(object)[strings.TrimPrefix(r, "#/components/schemas/")], v, at)
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if all, ok := s[key].([]any); ok {
			fit := 0
			for _, x := range all {
				if len(holds(doc, x, v, at)) == 0 {
					fit++
				}
			}
			if fit == 0 || key == "oneOf" && fit > 1 {
				say("fits %d of %s", fit, key)
			}
			return bad
		}
	}
	if c, ok := s["const"]; ok && c != v {
		say("is %v, not %v", v, c)
	}
	if e, ok := s["enum"].([]any); ok && !slices.Contains(e, v) {
		say("is %v, none of %v", v, e)
	}
	switch s["type"] {
	case "string":
		x, ok := v.(string)
		if !ok {
			say("is %T, no string", v)
		} else if s["format"] == "date" && len(x) != len("2006-01-02") {
			say("is %q, no day", x)
		}
	case "integer":
		if x, ok := v.(float64); !ok || x != float64(int64(x)) {
			say("is %v, no whole number", v)
		}
	case "number":
		if _, ok := v.(float64); !ok {
			say("is %v, no number", v)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			say("is %v, neither true nor false", v)
		}
	case "null":
		if v != nil {
			say("is %v, not null", v)
		}
	case "array":
		l, ok := v.([]any)
		if !ok {
			say("is %T, no list", v)
		}
		for i, x := range l {
			bad = append(bad, holds(doc, s["items"], x, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case "object":
		o, ok := v.(object)
		if !ok {
			say("is %T, no object", v)
		}
		must, _ := s["required"].([]any)
		for _, m := range must {
			if _, ok := o[m.(string)]; !ok {
				say("lacks %s", m)
			}
		}
		props, named := s["properties"].(object)
		for k, x := range o {
			if p, ok := props[k]; ok {
				bad = append(bad, holds(doc, p, x, at+"."+k)...)
			} else if more, ok := s["additionalProperties"].(object); ok {
				bad = append(bad, holds(doc, more, x, at+"."+k)...)
			} else if named {
				say("has %s, which is not described", k)
			}
		}
	}
	return bad
}
