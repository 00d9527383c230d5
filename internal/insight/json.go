package insight

import (
	"encoding/json"
	"io"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
)

// The JSON form of a report. Numbers stand as numbers, sentences as text in the language asked for; a golden holds its
// names.
type (
	jsonReport struct {
		Unit     jsonUnit      `json:"unit"`
		From     calendar.Date `json:"from"`
		To       calendar.Date `json:"to"`
		Before   jsonSpan      `json:"before"`
		Lang     string        `json:"lang"`
		Title    string        `json:"title"`
		Figures  []jsonFigure  `json:"figures"`
		Problems []jsonProblem `json:"problems"`
		Remedies []jsonRemedy  `json:"remedies"`
		Gaps     []jsonGap     `json:"townships"`
		Common   []jsonCommon  `json:"common"`
		Text     []jsonSection `json:"text"`
	}
	jsonUnit struct {
		ID   string `json:"id"`
		Code string `json:"code"`
		Name string `json:"name"`
		Kind string `json:"kind"`
	}
	jsonSpan struct {
		From calendar.Date `json:"from"`
		To   calendar.Date `json:"to"`
	}
	jsonValue struct {
		Known       bool       `json:"known"`
		Value       float64    `json:"value"`
		Numerator   int64      `json:"numerator"`
		Denominator int64      `json:"denominator"`
		By          []jsonPart `json:"by,omitempty"`
		Withheld    string     `json:"withheld,omitempty"` // why all of these are: small, at_least, running or rows
	}
	jsonPart struct {
		Code string `json:"code"`
		N    int64  `json:"n"`
	}
	jsonFigure struct {
		Name        string    `json:"name"`
		Says        string    `json:"says"`
		Unit        string    `json:"unit"`
		NeverScored bool      `json:"never_scored"`
		Now         jsonValue `json:"now"`
		Before      jsonValue `json:"before"`
		Change      string    `json:"change"`
		Rows        string    `json:"rows"`
	}
	jsonProblem struct {
		Code    string     `json:"code"`
		Title   string     `json:"title"`
		Verdict Verdict    `json:"verdict"`
		Before  Verdict    `json:"verdict_before"`
		Owner   string     `json:"owner"`
		Source  string     `json:"source"`
		Tests   []jsonTest `json:"tests"`
	}
	jsonTest struct {
		Measure string `json:"measure"`
		Over    *int64 `json:"over,omitempty"`
		Under   *int64 `json:"under,omitempty"`
		Known   bool   `json:"known"`
		Past    bool   `json:"past"`
		Sure    string `json:"sure"`
		Note    string `json:"note"`
	}
	jsonRemedy struct {
		Code    string     `json:"code"`
		Title   string     `json:"title"`
		Answers []string   `json:"answers"`
		Steps   []jsonStep `json:"steps"`
	}
	jsonStep struct {
		Code    string        `json:"code"`
		Says    string        `json:"says"`
		Measure string        `json:"measure"`
		Owner   string        `json:"owner"`
		Due     calendar.Date `json:"due"`
		Done    string        `json:"done"`
	}
	jsonGap struct {
		Unit     jsonUnit      `json:"unit"`
		County   jsonUnit      `json:"county"`
		Vacant   []jsonVacancy `json:"vacant"`
		PartTime []string      `json:"part_time"`
		Fresh    []string      `json:"under_two_years"`
		Under    bool          `json:"organ_under_strength"`
	}
	jsonVacancy struct {
		Post  string        `json:"post"`
		Since calendar.Date `json:"since"`
	}
	jsonCommon struct {
		County jsonUnit `json:"county"`
		Gap    string   `json:"gap"`
		Towns  int      `json:"townships"`
	}
	jsonSection struct {
		Level int      `json:"level"`
		Head  string   `json:"head"`
		Paras []string `json:"paragraphs"`
	}
)

func writeJSON(w io.Writer, rep *Report, lang string) error {
	doc := Compose(rep, lang)
	unit := func(u access.Unit) jsonUnit {
		return jsonUnit{ID: u.ID.String(), Code: u.Code, Name: u.Name, Kind: u.Kind}
	}
	out := jsonReport{Unit: unit(rep.Unit), From: rep.Period.From, To: rep.Period.To, Before: jsonSpan{rep.Before.From, rep.Before.To}, Lang: lang, Title: doc.Title,
		Gaps: []jsonGap{}, Common: []jsonCommon{}}
	for _, name := range rep.Order {
		f := rep.Figures[name]
		out.Figures = append(out.Figures, jsonFigure{Name: name, Says: locale.T(lang, "measure."+name), Unit: string(f.Def.Unit), NeverScored: f.Def.NeverScored,
			Now: jsonOf(f.Def.Unit, f.Now), Before: jsonOf(f.Def.Unit, f.Was), Change: change(lang, f), Rows: f.Link})
	}
	for _, f := range rep.Findings {
		p := jsonProblem{Code: f.Code, Title: f.Title.In(lang), Verdict: f.Verdict, Before: f.Was, Owner: f.Owner.In(lang), Source: f.Source.In(lang), Tests: []jsonTest{}}
		for _, r := range f.Results {
			p.Tests = append(p.Tests, jsonTest{Measure: r.Measure, Over: r.Over, Under: r.Under, Known: r.Known, Past: r.Past, Sure: string(r.Sure), Note: r.Note.In(lang)})
		}
		out.Problems = append(out.Problems, p)
	}
	for _, x := range rep.Remedies {
		r := jsonRemedy{Code: x.Code, Title: x.Title.In(lang), Answers: x.Answers, Steps: []jsonStep{}}
		for _, s := range x.Steps {
			r.Steps = append(r.Steps, jsonStep{Code: s.Code, Says: locale.T(lang, "report.step."+s.Code), Measure: s.Measure, Owner: s.Owner.In(lang), Due: s.By.After(rep.Period.To), Done: done(rep.Figures[s.Measure].Now, s)})
		}
		out.Remedies = append(out.Remedies, r)
	}
	for _, g := range rep.Gaps {
		j := jsonGap{Unit: unit(g.Unit), County: unit(g.County), Vacant: []jsonVacancy{}, PartTime: append([]string{}, g.PartTime...), Fresh: append([]string{}, g.Fresh...), Under: g.Under}
		for _, v := range g.Vacant {
			j.Vacant = append(j.Vacant, jsonVacancy(v))
		}
		out.Gaps = append(out.Gaps, j)
	}
	for _, x := range rep.Common {
		out.Common = append(out.Common, jsonCommon{County: unit(x.County), Gap: x.Kind, Towns: x.Towns})
	}
	for _, s := range doc.Sections {
		j := jsonSection{Level: s.Level, Head: s.Head, Paras: []string{}}
		for _, p := range s.Paras {
			j.Paras = append(j.Paras, text(p))
		}
		out.Text = append(out.Text, j)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

func jsonOf(u measure.Unit, v measure.Value) jsonValue {
	j := jsonValue{Known: v.Known, Value: v.Float(u), Numerator: v.Numerator, Denominator: v.Denominator}
	if v.Veil != nil {
		j.Withheld = v.Veil.Why
	}
	for _, p := range v.By {
		j.By = append(j.By, jsonPart{Code: p.Dim, N: p.N})
	}
	return j
}
