package intakehttp

import (
	"net/http"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// words are what a letter's reporter said after it, as facts of a matter's page: each a link for those who may open it.
func (p *Pages) words(c *web.Ctx, letter id.ID, open bool) (out []flowhttp.Fact, err error) {
	ws, err := intake.Words(c.Context(), c.In(letter), letter.Key)
	for _, w := range ws {
		day := ui.DayIn(c.Lang, w.Outside.Day, c.Today)
		note := c.T("letter.word.unread", day)
		if w.Read != "" {
			note = c.T("letter.word.read", day, ui.DayIn(c.Lang, w.Read, c.Today))
		}
		s := ui.Segment{Text: c.T("letter.word." + w.Outside.Kind)}
		if open {
			s.Href = "/letters/" + letter.String() + "/words/" + w.ID
		}
		out = append(out, flowhttp.Fact{Label: c.T("letter.words"), Text: ui.Segments{s, {Text: note, Dim: true}}})
	}
	return out, err
}

func (p *Pages) word(c *web.Ctx) error { return p.askWord(c, "", nil) }

// askWord asks why what was said is to be opened.
func (p *Pages) askWord(c *web.Ctx, reason string, problem error) error {
	key, m, at, err := p.opener(c)
	if err != nil {
		return err
	}
	if !id.ValidKey(c.R.PathValue("word")) {
		return fault.Hidden()
	}
	if reason == "" && problem == nil {
		reason = c.T("letter.word.reason")
	}
	return p.reason(c, m, at, "/letters/"+key.String()+"/words/"+c.R.PathValue("word"), c.T("letter.words"), reason, nil, problem)
}

// readWord opens what was said and shows it once.
func (p *Pages) readWord(c *web.Ctx) error {
	key, m, _, err := p.opener(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	c.Who.Request = access.Request{} // what is read is never replayed
	word := c.R.PathValue("word")
	h, err := p.Intake.OpenWord(c.Context(), c.Who, key, word, f.Get("reason"))
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.askWord(c, f.Get("reason"), err)
		}
		return err
	}
	title := c.T("letter.word." + h.Outside.Kind)
	v := letterView{Frame: c.Frame(title), Title: title, No: m.No, Meta: outside(c, m), Back: p.back(c, m), Opened: true, Altered: h.Altered, Parts: []letterPart{{Label: ui.DayIn(c.Lang, h.Outside.Day, c.Today), Text: h.Speech.Text}}}
	for i, x := range h.Speech.Files {
		v.Files = append(v.Files, letterFile{x.Name, ui.Bytes(x.Size), "/letters/" + key.String() + "/words/" + word + "/files/" + strconv.Itoa(i)})
	}
	return c.Render(http.StatusOK, letterPage(v))
}

// back is the page of what a letter was entered as, or its own.
func (p *Pages) back(c *web.Ctx, m flow.Matter) string {
	if l, err := intake.GetLetter(c.Context(), c.In(m.ID), m.ID.Key); err == nil && l.Tipoff != "" {
		return "/m/" + id.ID{City: m.ID.City, Key: l.Tipoff}.String()
	}
	return "/m/" + m.ID.String()
}

// wordFile sends a file that came with a word.
func (p *Pages) wordFile(c *web.Ctx) error {
	key, _, _, err := p.opener(c)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.R.PathValue("n"))
	if err != nil {
		return fault.Hidden()
	}
	f, content, err := p.Intake.ReadWordContent(c.Context(), c.Who, key, c.R.PathValue("word"), n)
	if fault.Code(err) == "key.locked" {
		return p.askWord(c, "", err)
	}
	if err != nil {
		return err
	}
	defer content.Close()
	return c.Attach(f.Name, f.Type, f.Size, content)
}
