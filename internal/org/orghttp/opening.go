package orghttp

import (
	"net/http"
	"net/url"

	"qianshao/internal/calendar"
	"qianshao/internal/org"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

const openingPath = grantsPath + "/new"

type openingView struct {
	Frame  ui.Frame
	Key    string
	Wrong  string
	Fields []ui.FieldView
}

func (p *Pages) opening(c *web.Ctx) error {
	return p.openingForm(c, http.StatusOK, url.Values{"on": {string(c.Today)}, "organ": {c.R.URL.Query().Get("organ")}}, nil)
}

// openingForm asks for a post to be set up: where, which, from when.
func (p *Pages) openingForm(c *web.Ctx, status int, f url.Values, problem error) error {
	organs, err := p.Org.Organs(c.Context(), c.Who)
	if err != nil {
		return err
	}
	v := openingView{Frame: c.Frame(c.T("opening.title")), Key: web.NewKey()}
	texts := web.Texts(c.Lang, problem)
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	organ, kind := grantField(c, "organ", "select", true, texts), grantField(c, "kind", "select", true, texts)
	office, on := grantField(c, "office", "line", false, texts), grantField(c, "on", "day", true, texts)
	on.Label, on.Help = c.T("opening.on"), ""
	for _, u := range organs {
		organ.Options = append(organ.Options, ui.OptionView{Code: u.ID.Key, Name: u.Commission()})
	}
	for _, k := range org.OpenKinds() {
		kind.Options = append(kind.Options, ui.OptionView{Code: k.Kind, Name: c.T("post." + k.Kind)})
	}
	organ.Value, kind.Value, office.Value, on.Value = f.Get("organ"), f.Get("kind"), f.Get("office"), f.Get("on")
	if organ.Value == "" && len(organs) == 1 {
		organ.Value = organs[0].ID.Key
	}
	v.Fields = []ui.FieldView{organ, kind, office, on}
	return c.Render(status, openingPage(v))
}

func (p *Pages) openPost(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	post, err := p.Org.Open(c.Context(), c.Who, org.Opening{Organ: f.Get("organ"), Office: f.Get("office"), Kind: f.Get("kind"), On: calendar.Date(f.Get("on"))})
	if sentBack(err) {
		return p.openingForm(c, web.Status(err), f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(grantsPath + "/" + post + "?done=opened_post#ask")
}
