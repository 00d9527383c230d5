package web

import (
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/web/ui"
)

// Frame is what surrounds the page, for this request.
func (c *Ctx) Frame(title string) ui.Frame {
	u := c.Who.Unit()
	f := ui.Frame{Lang: c.Lang, Title: title, Org: u.Commission(), Post: c.T("post." + c.Who.Post()), Today: c.Today, Demo: c.Mux.Demo, Theme: c.Cookie("theme"), Density: c.Cookie("density"),
		Here: c.R.URL.RequestURI(), Posts: c.Session.Posts}
	if c.Mux.Foot != nil {
		f.Foot = c.Mux.Foot(c)
	}
	f.Search = slices.ContainsFunc(access.Reads, func(r access.Read) bool { return c.Who.Can(r.Perm) })
	if c.Who.Name != "" {
		f.Post += " " + c.Who.Name
	}
	if c.Mux.Nav != nil {
		for _, n := range c.Mux.Nav(c) {
			cur := c.R.URL.Path == n.Href || n.Href != "/" && len(c.R.URL.Path) > len(n.Href) && c.R.URL.Path[:len(n.Href)+1] == n.Href+"/"
			group := ""
			if n.Group != "" {
				group = c.T(n.Group)
			}
			f.Nav = append(f.Nav, ui.NavLink{Href: n.Href, Name: c.T(n.Key), N: n.N, Group: group, Current: cur})
		}
	}
	if m := c.R.URL.Query().Get("done"); m != "" {
		f.Flash = c.doneText(m)
	}
	return f
}

// doneText is what was just done, from the address the form led to. Only known keys are shown: an address is not a
// place to put words into the page.
func (c *Ctx) doneText(code string) string {
	key := "done." + code
	if t := c.T(key); t != key {
		return t
	}
	return ""
}
