package app

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/locale"
	"qianshao/internal/web"
)

// errorPage shows what went wrong in the reader's own frame, or in a plain one for somebody not signed in.
func errorPage(c *web.Ctx, err error) error {
	var f *web.Failure
	if !errors.As(err, &f) {
		return err
	}
	p := f.Problem
	title := locale.First(c.Lang, "error."+strconv.Itoa(p.Status), "error.other")
	what := p.Title
	var wrong []string
	for _, x := range p.Fields {
		wrong = append(wrong, x.Detail)
	}
	said := strings.Join(wrong, c.T("list.comma"))
	switch {
	case said == "":
	case c.R.Method == http.MethodGet: // there is no form to mark: what is wrong stands in the address
		title, what = c.T("error.address"), c.T("error.address.what", said)
	default:
		what = c.T("error.fields", said)
	}
	frame := c.Frame(title)
	if !c.SignedIn() {
		return c.Render(p.Status, errorOut(frame, title, what, p.Number, "/"))
	}
	return c.Render(p.Status, errorIn(frame, title, what, p.Number, "/"))
}

// prefRoutes keep what a person prefers in their browser.
func prefRoutes() []web.Route {
	return []web.Route{{Method: http.MethodPost, Path: "/lang", Open: true, Perm: access.Signed, Do: func(c *web.Ctx) error {
		f, err := c.Form()
		if err != nil {
			return err
		}
		c.SetCookie("lang", locale.Pick(f.Get("lang"), ""), 365)
		return c.Redirect(web.Local(f.Get("next")))
	}}}
}
