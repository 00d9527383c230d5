package flowhttp

import (
	"fmt"
	"strings"
	"text/template"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/web/ui"
)

// PaperData is what an official paper is drafted from: the matter's own data, written as papers write them.
type PaperData struct {
	Organ, No, MatterNo, Title        string
	Subject, SubjectPost, SubjectUnit string
	SubjectStage, Handler, Addressee  string
	Received, Due, Today              calendar.Date
	Why                               []string
	F                                 map[string]string
}

// Paper is a drafted paper: a title and its paragraphs.
type Paper struct {
	Code  string
	Title string
	No    string
	Lines []PaperLine
}

// PaperLine is a paragraph or a heading.
type PaperLine struct {
	Text string
	Head bool
}

// Draft fills in a paper of the rulebook. Papers are Chinese, whatever language the page is in.
func (p *Pages) Draft(code string, d PaperData) (Paper, error) {
	doc, ok := p.Rules.Document(code)
	if !ok || doc.Body == "" {
		return Paper{}, fault.Hidden()
	}
	t, err := template.New(code).Option("missingkey=zero").Parse(doc.Body)
	if err != nil {
		return Paper{}, fmt.Errorf("paper %s: %w", code, err)
	}
	day := func(d calendar.Date) string { return ui.LongDay("zh-CN", d) }
	var b strings.Builder
	if err := t.Execute(&b, map[string]any{"Organ": d.Organ, "No": d.No, "MatterNo": d.MatterNo, "Title": d.Title, "Subject": d.Subject, "SubjectPost": d.SubjectPost, "SubjectUnit": d.SubjectUnit,
		"SubjectStage": d.SubjectStage, "Handler": d.Handler, "Addressee": d.Addressee, "Received": day(d.Received), "Due": day(d.Due), "Today": day(d.Today), "Why": d.Why, "F": d.F}); err != nil {
		return Paper{}, fmt.Errorf("paper %s: %w", code, err)
	}
	out := Paper{Code: code, No: d.No}
	for i, line := range strings.Split(strings.TrimSpace(b.String()), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case i == 0:
			out.Title = line
		case line == "":
		case strings.HasPrefix(line, "# "):
			out.Lines = append(out.Lines, PaperLine{strings.TrimPrefix(line, "# "), true})
		default:
			out.Lines = append(out.Lines, PaperLine{line, false})
		}
	}
	return out, nil
}
