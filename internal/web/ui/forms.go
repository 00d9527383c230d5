package ui

import (
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"qianshao/internal/calendar"
	"qianshao/internal/locale"
)

func tr(lang, key string, args ...string) string { return locale.T(lang, key, args...) }

func weekdayName(lang string, i int) string {
	if lang == locale.En {
		return enDays[i%7]
	}
	return zhDays[i%7]
}

func step(now bool) templ.Attributes {
	if now {
		return templ.Attributes{"aria-current": "step"}
	}
	return nil
}

// group says whether the field is a set of radio buttons or boxes.
func (f FieldView) group() bool {
	switch f.Kind {
	case "choices", "people":
		return true
	case "choice":
		return true
	case "person":
		return len(f.Options) <= 12
	}
	return false
}

func (f FieldView) pickType() string {
	if f.Kind == "choices" || f.Kind == "people" {
		return "checkbox"
	}
	return "radio"
}

// short says whether the options are few and brief enough to stand in a row.
func (f FieldView) short() bool {
	n := 0
	for _, o := range f.Options {
		n += len([]rune(o.Name)) + len([]rune(o.Note)) + 3
	}
	return len(f.Options) <= 4 && n <= 44
}

// AnyWrong says whether something is wrong in one of the fields: what is folded away then opens.
func AnyWrong(fields []FieldView) bool {
	return slices.ContainsFunc(fields, func(f FieldView) bool { return f.Error != "" })
}

// shown makes the field depend on another one's value, for the script; without script it is always there, with a hint.
func (f FieldView) shown() templ.Attributes {
	if f.When == "" {
		return nil
	}
	return templ.Attributes{"data-when": f.When}
}

func (f FieldView) described() templ.Attributes {
	a := templ.Attributes{}
	ids := ""
	if f.Help != "" {
		ids = f.ID + "-h"
	}
	if f.Error != "" {
		if ids != "" {
			ids += " "
		}
		ids += f.ID + "-e"
		a["aria-invalid"] = "true"
	}
	if ids != "" {
		a["aria-describedby"] = ids
	}
	if f.Must {
		a["aria-required"] = "true"
	}
	return a
}

func (f FieldView) fetches() templ.Attributes {
	how, at := "hx-get", f.Get
	if f.Post != "" {
		how, at = "hx-post", f.Post
	}
	if at == "" {
		return nil
	}
	return templ.Attributes{how: at, "hx-target": f.Target, "hx-trigger": "change, keyup changed delay:300ms", "hx-include": "closest form", "hx-sync": "this:replace"}
}

func (f FieldView) range_() templ.Attributes {
	a := templ.Attributes{}
	if f.Min != "" {
		a["min"] = f.Min
	}
	if f.Max != "" {
		a["max"] = f.Max
	}
	return a
}

func (f FieldView) rows() string {
	if f.Rows == 0 {
		return "4"
	}
	return strconv.Itoa(f.Rows)
}

func (f FieldView) auto() string {
	if f.Auto == "" {
		return "off"
	}
	return f.Auto
}

func noteOf(o OptionView) string {
	if o.Note == "" {
		return ""
	}
	return "　" + o.Note
}

// DueView is a due day in a row.
type DueView struct {
	Word, Beside string
	Class, Icon  string
	None         string
}

// DueOf makes the mark of a due day. soon is how many days count as near.
func DueOf(lang string, d, today calendar.Date, paused bool, none string) DueView {
	if !d.Valid() {
		return DueView{None: none}
	}
	day := DayIn(lang, d, today)
	n := d.Sub(today)
	switch {
	case paused:
		return DueView{Word: locale.T(lang, "due.paused"), Beside: day, Class: "is-paused", Icon: "pause"}
	case n < 0:
		return DueView{Word: day, Beside: locale.T(lang, "due.late", strconv.Itoa(-n)), Class: "is-late", Icon: "late"}
	case n <= 3:
		w, _ := Near(lang, d, today)
		return DueView{Word: day, Beside: w, Class: "is-soon", Icon: "soon"}
	}
	return DueView{Word: day, Beside: Weekday(lang, d), Class: "is-ok", Icon: "ok"}
}
