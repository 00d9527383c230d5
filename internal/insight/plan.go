package insight

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/goccy/go-yaml"

	"qianshao/internal/calendar"
	"qianshao/internal/measure"
	"qianshao/internal/rulebook"
)

// Plan is what the report asks and of whom, as data with its sources.
type Plan struct {
	Problems []Problem
	Remedies []Remedy
	Common   Common
}

// Problem is one of the five, and how it is told whether it is one.
type Problem struct {
	Code   string        `yaml:"code"`
	Title  rulebook.Text `yaml:"title"`
	Source rulebook.Text `yaml:"source"` // where the field report speaks of it
	Owner  rulebook.Text `yaml:"owner"`
	Tests  []Test        `yaml:"tests"`
	Says   []string      `yaml:"says"`  // sentences, in order: locale report.say.<code>
	Side   []string      `yaml:"side"`  // measures for the margin
	Lacks  []string      `yaml:"lacks"` // what nobody records here yet: locale report.lack.<code>
}

// Test is a threshold. Over and Under are percent for shares and growth, years for ages, plain for the rest; a problem
// is found when one of its tests is past.
type Test struct {
	Measure string        `yaml:"measure"`
	Over    *int64        `yaml:"over"`
	Under   *int64        `yaml:"under"`
	OfWhole bool          `yaml:"of_whole"` // asked of a city and above only: no county or township is judged by it
	Sure    rulebook.Sure `yaml:"sure"`
	Note    rulebook.Text `yaml:"note"` // where the threshold comes from
}

// Remedy is one of the six.
type Remedy struct {
	Code    string        `yaml:"code"`
	Title   rulebook.Text `yaml:"title"`
	Source  rulebook.Text `yaml:"source"`
	Answers []string      `yaml:"answers"` // codes of problems
	Says    []string      `yaml:"says"`
	Steps   []Step        `yaml:"steps"`
	Lacks   []string      `yaml:"lacks"`
}

// Step is one thing to do, whose progress a measure tells: locale report.step.<code>.
type Step struct {
	Code    string        `yaml:"code"`
	Measure string        `yaml:"measure"`
	Done    string        `yaml:"done"` // what counts as done: n the numerator, rest what is not in it, none when zero is the aim
	Owner   rulebook.Text `yaml:"owner"`
	By      By            `yaml:"by"`
	Sure    rulebook.Sure `yaml:"sure"`
	Note    rulebook.Text `yaml:"note"`
}

// By is by when: so many months after the report's day, or the end of its year.
type By struct {
	Months  int  `yaml:"months"`
	YearEnd bool `yaml:"year_end"`
}

// After is the day by which a step is due, counted from the report's day.
func (b By) After(day calendar.Date) calendar.Date {
	if b.YearEnd {
		return calendar.MakeDate(day.Year(), 12, 31)
	}
	return day.AddMonths(b.Months)
}

// Common says from how many townships of one county on a gap is common.
type Common struct {
	Townships int           `yaml:"townships"`
	Sure      rulebook.Sure `yaml:"sure"`
	Note      rulebook.Text `yaml:"note"`
}

// LoadPlan reads report-problems.yaml, report-remedies.yaml and report-common.yaml. Whatever is wrong in them is
// refused with the file and the reason; Check holds the result against the measures there are.
func LoadPlan(files fs.FS) (*Plan, error) {
	p := &Plan{}
	for _, f := range []struct {
		name string
		into any
	}{{"report-problems.yaml", &p.Problems}, {"report-remedies.yaml", &p.Remedies}, {"report-common.yaml", &p.Common}} {
		b, err := fs.ReadFile(files, f.name)
		if err == nil {
			err = yaml.UnmarshalWithOptions(b, f.into, yaml.Strict())
		}
		if err != nil {
			return nil, fmt.Errorf("rulebook %s: %w", f.name, err)
		}
	}
	return p, p.check()
}

func (p *Plan) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("rulebook report: "+format, args...)) }
	text := func(what string, t rulebook.Text) {
		if t.Zh == "" || t.En == "" {
			fail("%s needs a text in both languages", what)
		}
	}
	sure := func(what string, s rulebook.Sure) {
		if !slices.Contains([]rulebook.Sure{rulebook.SureText, rulebook.SureSecondary, rulebook.SureUnverified, rulebook.SureLocal}, s) {
			fail("%s: sure must be text, secondary, unverified or local, not %q", what, s)
		}
	}
	codes := map[string]bool{}
	for _, x := range p.Problems {
		if x.Code == "" || codes[x.Code] {
			fail("problem %q is nameless or stands twice", x.Code)
		}
		codes[x.Code] = true
		text("problem "+x.Code+", title,", x.Title)
		text("problem "+x.Code+", source,", x.Source)
		text("problem "+x.Code+", owner,", x.Owner)
		for _, t := range x.Tests {
			what := "problem " + x.Code + ", test " + t.Measure
			text(what+", note,", t.Note)
			sure(what, t.Sure)
			if (t.Over == nil) == (t.Under == nil) {
				fail("%s: either over or under", what)
			}
		}
	}
	for _, x := range p.Remedies {
		text("remedy "+x.Code+", title,", x.Title)
		text("remedy "+x.Code+", source,", x.Source)
		for _, a := range x.Answers {
			if !codes[a] {
				fail("remedy %s answers %q, which is no problem", x.Code, a)
			}
		}
		for _, s := range x.Steps {
			what := "remedy " + x.Code + ", step " + s.Code
			text(what+", owner,", s.Owner)
			text(what+", note,", s.Note)
			sure(what, s.Sure)
			if s.Done != "n" && s.Done != "rest" && s.Done != "none" {
				fail("%s: done must be n, rest or none, not %q", what, s.Done)
			}
			if (s.By.Months > 0) == s.By.YearEnd {
				fail("%s: by must be a number of months or the end of the year", what)
			}
		}
	}
	text("common, note,", p.Common.Note)
	sure("common", p.Common.Sure)
	if p.Common.Townships < 2 {
		fail("common: a gap of one township is not common")
	}
	return errors.Join(errs...)
}

// Measures lists every measure the plan and its sentences name, in the order they are told.
func (p *Plan) Measures() []string {
	var out []string
	add := func(names ...string) {
		for _, n := range names {
			if n != "" && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	for _, x := range p.Problems {
		for _, s := range x.Says {
			add(named("report.say." + s)...)
		}
		add(x.Side...)
		for _, t := range x.Tests {
			add(t.Measure)
		}
	}
	for _, x := range p.Remedies {
		for _, s := range x.Says {
			add(named("report.say." + s)...)
		}
		for _, s := range x.Steps {
			add(s.Measure)
		}
	}
	return out
}

// Check refuses a plan that names a measure nobody declares, and a test that would judge a single county or township by
// what is never scored.
func (p *Plan) Check(g *measure.Registry) error {
	var errs []error
	for _, n := range p.Measures() {
		if _, err := g.Get(n); err != nil {
			errs = append(errs, fmt.Errorf("rulebook report: there is no measure %s", n))
		}
	}
	for _, x := range p.Problems {
		for _, t := range x.Tests {
			if d, err := g.Get(t.Measure); err == nil && d.NeverScored && !t.OfWhole {
				errs = append(errs, fmt.Errorf("rulebook report: problem %s, test %s: what is never scored needs of_whole: true", x.Code, t.Measure))
			}
		}
	}
	return errors.Join(errs...)
}
