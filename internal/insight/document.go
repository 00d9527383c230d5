package insight

import (
	"strconv"
	"strings"

	"qianshao/internal/locale"
	"qianshao/internal/measure"
	"qianshao/internal/org"
)

// Document is a report in one language: sections of sentences and tables, from which every format is made.
type Document struct {
	Lang     string
	Title    string
	Sub      string
	Sections []Section
}

// Section is a heading with what stands under it. Level 0 has no heading, 1 is 一、, 2 is （一）. Side is what stands in
// the margin of the page and nowhere else.
type Section struct {
	Level int
	ID    string
	Head  string
	Mark  Verdict // of a problem
	Paras [][]Run
	Table *Table
	Fold  bool // long: folded on the page until opened
	Side  []Pair
}

// Run is a piece of a sentence; one that is a number links to its rows.
type Run struct {
	Text string
	Link string
}

// Pair is a label and what stands beside it.
type Pair struct {
	Label  string
	Text   string
	Link   string
	Beside string
}

// Table is a table with its caption.
type Table struct {
	Caption string
	Columns []Column
	Rows    [][]Run
}

// Column is a column's head, its share of the width in print, and whether it holds numbers.
type Column struct {
	Head  string
	Width int
	Right bool
}

// Names is the column that says what a row is: the first that holds no numbers.
func (t *Table) Names() int {
	for i, c := range t.Columns {
		if !c.Right {
			return i
		}
	}
	return 0
}

// composer writes one report in one language.
type composer struct {
	rep  *Report
	lang string
	doc  Document
}

// Compose turns a report into sentences.
func Compose(rep *Report, lang string) Document {
	c := &composer{rep: rep, lang: lang, doc: Document{Lang: lang}}
	c.doc.Title = c.t("report.title", rep.Unit.Name)
	c.doc.Sub = c.t("report.sub", rep.Unit.Commission(), day(lang, rep.Period.To))
	c.opening()
	c.problems()
	c.remedies()
	c.changes()
	c.annexes()
	return c.doc
}

func (c *composer) t(key string, args ...string) string { return locale.T(c.lang, key, args...) }

func (c *composer) add(s Section) { c.doc.Sections = append(c.doc.Sections, s) }

// word is one piece of a sentence's pattern: text, a {measure:form}, a {@name}, or the word that goes with its number,
// {@name:city:cities}.
type word struct{ text, name, form string }

// split takes a pattern apart.
func split(pattern string) []word {
	var out []word
	for {
		before, after, ok := strings.Cut(pattern, "{")
		if before != "" {
			out = append(out, word{text: before})
		}
		if !ok {
			return out
		}
		token, more, _ := strings.Cut(after, "}")
		name, form, _ := strings.Cut(token, ":")
		out = append(out, word{name: name, form: form})
		pattern = more
	}
}

// named lists the measures that a sentence names in either language, with its two variants.
func named(key string) []string {
	var out []string
	for _, k := range []string{key, key + ".none", key + ".zero"} {
		if !locale.Has(k) {
			continue
		}
		for _, lang := range []string{locale.Zh, locale.En} {
			for _, w := range split(locale.T(lang, k)) {
				if w.name != "" && w.name[0] != '@' {
					out = append(out, w.name)
				}
			}
		}
	}
	return out
}

// say makes the sentence of a key. The variant .none is taken when a number in it is not known, and .zero when the first
// one is nought; without such a variant an unknown number leaves the whole sentence out.
func (c *composer) say(key string) []Run {
	words := split(c.t(key))
	first := true
	for _, w := range words {
		f := c.rep.Figures[w.name]
		if f == nil {
			continue
		}
		switch {
		case !f.Now.Known && locale.Has(key+".none"):
			return c.say(key + ".none")
		case !f.Now.Known:
			return nil
		case first && form(f, w.form, c.lang) == "0" && locale.Has(key+".zero"):
			return c.say(key + ".zero")
		}
		first = false
	}
	var out []Run
	for _, w := range words {
		switch {
		case w.name == "":
			out = append(out, Run{Text: w.text})
		case w.name[0] == '@' && w.form != "":
			one, many, _ := strings.Cut(w.form, ":")
			if n := c.context(w.name[1:]); len(n) == 1 && n[0].Text == "1" {
				many = one
			}
			out = append(out, Run{Text: many})
		case w.name[0] == '@':
			out = append(out, c.context(w.name[1:])...)
		default:
			f := c.rep.Figures[w.name]
			if text := form(f, w.form, c.lang); text != "" {
				out = append(out, Run{Text: text, Link: f.Link})
			}
		}
	}
	return out
}

// form writes a figure in one of the forms a sentence can ask for: n and d are its two numbers, rest what of d is not
// in n, of a percentage in brackets where both numbers stand already and the percentage says more.
func form(f *Figure, name, lang string) string {
	v := f.Now
	switch name {
	case "n":
		return number(v.Numerator)
	case "d":
		return number(v.Denominator)
	case "rest":
		return number(rest(v))
	case "of":
		if v.Denominator <= smallest {
			return ""
		}
		return locale.T(lang, "report.of", show(f.Def.Unit, v))
	}
	return show(f.Def.Unit, v)
}

