package app

import (
	"errors"
	"net/http"
	"strconv"

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
	for _, x := range p.Fields {
		what += " " + x.Detail
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
