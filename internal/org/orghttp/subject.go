// Package orghttp shows units, people and officials, and lends other rooms the part of a form that asks who a matter is
// about.
//
// Start at Pages; Subject and SubjectFields are what other rooms use.
package orghttp

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/org/roll"
	"qianshao/internal/org/staffing"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Org      *org.Service
	Rules    *rulebook.Book
	Measures *measure.Registry
	Staffing *staffing.Service
	Roll     *roll.Service
	OfTown   []func(*web.Ctx, access.Unit) (*Fact, error) // what other rooms say of a township on its page; nil for nothing
}

// Fact is something said of a unit or of somebody on their page.
type Fact struct {
	Label string
	Text  ui.Segments
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return append(p.ForceRoutes(),
		web.Route{Method: http.MethodGet, Path: "/pick/units", Perm: access.OrgRead, Do: p.pickUnits},
		web.Route{Method: http.MethodGet, Path: "/pick/officials", Perm: access.OrgRead, Do: p.pickOfficials},
	)
}

// SubjectView is the part of a form that asks who a matter is about: unit, then post and rank.
type SubjectView struct {
	Lang     string
	Unit     ui.FieldView // what is typed to find the unit
	UnitKey  string
	UnitName string
	UnitText ui.FieldView
	Official string
	Name     ui.FieldView
	Post     ui.FieldView
	Rank     ui.FieldView
	Category ui.FieldView
	Party    ui.FieldView
	Chief    ui.FieldView
	Member   ui.FieldView
	Check    string // address that says what the subject means for the form
	Target   string
	More     bool // the folded part has something wrong in it
}

// Fields lists the fields for the summary of errors.
func (v SubjectView) Fields() []ui.FieldView {
	return []ui.FieldView{v.Unit, v.UnitText, v.Name, v.Post, v.Rank, v.Category, v.Party, v.Chief, v.Member}
}

// Tenant is where the subject of a form is looked for: in the tenant that the form names as "of", if it is one that the actor's
// organ stands above, as a province's is of a letter that rose to it; else at home.
func Tenant(c *web.Ctx, f url.Values) db.Reader {
	if n, err := strconv.ParseInt(f.Get("of"), 10, 64); err == nil && slices.Contains(c.Who.Cities, id.City(n)) {
		return c.In(id.ID{City: id.City(n)})
	}
	return c.Home()
}

// SubjectOf reads what was filled in.
func SubjectOf(f url.Values) org.SubjectInput {
	return org.SubjectInput{Unit: strings.TrimSpace(f.Get("unit")), UnitText: f.Get("unit_text"), Official: strings.TrimSpace(f.Get("official")), Name: f.Get("subject_name"), Post: f.Get("post"),
		Rank: f.Get("rank"), Category: f.Get("category"), PartyMember: f.Get("party_member") == "yes", Chief: f.Get("chief") == "yes", Member: f.Get("member") == "yes"}
}

