package insight

import (
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/locale"
	"qianshao/internal/measure"
)

// opening says what the report rests on and what came of it.
func (c *composer) opening() {
	n := map[Verdict]int{}
	var found []string
	for _, f := range c.rep.Findings {
		if n[f.Verdict]++; f.Verdict == Found {
			found = append(found, f.Title.In(c.lang))
		}
	}
	sum := c.t("report.sum", strconv.Itoa(len(c.rep.Findings)), strconv.Itoa(n[Found]))
	if n[Found] > 0 {
		sum += c.t("report.sum.found", list(c.lang, found))
	}
	if n[Clear] > 0 {
		sum += c.t("report.sum.clear", strconv.Itoa(n[Clear]))
	}
	if n[Unjudged] > 0 {
		sum += c.t("report.sum.unjudged", strconv.Itoa(n[Unjudged]))
	}
	if n[OfWhole] > 0 {
		sum += c.t("report.sum.whole", strconv.Itoa(n[OfWhole]))
	}
	verdicts := make([]Pair, len(c.rep.Findings))
	for i, f := range c.rep.Findings {
		verdicts[i] = Pair{Label: f.Title.In(c.lang), Text: c.t("report.mark." + string(f.Verdict)), Link: "#p-" + f.Code}
	}
	c.add(Section{ID: "basis", Side: verdicts, Paras: [][]Run{c.say("report.intro." + c.rep.Unit.Kind), c.say("report.method"), plain(sum + c.t("report.stop"))}})
}

// problems is part one: what the numbers say of each of the five.
func (c *composer) problems() {
	c.add(Section{Level: 1, ID: "problems", Head: c.t("report.part.problems", ordinal(c.lang, 1))})
	for i, f := range c.rep.Findings {
		s := Section{Level: 2, ID: "p-" + f.Code, Head: c.t("report.head", ordinal(c.lang, i+1), f.Title.In(c.lang)), Mark: f.Verdict, Side: c.side(f)}
		var facts [][]Run
		for _, say := range f.Says {
			facts = append(facts, c.say("report.say."+say))
		}
		s.Paras = append(s.Paras, c.para(facts...))
		s.Paras = append(s.Paras, c.para(c.judged(f), c.where(f), c.moved(f)))
		var lacks [][]Run
		for _, l := range f.Lacks {
			lacks = append(lacks, plain(c.t("report.lack."+l)))
		}
		if p := c.para(lacks...); p != nil {
			s.Paras = append(s.Paras, p)
		}
		s.Paras = slices.DeleteFunc(s.Paras, func(p []Run) bool { return len(p) == 0 })
		c.add(s)
	}
}

// judged says what came of a problem's tests and by which number: a problem not found says so.
func (c *composer) judged(f Finding) []Run {
	var past, not [][]Run
	var unknown, shows []string
	for _, r := range f.Results {
		name := c.name(r.Measure)
		if !r.Known {
			unknown = append(unknown, name)
			continue
		}
		one := c.fill("report.judged.one", Run{Text: name}, Run{show(r.Figure.Def.Unit, r.Figure.Now), r.Figure.Link}, Run{Text: limit(c.lang, r.Figure.Def.Unit, r.Test)})
		if r.Past {
			past = append(past, one)
			shows = append(shows, c.t("report.shows."+r.Measure))
		} else {
			not = append(not, one)
		}
	}
	switch f.Verdict {
	case Found:
		return c.para(c.wrap("report.judged.found", past), plain(c.t("report.judged.shows", strings.Join(shows, c.t("list.comma_in")))))
	case Clear:
		return c.wrap("report.judged.clear", not)
	case OfWhole:
		return plain(c.t("report.judged.whole"))
	}
	return plain(c.t("report.judged.unknown", list(c.lang, unknown)))
}

// wrap puts a list into a sentence.
func (c *composer) wrap(key string, items [][]Run) []Run {
	before, after, _ := strings.Cut(c.t(key), "{0}")
	return append(append(plain(before), c.runs(items)...), Run{Text: after})
}

// most is how many places are named where a problem is concentrated.
const most = 3

