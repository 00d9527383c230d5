package app

import (
	"errors"
	"maps"
	"net/http"
	"slices"
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
	if read := "fault." + p.Code + ".read"; c.R.Method == http.MethodGet && locale.Has(read) {
		what = c.T(read) // nothing was to be kept
	}
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
	v := trouble{Title: title, What: what, Incident: p.Number}
	if p.Number != "" { // it may go better in a moment
		v.retry(c)
	}
	if !c.SignedIn() {
		return c.Render(p.Status, errorOut(frame, v))
	}
	return c.Render(p.Status, errorIn(frame, v))
}

// secrets are the fields that are never written into a page, so that a form with one of them is filled in anew: what opens
// something, and what is sealed as it comes in.
var secrets = []string{"password", "old", "twice", "code", "answer", "passphrase", "passphrase_new", "passphrase_twice", "key_file", "key_file_new",
	"original", "reporter_name", "reporter_contact", "reporter_when", "watch", "works_unit", "works_post", "works_fear"}

// retry lets the request be made once more: a page is asked for again, and a form goes out again with what was entered.
// Its key is the same, so that it is not done twice where it was done after all.
func (v *trouble) retry(c *web.Ctx) {
	if c.R.Method == http.MethodGet {
		v.Again = c.R.URL.RequestURI()
		return
	}
	f, err := c.Form()
	if err != nil || f.Get("_key") == "" { // a file, or a form that could be taken twice
		return
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if slices.Contains(secrets, name) {
			v.Fields = nil
			return
		}
		for _, x := range f[name] {
			v.Fields = append(v.Fields, [2]string{name, x})
		}
	}
	v.Resend = c.R.URL.RequestURI()
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