// Subject makes the view from what was filled in and what is wrong with it.
func Subject(c *web.Ctx, rules *rulebook.Book, in org.SubjectInput, f url.Values, texts map[string]string, check, target string) (SubjectView, error) {
	v := SubjectView{Lang: c.Lang, UnitKey: in.Unit, Official: in.Official, Check: check, Target: target}
	if id.ValidKey(in.Unit) {
		us, err := access.Units(c.Context(), Tenant(c, f), []string{in.Unit})
		if err != nil {
			return v, err
		}
		v.UnitName = us[in.Unit].Name
	}
	field := func(name, kind, value string, must bool) ui.FieldView {
		fv := ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("field." + name), Kind: kind, Value: value, Must: must, Error: texts[name], Max: "60"}
		if k := "field." + name + ".help"; locale.Has(k) {
			fv.Help = c.T(k)
		}
		return fv
	}
	typed := f.Get("unit_typed")
	if typed == "" {
		typed = v.UnitName
	}
	v.Unit = field("unit_typed", "search", typed, true)
	v.Unit.Label, v.Unit.Error, v.Unit.Focus = c.T("field.unit"), texts["unit"], in.Unit == ""
	v.Unit.Get, v.Unit.Target = "/pick/units", "#unit-picks"
	v.UnitText = field("unit_text", "line", in.UnitText, false)
	v.Name = field("subject_name", "line", in.Name, false)
	v.Name.Get, v.Name.Target = "/pick/officials", "#official-picks"
	v.Post = field("post", "line", in.Post, true)
	v.Rank = field("rank", "select", in.Rank, true)
	for _, r := range rules.Ranks() {
		v.Rank.Options = append(v.Rank.Options, ui.OptionView{Code: r.Code, Name: r.Name.In(c.Lang)})
	}
	for _, f := range []*ui.FieldView{&v.Rank, &v.Post, &v.UnitText} { // the words of the post may say it, whatever the rank
		f.Get, f.Target = check, target
	}
	v.Category = field("category", "select", in.Category, false)
	for _, t := range rules.Terms("official_category", c.Today) {
		v.Category.Options = append(v.Category.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
	}
	yesNo := []ui.OptionView{{Code: "yes", Name: c.T("choice.yes")}, {Code: "no", Name: c.T("choice.no")}}
	v.Member = field("member", "choice", yes(in.Member), true)
	v.Party, v.Chief = field("party_member", "choice", yes(in.PartyMember), true), field("chief", "choice", yes(in.Chief), true)
	v.Party.Options, v.Chief.Options, v.Member.Options = yesNo, yesNo, yesNo
	v.More = texts["category"]+texts["unit_text"]+texts["party_member"]+texts["chief"] != ""
	return v, nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type pick struct {
	Fill, Name, Note, Next string
}

const picks = 12

func (p *Pages) pickUnits(c *web.Ctx) error {
	q := c.R.URL.Query()
	typed := q.Get("unit_typed")
	var out []pick
	if strings.TrimSpace(typed) != "" {
		us, err := org.FindUnits(c.Context(), Tenant(c, q), c.Who.Unit().County, typed, []string{"county", "township", "village", "department"}, picks)
		if err != nil {
			return err
		}
		keys := make([]string, 0, len(us))
		for _, u := range us {
			keys = append(keys, u.Superior)
		}
		ups, err := access.Units(c.Context(), Tenant(c, q), keys)
		if err != nil {
			return err
		}
		for _, u := range us {
			out = append(out, pick{Fill: fill(map[string]string{"unit": u.ID.Key, "unit_typed": u.Name, "official": ""}), Name: u.Name, Note: ups[u.Superior].Name, Next: "#f-subject_name"})
		}
	}
	return c.Render(http.StatusOK, pickList(c.Lang, out, strings.TrimSpace(typed) != ""))
}

func (p *Pages) pickOfficials(c *web.Ctx) error {
	q := c.R.URL.Query()
	unit := q.Get("unit")
	var out []pick
	if id.ValidKey(unit) {
		os, err := org.Officials(c.Context(), Tenant(c, q), unit, q.Get("subject_name"), picks)
		if err != nil {
			return err
		}
		for _, o := range os {
			rank, _ := p.Rules.Rank(o.Rank)
			out = append(out, pick{Fill: fill(map[string]string{"official": o.ID.Key, "subject_name": o.Name, "post": o.Post, "rank": o.Rank, "category": o.Category, "party_member": yes(o.PartyMember), "chief": yes(o.Chief)}),
				Name: o.Name + "　" + o.Post, Note: rank.Name.In(c.Lang), Next: "#f-channel input"})
		}
	}
	return c.Render(http.StatusOK, pickList(c.Lang, out, false))
}

func fill(m map[string]string) string {
	b, _ := json.Marshal(m) // strings always marshal
	return string(b)
}