// where names the units below that a problem lies with mostly. Only counts and shares can be summed up so, and nothing
// that is never scored.
func (c *composer) where(f Finding) []Run {
	if f.Verdict != Found {
		return nil
	}
	for _, r := range f.Results {
		if !r.Past || len(r.Figure.Parts) < 2 {
			continue
		}
		u := r.Figure.Def.Unit
		if u != measure.Share && (u != measure.Number || c.rep.Unit.Kind == "county") {
			continue // of townships a count is one or none: the annex has them by name
		}
		weight := func(v measure.Value) int64 {
			if r.Under != nil {
				return rest(v)
			}
			return v.Numerator
		}
		parts := slices.DeleteFunc(slices.Clone(r.Figure.Parts), func(p Part) bool { return weight(p.Value) <= 0 })
		slices.SortStableFunc(parts, func(a, b Part) int { return int(weight(b.Value) - weight(a.Value)) })
		n := min(most, len(parts))
		for n > 0 && n < len(parts) && weight(parts[n-1].Value) == weight(parts[n].Value) {
			n-- // of several alike none is singled out
		}
		if n == 0 || n == len(r.Figure.Parts) {
			continue // all of them are no place to point at
		}
		var names [][]Run
		for _, p := range parts[:n] {
			names = append(names, c.fill("report.part.at", Run{Text: p.Unit.Name}, Run{number(weight(p.Value)), rowsLink(r.Measure, p.Unit, c.rep.Period)}))
		}
		return c.wrap("report.where."+r.Measure, names)
	}
	return nil
}

// moved says how the figures under test went since the span before.
func (c *composer) moved(f Finding) []Run {
	var out []string
	known := false
	for _, r := range f.Results {
		if r.Known && r.Figure.Was.Known {
			known = true
			if delta(r.Figure.Def.Unit, r.Figure.Now, r.Figure.Was) != 0 {
				out = append(out, c.t("report.moved.one", c.name(r.Measure), change(c.lang, r.Figure)))
			}
		}
	}
	switch {
	case !known:
		return nil
	case len(out) == 0:
		return plain(c.t("report.moved.not"))
	}
	return plain(c.t("report.moved", list(c.lang, out)))
}

// side is the margin of a problem: its inputs, their change, and who owes.
func (c *composer) side(f Finding) []Pair {
	var out []Pair
	for _, m := range f.Side {
		fig := c.rep.Figures[m]
		if !fig.Now.Known {
			continue
		}
		p := Pair{Label: c.name(m), Text: show(fig.Def.Unit, fig.Now), Link: fig.Link}
		if fig.Was.Known {
			p.Beside = c.t("report.side.change", change(c.lang, fig))
		}
		out = append(out, p)
	}
	return append(out, Pair{Label: c.t("report.owner"), Text: f.Owner.In(c.lang)}, Pair{Label: c.t("report.source"), Text: f.Source.In(c.lang)})
}

// remedies is part two: what is to be done, by whom, by when, and how far it has come.
func (c *composer) remedies() {
	c.add(Section{Level: 1, ID: "remedies", Head: c.t("report.part.remedies", ordinal(c.lang, 2)), Paras: [][]Run{plain(c.t("report.remedies.intro", strconv.Itoa(len(c.rep.Remedies))))}})
	t := &Table{Caption: c.t("report.steps"), Columns: []Column{{c.t("report.col.no"), 2, true}, {c.t("report.col.step"), 9, false}, {c.t("report.col.owner"), 6, false},
		{c.t("report.col.by"), 5, false}, {c.t("report.col.done"), 4, true}, {c.t("report.col.change"), 5, true}}}
	for i, x := range c.rep.Remedies {
		var says [][]Run
		for _, say := range x.Says {
			says = append(says, c.say("report.say."+say))
		}
		for _, l := range x.Lacks {
			says = append(says, plain(c.t("report.lack."+l)))
		}
		s := Section{Level: 2, ID: "r-" + x.Code, Head: c.t("report.head", ordinal(c.lang, i+1), x.Title.In(c.lang)), Paras: [][]Run{c.para(says...)}}
		var answers []string
		for _, a := range x.Answers {
			for _, f := range c.rep.Findings {
				if f.Code == a {
					answers = append(answers, f.Title.In(c.lang))
				}
			}
		}
		s.Side = []Pair{{Label: c.t("report.answers"), Text: list(c.lang, answers)}, {Label: c.t("report.source"), Text: x.Source.In(c.lang)}}
		c.add(s)
		for j, step := range x.Steps {
			f := c.rep.Figures[step.Measure]
			row := cells(strconv.Itoa(i+1)+"."+strconv.Itoa(j+1), c.t("report.step."+step.Code), step.Owner.In(c.lang), day(c.lang, step.By.After(c.rep.Period.To)), done(f.Now, step), progress(c.lang, f, step))
			row[4].Link = f.Link
			t.Rows = append(t.Rows, row)
		}
	}
	c.add(Section{Level: 2, ID: "steps", Head: c.t("report.head.steps"), Table: t})
}

