package measurehttp

import (
	"strconv"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
	"qianshao/internal/rulebook"
	"qianshao/internal/web/ui"
)

// words turns codes into what people read, in one language, on one day.
type words struct {
	lang  string
	today calendar.Date
	rules *rulebook.Book
}

func (w words) t(key string, args ...string) string { return locale.T(w.lang, key, args...) }

// number is a measure's answer as people write it: small counts as 2/3.
func (w words) number(u measure.Unit, v measure.Value) string {
	if v.Veil != nil {
		return w.veiled(v.Veil)
	}
	if !v.Known {
		return w.t("measure.unknown")
	}
	switch u {
	case measure.Number:
		return ui.Thousands(v.Numerator)
	case measure.Share:
		return ui.Fraction(v.Numerator, v.Denominator)
	case measure.Growth:
		return strconv.FormatFloat(v.Float(u)*100, 'f', 1, 64) + "%"
	}
	return strconv.FormatFloat(v.Float(u), 'f', 1, 64)
}

// veiled is what stands for a number of which something is withheld.
func (w words) veiled(x *measure.Veil) string {
	switch n := x.Steps.Least; {
	case x.Why == measure.AtLeast:
		return w.t("measure.veil.at_least", ui.Thousands(x.Floor))
	case x.Why == measure.Small && x.Many:
		return w.t("measure.veil.small.each", ui.Thousands(n))
	case x.Why == measure.Small:
		return w.t("measure.veil.small", ui.Thousands(n))
	}
	return w.t("measure.veil." + x.Why)
}

// why says in a sentence why something of a number is withheld.
func (w words) why(x *measure.Veil) string {
	why := x.Why
	if why == measure.AtLeast {
		why = measure.Small
	}
	return w.t("measure.veil.why."+why, strconv.FormatInt(x.Steps.Least, 10), strconv.Itoa(x.Steps.Months))
}

// beside is what stands in small type by a number: the unit it is counted in, or what it was made from.
func (w words) beside(u measure.Unit, v measure.Value) string {
	if x := v.Veil; x != nil && x.From != "" {
		return w.t("measure.veil.span", ui.LongDay(w.lang, x.From), ui.LongDay(w.lang, x.To))
	}
	if !v.Known {
		return ""
	}
	switch u {
	case measure.Share:
		if v.Denominator > 200 {
			return ui.Thousands(v.Numerator) + "/" + ui.Thousands(v.Denominator)
		}
		if v.Denominator > 10 {
			return strconv.FormatFloat(v.Float(u)*100, 'f', 1, 64) + "%"
		}
	case measure.Growth:
		return w.t("measure.from_to", ui.Thousands(v.Denominator), ui.Thousands(v.Numerator))
	case measure.Years:
		return w.t("measure.years_of", ui.Thousands(v.Denominator))
	case measure.Days:
		return w.t("measure.days_of", ui.Thousands(v.Denominator))
	case measure.Mean:
		return w.t("measure.mean_of", ui.Thousands(v.Denominator))
	}
	return ""
}

// part is a kind within a number, beside the largest of them.
func (w words) part(d measure.Def, p, largest measure.Part) partView {
	v := partView{Name: w.dim(d.Dims, p.Dim), N: ui.Thousands(p.N), Of: p.N, Max: max(largest.N, 1)}
	if p.Of > 0 {
		of := measure.Value{Numerator: p.N, Denominator: p.Of, Known: true}
		v.N, v.Beside = w.number(d.Unit, of), w.beside(d.Unit, of)
		v.Of, v.Max = p.N*1000/p.Of, max(largest.N*1000/max(largest.Of, 1), 1)
	}
	return v
}

// dim is the name of a kind within a measure, from the rulebook's lists that the measure names.
func (w words) dim(dims []string, code string) string {
	for _, list := range dims {
		if kind, ok := strings.CutPrefix(list, measure.DimStage); ok {
			return w.t("stage." + kind + "." + code)
		}
		if list == measure.DimRule {
			if t, ok := w.rules.Timer(code, w.today); ok {
				return t.Name.In(w.lang)
			}
			continue
		}
		if _, ok := w.rules.Term(list, code); ok {
			return w.rules.Name(list, code, w.lang)
		}
	}
	if t, ok := w.rules.Timer(code, w.today); ok {
		return t.Name.In(w.lang)
	}
	if code == "" {
		return w.t("measure.no_kind")
	}
	return code
}

// cell is what a column's code means to a reader.
func (w words) cell(d measure.Def, column, v string) string {
	switch column {
	case "day", "since", "vacant", "opened", "gone", "until":
		return ui.DayIn(w.lang, calendar.Date(v), w.today)
	case "born":
		if on := calendar.Date(v + "-01"); on.Valid() {
			return w.t("measure.month", strconv.Itoa(on.Year()), strconv.Itoa(on.Month()))
		}
	case "served":
		if n, err := strconv.Atoi(v); err == nil {
			return w.months(n)
		}
	case "duties":
		switch v {
		case "part":
			return w.t("measure.part_time")
		case "0":
			return w.t("measure.full_time")
		}
		return w.t("measure.duties", v)
	case "villages":
		return w.t("measure.villages", v)
	case "post", "head_post", "posts":
		return w.posts(v)
	case "months":
		if n, err := strconv.Atoi(v); err == nil {
			return w.months(n)
		}
	case "category":
		return w.rules.Name("official_category", v, w.lang)
	case "role":
		return w.rules.Name("duty_role", v, w.lang)
	case "what":
		return locale.First(w.lang, "measure.what."+v, "measure.what.other")
	case "kind":
		return w.dim(d.Dims, v)
	case "month":
		if on := calendar.Date(v + "-01"); on.Valid() {
			return w.t("measure.month", strconv.Itoa(on.Year()), strconv.Itoa(on.Month()))
		}
	case "which":
		return w.which(v)
	}
	return v
}

// which is what was asked, which paper it was, or that somebody was there.
func (w words) which(v string) string {
	if doc, ok := w.rules.Document(v); ok {
		return doc.Name.In(w.lang)
	}
	return locale.First(w.lang, "kind."+v, "measure.what."+v)
}

// posts are kinds of posts, divided by blanks.
func (w words) posts(v string) string {
	var out []string
	for _, k := range strings.Fields(v) {
		out = append(out, w.t("post."+k))
	}
	return strings.Join(out, w.t("list.comma"))
}

func (w words) months(n int) string {
	switch {
	case n < 12:
		return w.t("measure.months", strconv.Itoa(n))
	case n%12 == 0:
		return w.t("measure.years", strconv.Itoa(n/12))
	}
	return w.t("measure.years_months", strconv.Itoa(n/12), strconv.Itoa(n%12))
}

// isNumber says whether a column is set to the right.
func isNumber(column string) bool {
	switch column {
	case "n", "hours", "authorised", "actual", "villages", "towns", "days", "held", "least":
		return true
	}
	return false
}

// isLong says whether a column's texts may be long.
func isLong(column string) bool {
	switch column {
	case "title", "group", "duties", "posts", "post_text", "what":
		return true
	}
	return false
}
