package accounthttp

import (
	"fmt"
	"net/http"
	"strings"

	"qianshao/internal/account"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/visit"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

type openingsView struct {
	gate
	No    string
	Days  []auditDay
	N     int
	Older string
	First string
}

// openings shows an auditor who opened the pages of a matter, by its number. A number that nobody opened, that is not
// in their organs' registers or that is nobody's reads the same. That the auditor looked is an act.
func (p *Pages) openings(c *web.Ctx) error {
	r := c.Home()
	logs, err := ledger.Logs(c.Context(), r, c.Who)
	if err != nil {
		return err
	}
	if len(logs) == 0 {
		return fault.Hidden()
	}
	f := c.R.URL.Query()
	v := openingsView{gate: p.gate(c, "openings.title", "/"), No: strings.TrimSpace(f.Get("no"))}
	if v.No == "" {
		return c.Render(http.StatusOK, openingsPage(v))
	}
	if err := p.Accounts.Ledger.Consulted(c.Context(), c.Who, logs[0].ID); err != nil {
		return err
	}
	var organs []id.Key
	for _, u := range logs {
		organs = append(organs, u.ID.Key)
	}
	var after visit.Mark
	if n, err := fmt.Sscanf(f.Get("after"), "%d.%d", &after.At, &after.N); n != 2 || err != nil {
		after = visit.Mark{}
	}
	list, err := visit.Of(c.Context(), r, c.Who.Person, organs, v.No, after, auditRows+1)
	if err != nil {
		return err
	}
	if after != (visit.Mark{}) {
		v.First = here("/admin/audit/openings", "no", v.No)
	}
	if len(list) > auditRows {
		list = list[:auditRows]
		last := list[auditRows-1].Mark()
		v.Older = here("/admin/audit/openings", "no", v.No, "after", fmt.Sprintf("%d.%d", last.At, last.N))
	}
	v.N = len(list)
	people, err := namesOf(c, list)
	if err != nil {
		return err
	}
	for _, x := range list {
		who := people[x.Person]
		row := auditRow{Time: ui.Clock(x.At), What: c.T("openings.page." + pageOf(x.Route)), Who: who.Name}
		if who.Post != "" {
			row.Post = who.Unit + " " + c.T("post."+who.Post)
		}
		v.Days = onDay(c, v.Days, x.At.Date(), row)
	}
	return c.Render(http.StatusOK, openingsPage(v))
}

// namesOf names who opened something: people of this tenant and of those above and below it.
func namesOf(c *web.Ctx, list []visit.Visit) (map[id.ID]account.Candidate, error) {
	of := map[id.City][]id.Key{}
	for _, x := range list {
		of[x.Person.City] = append(of[x.Person.City], x.Person.Key)
	}
	out := map[id.ID]account.Candidate{}
	for city, keys := range of {
		names, err := account.Names(c.Context(), c.Home().For(city), keys)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			out[id.ID{City: city, Key: n.Person}] = n
		}
	}
	return out, nil
}

// pageOf is what kind of page of a matter an address leads to, as the texts under openings.page call it.
func pageOf(route string) string {
	parts := strings.Split(strings.TrimPrefix(route, "/"), "/")
	switch {
	case parts[0] != "m":
		if key := parts[0]; locale.Has("openings.page." + key) {
			return key
		}
	case len(parts) > 2 && locale.Has("openings.page."+parts[2]):
		return parts[2]
	}
	return "m"
}