// done is how far a step has come, as done of owed; a step whose aim is nought shows what is left.
func done(v measure.Value, s Step) string {
	switch {
	case !v.Known:
		return "—"
	case s.Done == "none" || v.Denominator == 0:
		return number(v.Numerator)
	case s.Done == "rest":
		return number(rest(v)) + "/" + number(v.Denominator)
	}
	return number(v.Numerator) + "/" + number(v.Denominator)
}

// progress says how the count that a step goes by moved since the span before.
func progress(lang string, f *Figure, s Step) string {
	counted := func(v measure.Value) measure.Value {
		if s.Done == "rest" {
			v.Numerator = rest(v)
		}
		return v
	}
	d := *f
	d.Def.Unit, d.Now, d.Was = measure.Number, counted(f.Now), counted(f.Was)
	return change(lang, &d)
}

// changes is part three: every figure now and over the span before.
func (c *composer) changes() {
	t := &Table{Columns: []Column{{c.t("report.col.figure"), 12, false}, {c.t("report.col.now"), 4, true}, {c.t("report.col.was"), 4, true}, {c.t("report.col.change"), 6, true}}}
	veiled := false
	for _, m := range c.rep.Order {
		f := c.rep.Figures[m]
		if f.Now.Veil != nil || f.Was.Veil != nil {
			veiled = true
		} else if !f.Now.Known && !f.Was.Known {
			continue
		}
		row := cells(c.name(m), show(f.Def.Unit, f.Now), show(f.Def.Unit, f.Was), change(c.lang, f))
		row[1].Link = f.Link
		row[2].Link = rowsLink(m, c.rep.Unit, c.rep.Before)
		t.Rows = append(t.Rows, row)
	}
	var eased, risen []string
	for _, f := range c.rep.Findings {
		switch {
		case f.Was == Found && f.Verdict == Clear:
			eased = append(eased, f.Title.In(c.lang))
		case f.Was == Clear && f.Verdict == Found:
			risen = append(risen, f.Title.In(c.lang))
		}
	}
	text := c.t("report.changes.intro", span(c.lang, c.rep.Before))
	switch {
	case len(eased)+len(risen) == 0:
		text += c.t("report.changes.same")
	default:
		if len(eased) > 0 {
			text += c.t("report.changes.eased", list(c.lang, eased))
		}
		if len(risen) > 0 {
			text += c.t("report.changes.risen", list(c.lang, risen))
		}
		text += c.t("report.stop")
	}
	if veiled {
		text += c.t("report.veiled")
	}
	c.add(Section{Level: 1, ID: "changes", Head: c.t("report.part.changes", ordinal(c.lang, 3)), Paras: [][]Run{plain(text)}, Table: t})
}

// name is a measure's name as a sentence says it.
func (c *composer) name(m string) string {
	return locale.First(c.lang, "report.name."+m, "measure."+m)
}

// gapName is what a kind of gap is called: 缺配书记, 副书记兼职.
func (c *composer) gapName(kind string) string {
	k, post, ok := strings.Cut(kind, ".")
	if !ok {
		return c.t("report.gap." + k)
	}
	return c.t("report.gap."+k, c.t("report.post."+post))
}

// gapOwner is who owes it.
func (c *composer) gapOwner(kind string) string {
	k, _, _ := strings.Cut(kind, ".")
	return c.t("report.gap." + k + ".owner")
}