// context is what a sentence can say besides measures.
func (c *composer) context(name string) []Run {
	switch name {
	case "missing":
		return c.missing()
	case "leaving":
		if len(c.rep.Leaving) == 0 {
			return nil
		}
		return plain(c.t("report.leaving", c.parts("report.part.person", c.rep.Leaving, "leaving_reason")))
	case "channels":
		f := c.rep.Figures["clue.by_channel"]
		return plain(c.parts("report.part.clue", f.Now.By, f.Def.Dims...))
	case "silent":
		return plain(c.silent())
	case "common_kinds":
		return plain(c.commonKinds())
	}
	text, ok := map[string]string{
		"unit": c.rep.Unit.Name, "all": c.all(), "to": day(c.lang, c.rep.Period.To),
		"span": span(c.lang, c.rep.Period), "before": span(c.lang, c.rep.Before), "many": strconv.Itoa(c.rep.many),
		"cities": number(int64(c.rep.Cities)), "counties": number(int64(c.rep.Counties)), "towns": number(int64(c.rep.Towns)),
	}[name]
	if !ok {
		panic("insight: a sentence asks for @" + name) // a test walks every sentence
	}
	return plain(text)
}

// all is the unit as a whole, as its own papers call it: 全市, 全县, 全区.
func (c *composer) all() string {
	key := "report.all." + c.rep.Unit.Kind
	if c.rep.Unit.Kind == "county" {
		for _, end := range []string{"区", "市"} { // a district, or a city of county rank
			if strings.HasSuffix(c.rep.Unit.Name, end) {
				return c.t(key + "." + end)
			}
		}
	}
	return c.t(key)
}

// missing lists the posts that are vacant with how many of each, and leaves out those that are all held.
func (c *composer) missing() []Run {
	var out []Run
	for _, post := range org.Establishment {
		f := c.rep.Figures["staff.vacant."+post]
		if f == nil || f.Now.Numerator == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, Run{Text: c.t("list.comma")})
		}
		out = append(out, c.fill("report.missing."+post, Run{number(f.Now.Numerator), f.Link})...)
	}
	return out
}

// parts lists the kinds of a number with how many of each: 来信3件、来访1件.
func (c *composer) parts(key string, ps []measure.Part, lists ...string) string {
	var out []string
	for _, p := range ps {
		out = append(out, c.t(key, c.term(p.Dim, lists...), number(p.N)))
	}
	return list(c.lang, out)
}

// term is the rulebook's name of a code in the first list that has it.
func (c *composer) term(code string, lists ...string) string {
	for _, l := range lists {
		if t, ok := c.rep.rules.Term(l, code); ok {
			return t.Name.In(c.lang)
		}
	}
	return code
}

// silent lists the channels by which nothing came in the period.
func (c *composer) silent() string {
	heard := map[string]bool{}
	for _, p := range c.rep.Figures["clue.by_channel"].Now.By {
		heard[p.Dim] = true
	}
	var out []string
	for _, t := range c.rep.rules.Terms("channel", c.rep.Period.To) {
		if !heard[t.Code] {
			out = append(out, t.Name.In(c.lang))
		}
	}
	if len(out) == 0 {
		return c.t("report.silent.none")
	}
	return c.t("report.silent", list(c.lang, out), number(int64(len(out))), number(c.rep.least))
}

// fill puts pieces into the places {0}, {1} … of a text, so that numbers keep their links.
func (c *composer) fill(key string, args ...Run) []Run {
	var out []Run
	for _, w := range split(c.t(key)) {
		if w.name == "" {
			out = append(out, Run{Text: w.text})
		} else if n, err := strconv.Atoi(w.name); err == nil && n < len(args) {
			out = append(out, args[n])
		}
	}
	return out
}

// runs joins pieces of sentences that are named after one another.
func (c *composer) runs(items [][]Run) []Run {
	var out []Run
	for i, x := range items {
		if i > 0 {
			out = append(out, Run{Text: c.t("list.comma")})
		}
		out = append(out, x...)
	}
	return out
}

// para joins sentences into one paragraph; sentences that have nothing to say leave no trace.
func (c *composer) para(sentences ...[]Run) []Run {
	var out []Run
	for _, s := range sentences {
		if len(s) == 0 {
			continue
		}
		if len(out) > 0 && c.lang == locale.En {
			out = append(out, Run{Text: " "})
		}
		out = append(out, s...)
	}
	return out
}

func plain(text string) []Run { return []Run{{Text: text}} }

// cells makes a row of a table out of texts.
func cells(texts ...string) []Run {
	out := make([]Run, len(texts))
	for i, t := range texts {
		out[i] = Run{Text: t}
	}
	return out
}
