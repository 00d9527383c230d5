package flowhttp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// foundRows is how many of each kind are shown before one kind is asked for.
const foundRows = 20

// search finds matters by words, or goes straight to one by its number: some of every kind, or one kind page by page.
func (p *Pages) search(c *web.Ctx) error {
	get := c.R.URL.Query()
	q := strings.TrimSpace(get.Get("q"))
	if r := []rune(q); len(r) > 80 {
		q = string(r[:80])
	}
	kinds := slices.DeleteFunc(slices.Clone(p.order), func(name string) bool {
		return name == "slip" || !about(name) && !bare(name) || !c.Who.Can(access.ReadOf(name))
	})
	kind, after, most := get.Get("kind"), get.Get("after"), foundRows
	if kind != "" {
		if !slices.Contains(kinds, kind) {
			return fault.InvalidField("kind", "filter.unknown")
		}
		kinds, most = []string{kind}, listRows
	}
	if after != "" && (kind == "" || !id.ValidKey(after)) {
		return fault.InvalidField("after", "cursor")
	}
	v := searchView{Frame: c.Frame(c.T("page.search")), Pages: kind != ""}
	v.Frame.Query = q
	found := map[string][]flow.Matter{}
	var all []flow.Matter
	for _, name := range kinds {
		ms, err := p.Engine.Search(c.Context(), c.Who, name, q, after, most+1)
		if err != nil {
			return err
		}
		g := searchGroup{Kind: name, Title: c.T("list." + name)}
		if len(ms) > most {
			ms = ms[:most]
			g.More = searchAt(q, name, "")
			if v.Pages {
				g.More = searchAt(q, name, ms[most-1].ID.Key)
			}
		}
		if len(ms) > 0 {
			v.Groups = append(v.Groups, g)
			found[name] = ms
			all = append(all, ms...)
		}
		v.Left = v.Left || g.More != ""
	}
	v.N = len(all)
	l := p.look(c)
	if err := p.places(c, l, all); err != nil {
		return err
	}
	for i, g := range v.Groups {
		v.Groups[i].Rows = p.rows(c, l, found[g.Kind])
	}
	if after != "" {
		v.First = searchAt(q, kind, "")
	}
	if v.N == 1 && after == "" && strings.Contains(q, "号") {
		return c.Redirect(v.Groups[0].Rows[0].Href)
	}
	return c.Render(http.StatusOK, searchPage(v))
}

// searchAt is the address of a kind's hits after a key.
func searchAt(q, kind string, after id.Key) string {
	v := url.Values{"q": {q}, "kind": {kind}}
	if after != "" {
		v.Set("after", after)
	}
	return "/search?" + v.Encode()
}

type searchView struct {
	Frame  ui.Frame
	Groups []searchGroup
	N      int
	Left   bool   // there are more than are shown
	Pages  bool   // one kind, page by page
	First  string // the first of the pages, from a later one
}

type searchGroup struct {
	Kind  string
	Title string
	Rows  []rowView
	More  string
}

// count is how many there are as far as is known.
func (g searchGroup) count() string {
	if g.More != "" {
		return strconv.Itoa(len(g.Rows)) + "+"
	}
	return strconv.Itoa(len(g.Rows))
}
