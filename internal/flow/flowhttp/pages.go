package flowhttp

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/flow"
	"qianshao/internal/flow/namesake"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Kind is what an area adds to the pages of its matters.
type Kind struct {
	Name   string // kind of matter
	Path   string // of its list: /clues
	New    string // address of the form for a new one, "" if none
	NewFor access.Perm
	Views  []string // states and views that get a tab of their own
	// Detail gives the facts only the area knows. The reader has been checked.
	Detail func(c *web.Ctx, m flow.Matter) (Detail, error)
	// Stages narrows the steps of the page's head to those that make sense for the matter.
	Stages func(m flow.Matter, visited map[string]bool, all []string) []string
	// Prefill is what a move's form begins with.
	Prefill func(c *web.Ctx, m flow.Matter, move string) (flow.Values, error)
	// Beside is what stands beside what a move says: on its form, and on the page of its proposal; nil for most moves.
	Beside func(c *web.Ctx, m flow.Matter, move string, in flow.Values, p *flow.Proposal) (templ.Component, error)
	// Compare is Beside with what is sealed, opened for a reason.
	Compare func(c *web.Ctx, m flow.Matter, p *flow.Proposal, reason string) (templ.Component, error)
	// Choice puts what may be chosen in a field into words that only the area has; nil for most kinds.
	Choice func(c *web.Ctx, f flow.Field, o flow.Option, v ui.OptionView) ui.OptionView
	Bulk   bool              // rows can be selected and handed out
	At     map[string]string // where a move is made that has a page of its own: an address to which the matter's id is added
}

// Detail is what an area shows of a matter.
type Detail struct {
	Summary string
	Facts   []Fact
	Below   []Fact // shown with the people
	Aside   []ui.Segments
	Sealed  map[string]bool // envelopes there are
	CanOpen bool
	Alert   string
	Do      *ui.Segment // what there is to do beside the moves
}

// Fact is a label and what stands beside it.
type Fact struct {
	Label string
	Text  ui.Segments
}

// Pages is everything this room shows.
type Pages struct {
	Engine    *flow.Engine
	Namesakes *namesake.Service
	Rules     *rulebook.Book
	DB        *db.DB
	Custody   *custody.Keeper
	Notes     []func(c *web.Ctx) (*Note, error) // what other rooms say on somebody's first page; nil where they say nothing
	kinds     map[string]Kind
	order     []string
}

// Note is what another room says on somebody's first page.
type Note struct {
	Title string
	Href  string
	More  string // the words of the link to Href
	Lines []ui.Segments
}

// notes is what other rooms say on the first page of whoever asks for it.
func (p *Pages) notes(c *web.Ctx) ([]Note, error) {
	var out []Note
	for _, f := range p.Notes {
		n, err := f(c)
		if err != nil {
			return nil, err
		}
		if n != nil {
			out = append(out, *n)
		}
	}
	return out, nil
}

// moveAt is the page a move of a matter is made on.
func (p *Pages) moveAt(m flow.Matter, move string) string {
	if at := p.kinds[m.Kind].At[move]; at != "" {
		return at + m.ID.String()
	}
	return "/m/" + m.ID.String() + "/do/" + move
}

// Add makes a kind known.
func (p *Pages) Add(k Kind) {
	if p.kinds == nil {
		p.kinds = map[string]Kind{}
	}
	p.kinds[k.Name] = k
	p.order = append(p.order, k.Name)
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	rs := []web.Route{
		{Method: http.MethodGet, Path: "/{$}", Perm: access.Signed, Do: p.desk},
		{Method: http.MethodGet, Path: "/m/{id}", Perm: access.Signed, Do: p.matter},
		{Method: http.MethodGet, Path: "/m/{id}/do/{move}", Perm: access.MatterMove, Do: p.moveForm},
		{Method: http.MethodPost, Path: "/m/{id}/do/{move}", Perm: access.MatterMove, Do: p.moveDo},
		{Method: http.MethodPost, Path: "/m/{id}/do/{move}/beside", Perm: access.MatterMove, Do: p.besideForm},
		{Method: http.MethodGet, Path: "/m/{id}/clock/{clock}/{act}", Perm: access.Signed, Do: p.clockForm},
		{Method: http.MethodPost, Path: "/m/{id}/clock/{clock}/{act}", Perm: access.Signed, Do: p.clockDo},
		{Method: http.MethodGet, Path: "/m/{id}/open/{what}", Perm: access.ReporterOpen, Do: p.openForm},
		{Method: http.MethodPost, Path: "/m/{id}/open/{what}", Perm: access.ReporterOpen, Do: p.openDo},
		{Method: http.MethodGet, Path: "/m/{id}/open/{what}/second", Perm: access.TipoffRead, Do: p.second},
		{Method: http.MethodPost, Path: "/m/{id}/open/{what}/second", Perm: access.TipoffRead, Do: p.secondDo},
		{Method: http.MethodGet, Path: "/why/{clock}", Perm: access.Signed, Do: p.why},
		{Method: http.MethodGet, Path: "/approvals", Perm: access.Approve, Do: p.approvals},
		{Method: http.MethodGet, Path: "/p/{id}", Perm: access.Signed, Do: p.proposal},
		{Method: http.MethodPost, Path: "/p/{id}/decide", Perm: access.Signed, Do: p.decide},
		{Method: http.MethodPost, Path: "/p/{id}/beside", Perm: access.ReporterOpen, Do: p.compare},
		{Method: http.MethodPost, Path: "/p/{id}/withdraw", Perm: access.MatterMove, Do: p.withdraw},
		{Method: http.MethodGet, Path: "/watch", Perm: access.SuperiorRead, Do: p.watch},
		{Method: http.MethodGet, Path: "/superior", Perm: access.SuperiorRead, Do: p.superior},
		{Method: http.MethodPost, Path: "/bulk/{kind}/{move}", Perm: access.MatterMove, Do: p.bulk},
		{Method: http.MethodGet, Path: "/search", Perm: access.Signed, Do: p.search},
	}
	for _, name := range p.order {
		k := p.kinds[name]
		rs = append(rs, web.Route{Method: http.MethodGet, Path: k.Path, Perm: access.ReadOf(name), Do: func(c *web.Ctx) error { return p.list(c, k) }})
	}
	return rs
}

