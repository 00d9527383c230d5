package api

import (
	"path"
	"reflect"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/locale"
)

// schema is a JSON Schema of the dialect that OpenAPI 3.1 uses, or any other part of the document.
type schema map[string]any

func text() schema            { return schema{"type": "string"} }
func dayText() schema         { return schema{"type": "string", "format": "date"} }
func oneOf(s []string) schema { return schema{"type": "string", "enum": s} }

func whole(least, most int) schema {
	return schema{"type": "integer", "minimum": least, "maximum": most}
}

func ref(name string) schema { return schema{"$ref": "#/components/schemas/" + name} }

// shapes gathers the descriptions of shapes while a document is made.
type shapes struct {
	lang  string
	parts schema
}

var (
	idType   = reflect.TypeFor[id.ID]()
	dateType = reflect.TypeFor[calendar.Date]()
	anyType  = reflect.TypeFor[schema]()
	room     = reflect.TypeFor[duty]().PkgPath()
)

// of describes the type of a value. Structs become parts of the document and are pointed at. closed shapes refuse what
// they do not name; answers may gain fields.
func (s *shapes) of(t reflect.Type, closed bool) schema {
	switch t {
	case idType:
		return text()
	case dateType:
		return dayText()
	case anyType:
		return schema{"type": "object"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem(), closed)
	case reflect.Slice:
		return schema{"type": "array", "items": s.of(t.Elem(), closed)}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": s.of(t.Elem(), closed)}
	case reflect.Interface:
		return schema{}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Float64:
		return schema{"type": "number"}
	case reflect.Int, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.Struct:
		name := shapeName(t)
		if _, ok := s.parts[name]; !ok {
			s.parts[name] = schema{} // a shape may hold itself
			s.parts[name] = s.object(t, name, closed)
		}
		return ref(name)
	}
	return text()
}

// object describes a struct by its JSON fields. A pointer that is always there may be null; so may a
// list of another room's.
func (s *shapes) object(t reflect.Type, name string, closed bool) schema {
	props, must := schema{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		key, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		x := s.of(f.Type, closed)
		always := !strings.Contains(rest, "omit")
		if always {
			must = append(must, key)
		}
		if always && (f.Type.Kind() == reflect.Pointer || f.Type.Kind() == reflect.Slice && t.PkgPath() != room) {
			x = schema{"anyOf": []schema{x, {"type": "null"}}}
		}
		if words := locale.First(s.lang, "api.field."+name+"."+key, "api.field."+key); !strings.HasPrefix(words, "api.field.") {
			x["description"] = words
		}
		props[key] = x
	}
	out := schema{"type": "object", "properties": props}
	if len(must) > 0 {
		out["required"] = must
	}
	if closed {
		out["additionalProperties"] = false
	}
	return out
}

// shapeName is what a shape is called in the document: its own name, and its room's before it for one of another room.
func shapeName(t reflect.Type) string {
	name := upper(t.Name())
	if t.PkgPath() != room {
		name = upper(strings.TrimSuffix(path.Base(t.PkgPath()), "http")) + name
	}
	return name
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