// look is the names needed to show a page.
type look struct {
	c      *web.Ctx
	rules  *rulebook.Book
	units  map[id.Key]access.Unit
	people map[id.Key]string
	others map[id.Key]string // numbers of the matters that one page's matter belongs with
}

func (p *Pages) look(c *web.Ctx) *look {
	return &look{c: c, rules: p.Rules, units: map[id.Key]access.Unit{}, people: map[id.Key]string{}, others: map[id.Key]string{}}
}

// load reads the units and people a page names, in one query each.
func (l *look) load(ctx context.Context, r db.Reader, units, people []string) error {
	var need []string
	for _, k := range units {
		if _, ok := l.units[k]; !ok && k != "" {
			need = append(need, k)
		}
	}
	us, err := access.Units(ctx, r, need)
	if err != nil {
		return err
	}
	if len(l.units) == 0 {
		l.units = us
	} else {
		for k, u := range us {
			l.units[k] = u
		}
	}
	// Units of the tenants above (a province's) are few and read one by one.
	for _, k := range need {
		if _, ok := l.units[k]; !ok && l.c.Who.City != r.City() {
			more, err := access.Units(ctx, r.For(l.c.Who.City), []string{k})
			if err != nil {
				return err
			}
			for k, u := range more {
				l.units[k] = u
			}
		}
	}
	seen := map[string]bool{}
	var ps []string
	for _, k := range people {
		if _, ok := l.people[k]; !ok && k != "" && !seen[k] {
			seen[k] = true
			ps = append(ps, k)
		}
	}
	if err := l.named(ctx, r, ps); err != nil || l.c.Who.City == r.City() {
		return err
	}
	// So are people of the tenants above, who work on what stands in their register.
	return l.named(ctx, r.For(l.c.Who.City), slices.DeleteFunc(ps, func(k string) bool { return l.people[k] != "" }))
}

// named reads the names of a tenant's people.
func (l *look) named(ctx context.Context, r db.Reader, people []string) error {
	if len(people) == 0 {
		return nil
	}
	text, args := db.Build(`SELECT p.id, p.name FROM people p WHERE p.city_id = $1`).In(" AND ", "p.id", people).SQL()
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k, n string
		if err := rows.Scan(&k, &n); err != nil {
			return err
		}
		l.people[k] = n
	}
	return rows.Err()
}

// units of several tenants, in one query.
func (l *look) loadUnits(ctx context.Context, r db.Reader, units []id.ID) error {
	var need []id.ID
	one := true
	asked := map[id.ID]bool{}
	for _, u := range units {
		if _, ok := l.units[u.Key]; !ok && u.Key != "" && !asked[u] {
			asked[u] = true
			need = append(need, u)
			one = one && u.City == need[0].City
		}
	}
	if len(need) == 0 {
		return nil
	}
	if one {
		keys := make([]id.Key, len(need))
		for i, u := range need {
			keys[i] = u.Key
		}
		return l.load(ctx, r.For(need[0].City), keys, nil)
	}
	us, err := access.UnitsOfAll(ctx, r, need)
	for _, u := range us {
		l.units[u.ID.Key] = u
	}
	return err
}

// unit is a unit's commission or office, as the one that acts.
func (l *look) unit(key id.Key) string {
	if u, ok := l.units[key]; ok {
		return u.Commission()
	}
	return ""
}

// place is a unit as a place or body, as where somebody works.
func (l *look) place(key id.Key) string { return l.units[key].Name }

func (l *look) person(key id.Key) string { return l.people[key] }

// seat is a unit and a role there, as people say it: 石桥镇纪委书记, 第一纪检监察室负责人.
func (l *look) seat(unit id.Key, role access.Role) string {
	u := l.units[unit]
	name := l.c.T("role." + string(role))
	if u.Kind == "township" && role == access.Head {
		name = l.c.T("post.secretary")
	}
	if u.Name == "" {
		return name
	}
	switch role {
	case access.Handler, access.Observer:
		return u.Commission()
	}
	if u.Kind == "township" {
		return u.Commission() + name
	}
	return u.Commission() + " " + name
}

// basisOf turns articles into what is shown, each with how sure it is.
func (p *Pages) basisOf(lang string, bs []rulebook.Basis, sure rulebook.Sure) []ui.BasisView {
	var out []ui.BasisView
	for i, b := range bs {
		v := ui.BasisView{Text: p.article(lang, b), Href: "/rules#" + b.Reg}
		if i == len(bs)-1 {
			v.Sure = string(sure)
		}
		out = append(out, v)
	}
	return out
}

// article is a regulation's name and article: 《监督执纪工作规则》第二十一条.
func (p *Pages) article(lang string, b rulebook.Basis) string {
	r, ok := p.Rules.Regulation(b.Reg)
	name := b.Reg
	if ok {
		name = r.Short.In(lang)
		if lang != locale.En && strings.HasPrefix(r.Name.Zh, "《") && !strings.HasPrefix(name, "《") {
			name = "《" + name + "》"
		}
	}
	if b.Art == "" {
		return name
	}
	return name + artOf(lang, b.Art)
}
