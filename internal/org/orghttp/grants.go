package orghttp

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/org/staffing"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// GrantRoutes are the addresses where posts are filled and left: by the security administrator and the personnel clerk,
// two people for each appointment.
func (p *Pages) GrantRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/admin/units/{id}", Perm: access.Appoint, Do: p.change},
		{Method: http.MethodPost, Path: "/admin/units/{id}", Perm: access.Appoint, Do: p.proposeChange},
		{Method: http.MethodPost, Path: "/admin/units/{id}/decide", Perm: access.Appoint, Do: p.decideChange},
		{Method: http.MethodGet, Path: "/admin/posts", Perm: access.Appoint, Do: p.grants},
		{Method: http.MethodGet, Path: "/admin/posts/new", Perm: access.Appoint, Do: p.opening},
		{Method: http.MethodPost, Path: "/admin/posts/new", Perm: access.Appoint, Do: p.openPost},
		{Method: http.MethodGet, Path: stationsPath, Perm: access.Appoint, Do: p.stations},
		{Method: http.MethodPost, Path: stationsPath, Perm: access.Appoint, Do: p.setStations},
		{Method: http.MethodGet, Path: "/admin/posts/{post}", Perm: access.Appoint, Do: p.grant},
		{Method: http.MethodPost, Path: "/admin/posts/{post}/propose", Perm: access.Appoint, Do: p.propose},
		{Method: http.MethodPost, Path: "/admin/posts/{post}/decide", Perm: access.Appoint, Do: p.decideGrant},
		{Method: http.MethodPost, Path: "/admin/posts/{post}/end", Perm: access.Appoint, Do: p.endHolding},
	}
}

const (
	grantRows  = 60
	foundRows  = 12
	grantsPath = "/admin/posts"
)

type grantsView struct {
	Frame  ui.Frame
	Query  string
	Views  []ui.ViewLink
	Kind   string
	Kinds  []ui.OptionView
	Only   string
	Rows   []grantRow
	Next   string
	First  string
	Active bool
	Units  []ui.ViewLink // changes of units that wait to be confirmed
	Fresh  bool          // nothing but administrators' posts: no roster has come in yet
}

type grantRow struct {
	Href, Unit, Post, Name, Since, Asked string
	Acting                               bool
}

func (p *Pages) grants(c *web.Ctx) error {
	f := c.R.URL.Query()
	q := org.PlaceQuery{Part: strings.TrimSpace(f.Get("q")), Kind: f.Get("kind"), Only: f.Get("only"), Limit: grantRows + 1}
	if after := f.Get("after"); id.ValidKey(after) {
		q.After = after
	}
	list, err := p.Org.Places(c.Context(), c.Who, q)
	if err != nil {
		return err
	}
	v := grantsView{Frame: c.Frame(c.T("grant.title")), Query: q.Part, Kind: q.Kind, Only: q.Only, Active: q.Part != "" || q.Kind != ""}
	to := func(only, after string) string {
		u := url.Values{}
		for k, x := range map[string]string{"q": q.Part, "kind": q.Kind, "only": only, "after": after} {
			if x != "" {
				u.Set(k, x)
			}
		}
		return grantsPath + "?" + u.Encode()
	}
	for _, only := range []string{"", "asked", "vacant"} {
		v.Views = append(v.Views, ui.ViewLink{Href: to(only, ""), Name: c.T("grant.view." + only), Current: only == q.Only})
	}
	for _, k := range access.PostKinds {
		v.Kinds = append(v.Kinds, ui.OptionView{Code: k.Kind, Name: c.T("post." + k.Kind)})
	}
	if len(list) > grantRows {
		list = list[:grantRows]
		v.Next = to(q.Only, list[grantRows-1].Post)
	}
	if q.After != "" {
		v.First = to(q.Only, "")
	}
	v.Fresh = !v.Active && q.Only == "" && q.After == ""
	if v.Units, err = p.waitingChanges(c); err != nil {
		return err
	}
	organs, err := p.organsOf(c, list)
	if err != nil {
		return err
	}
	for _, x := range list {
		v.Fresh = v.Fresh && org.Administers(x.Kind)
		r := grantRow{Href: grantsPath + "/" + x.Post, Unit: underOrgan(x.Unit, organs), Post: postTitle(c, x), Name: x.Name, Acting: x.Acting, Asked: x.Asked}
		switch {
		case x.Holding != "":
			r.Since = ui.LongDay(c.Lang, x.Since)
		case x.Vacant.Valid():
			r.Since = c.T("grant.vacant_since", ui.LongDay(c.Lang, x.Vacant))
		}
		v.Rows = append(v.Rows, r)
	}
	return c.Render(http.StatusOK, grantsPage(v))
}

// organsOf are the organs that the offices among the places belong to.
func (p *Pages) organsOf(c *web.Ctx, list []org.Place) (map[string]access.Unit, error) {
	var keys []string
	for _, x := range list {
		if x.Unit.Kind == "office" {
			keys = append(keys, x.Unit.Organ)
		}
	}
	return access.Units(c.Context(), p.Org.Ledger.DB.In(c.Who.City), keys)
}

// underOrgan is a unit by name, an office behind its organ's: every county has a first office.
func underOrgan(u access.Unit, organs map[string]access.Unit) string {
	if o, ok := organs[u.Organ]; ok && u.Kind == "office" {
		return o.Commission() + " " + u.Name
	}
	return u.Commission()
}

// postTitle is a post by its own title, else by its kind: where it has none, and where another language says the same.
func postTitle(c *web.Ctx, x org.Place) string {
	if x.Title != "" && x.Title != x.Kind && (c.Lang == locale.Zh || !org.Usual(x.Kind, x.Title)) {
		return x.Title
	}
	return c.T("post." + x.Kind)
}

type grantView struct {
	Frame   ui.Frame
	Key     string
	Wrong   string
	All     []ui.FieldView
	Self    string // this page
	Unit    string
	Post    string
	Roles   []string // what the post lets its holder be
	Holder  *tenureView
	Vacant  string
	Open    *askedView
	Ask     *askForm
	End     []ui.FieldView
	EndOpen bool
	Tenures []tenureView
	Past    []askedView
}

type tenureView struct{ Name, Span, Why string }

type askedView struct {
	ID, Version, Name, What, By, State string
	Confirm                            bool
	Mine                               bool
	Hindrance                          string // why the reader can't confirm it
	Note                               ui.FieldView
	Consent                            string // of the county commission, where it takes one
	Matter                             string // where it answers
}

// askForm puts somebody forward: first who, then from when.
type askForm struct {
	Query  string
	Found  []foundRow
	Asked  bool   // something was looked for
	Enter  string // address of the form for somebody not on the roster
	Chosen string
	New    bool
	Person string
	Fields []ui.FieldView
}

type foundRow struct{ Href, Name, Note string }

func (p *Pages) grant(c *web.Ctx) error {
	return p.grantForm(c, http.StatusOK, c.R.URL.Query(), "", nil)
}

// grantForm shows a post. form says which of its forms came back with a problem.
func (p *Pages) grantForm(c *web.Ctx, status int, f url.Values, form string, problem error) error {
	key := c.R.PathValue("post")
	if !id.ValidKey(key) {
		return fault.Hidden()
	}
	file, err := p.Org.PlaceOf(c.Context(), c.Who, key)
	if err != nil {
		return err
	}
	organs, err := p.organsOf(c, []org.Place{file.Place})
	if err != nil {
		return err
	}
	v := grantView{Frame: c.Frame(postTitle(c, file.Place)), Key: web.NewKey(), Self: grantsPath + "/" + key, Unit: underOrgan(file.Unit, organs), Post: postTitle(c, file.Place), EndOpen: form == "end"}
	texts := web.Texts(c.Lang, problem)
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	if k, ok := access.KindOf(file.Kind); ok {
		for _, r := range k.Roles {
			v.Roles = append(v.Roles, c.T("role."+string(r)))
		}
	}
	for _, t := range file.Tenures {
		v.Tenures = append(v.Tenures, p.tenure(c, t))
	}
	if file.Holding != "" {
		v.Holder = &tenureView{Name: file.Name, Span: c.T("grant.since", ui.LongDay(c.Lang, file.Since))}
		v.End = p.endFields(c, f, form, texts)
		if file.Covered() {
			paper := grantField(c, "leave_paper", "line", false, texts)
			if form == "end" {
				paper.Value = f.Get("leave_paper")
			} else if x, ok, err := staffing.ConsentTo(c.Context(), p.Org.Ledger.DB.In(c.Who.City), file.Holding); err != nil {
				return err
			} else if ok && x.Given {
				paper.Value = x.Paper
			}
			v.End = append(v.End, paper)
		}
		v.All = append(v.All, v.End...)
	} else if file.Vacant.Valid() {
		v.Vacant = c.T("grant.vacant_since", ui.LongDay(c.Lang, file.Vacant))
	}
	for _, a := range file.Asked {
		x := p.asked(c, a, texts)
		if a.State == org.AppointOpen {
			if file.Covered() {
				if err := p.consentOn(c, file.Place, a.ID, &x); err != nil {
					return err
				}
			}
			v.Open = &x
		} else {
			v.Past = append(v.Past, x)
		}
	}
	if v.Open == nil && file.Holding == "" {
		if v.Ask, err = p.askForm(c, v.Self, f, texts); err != nil {
			return err
		}
		v.All = append(v.All, v.Ask.Fields...)
	}
	return c.Render(status, grantPage(v))
}

// consentOn says what the county commission answered to whom is put forward; until it has agreed nobody confirms it.
func (p *Pages) consentOn(c *web.Ctx, at org.Place, appointment id.Key, x *askedView) error {
	r := p.Org.Ledger.DB.In(c.Who.City)
	said, ok, err := staffing.ConsentTo(c.Context(), r, appointment)
	if err != nil {
		return err
	}
	x.Consent = c.T("grant.consent.wait")
	if ok {
		x.Consent = consentLine(c, said)[0].Text + " " + said.By
	}
	if !ok || !said.Given {
		x.Confirm = false
		if x.Hindrance == "" {
			x.Hindrance = c.T("fault.appoint.no_consent")
		}
	}
	if c.Who.Can(access.PostRead) {
		m, open, err := staffing.OpenMatter(c.Context(), r, at.Post)
		if err != nil {
			return err
		}
		if open {
			x.Matter = "/m/" + id.ID{City: c.Who.City, Key: m}.String()
		}
	}
	return nil
}

func (p *Pages) tenure(c *web.Ctx, t org.Tenure) tenureView {
	out := tenureView{Name: t.Name, Span: c.T("grant.since", ui.LongDay(c.Lang, t.From))}
	if t.To != "" {
		out.Span = ui.LongDay(c.Lang, t.From) + c.T("grant.to") + ui.LongDay(c.Lang, t.To)
		out.Why = p.Rules.Name("leaving_reason", t.Reason, c.Lang)
		if t.LeaveTo != "" {
			out.Why += c.T("punct.colon") + t.LeaveTo
		}
	}
	if t.Acting {
		out.Name += c.T("punct.open") + c.T("posts.acting") + c.T("punct.close")
	}
	return out
}

func (p *Pages) asked(c *web.Ctx, a org.Waiting, texts map[string]string) askedView {
	x := askedView{ID: a.ID, Version: strconv.FormatInt(a.Version, 10), Name: a.Name, What: c.T("grant.from_day", ui.LongDay(c.Lang, a.From)),
		By: c.T("grant.asked_by", a.AskedName, c.T("role."+string(a.AskedAs)), ui.LongDay(c.Lang, a.AskedOn)), State: c.T("grant.state." + a.State)}
	if a.Paper != "" {
		x.What += c.T("list.comma_in") + a.Paper
	}
	if a.DecidedName != "" {
		x.State += c.T("punct.em") + a.DecidedName + " " + ui.LongDay(c.Lang, a.DecidedOn)
		if a.Note != "" {
			x.State += c.T("punct.em") + a.Note
		}
	}
	x.Mine = a.AskedBy == c.Who.Person
	switch {
	case x.Mine:
		x.Hindrance = c.T("grant.mine")
	case a.Person == c.Who.Person:
		x.Hindrance = c.T("fault.appoint.self")
	case a.AskedAs != access.SecAdmin && !c.Who.Can(access.GrantAdmin):
		x.Hindrance = c.T("fault.appoint.no_security")
	default:
		x.Confirm = true
	}
	x.Note = grantField(c, "note", "line", false, texts)
	x.Note.Max = "100"
	return x
}

func grantField(c *web.Ctx, name, kind string, must bool, texts map[string]string) ui.FieldView {
	f := ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("grant.field." + name), Kind: kind, Must: must, Error: texts[name], Max: "60"}
	if k := "grant.field." + name + ".help"; locale.Has(k) {
		f.Help = c.T(k)
	}
	return f
}

func (p *Pages) endFields(c *web.Ctx, f url.Values, form string, texts map[string]string) []ui.FieldView {
	if form != "end" {
		f, texts = url.Values{}, nil
	}
	on, why, to := grantField(c, "on", "day", true, texts), grantField(c, "leave_reason", "select", true, texts), grantField(c, "leave_to", "line", false, texts)
	on.Value, why.Value, to.Value = f.Get("on"), f.Get("leave_reason"), f.Get("leave_to")
	if on.Value == "" {
		on.Value = string(c.Today)
	}
	for _, t := range p.Rules.Terms("leaving_reason", c.Today) {
		why.Options = append(why.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
	}
	return []ui.FieldView{on, why, to}
}

func (p *Pages) askForm(c *web.Ctx, self string, f url.Values, texts map[string]string) (*askForm, error) {
	a := &askForm{Query: strings.TrimSpace(f.Get("find")), New: f.Get("new") != "", Asked: f.Has("find")}
	a.Enter = self + "?" + url.Values{"new": {"1"}, "find": {a.Query}}.Encode() + "#ask"
	if key := f.Get("person"); id.ValidKey(key) {
		x, err := p.Org.Person(c.Context(), c.Who.City, key)
		if err != nil {
			return nil, err
		}
		a.Person, a.Chosen = key, x.Name
	}
	if a.Person == "" && !a.New {
		found, err := p.Org.FindPeople(c.Context(), c.Who, a.Query, foundRows)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			note := c.T("grant.no_post")
			if x.Post != "" {
				note = x.Unit + "　" + c.T("post."+x.Post)
			}
			if x.Born != "" {
				note += "　" + c.T("grant.born", x.Born)
			}
			a.Found = append(a.Found, foundRow{self + "?person=" + x.Person + "#ask", x.Name, note})
		}
		return a, nil
	}
	if a.New {
		name, born := grantField(c, "name", "line", true, texts), grantField(c, "born", "line", true, texts)
		name.Value, born.Value, born.Max = f.Get("name"), f.Get("born"), "7"
		if name.Value == "" {
			name.Value = a.Query
		}
		a.Fields = append(a.Fields, name, born)
	}
	from, paper, full, acting := grantField(c, "from", "day", true, texts), grantField(c, "paper", "line", false, texts), grantField(c, "full", "choice", true, texts), grantField(c, "acting", "choice", true, texts)
	from.Value, paper.Value, full.Value, acting.Value = f.Get("from"), f.Get("paper"), f.Get("full"), f.Get("acting")
	if from.Value == "" {
		from.Value, full.Value, acting.Value = string(c.Today), "yes", "no"
	}
	yesNo := []ui.OptionView{{Code: "yes", Name: c.T("choice.yes")}, {Code: "no", Name: c.T("choice.no")}}
	full.Options, acting.Options = yesNo, yesNo
	a.Fields = append(a.Fields, from, paper, full, acting)
	return a, nil
}

// sentBack are the faults that are shown above the post's forms.
func sentBack(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict:
		return true
	}
	return strings.HasPrefix(fault.Code(err), "appoint.")
}

func (p *Pages) propose(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	_, err = p.Org.Propose(c.Context(), c.Who, org.Proposal{Post: c.R.PathValue("post"), Person: f.Get("person"), Name: f.Get("name"), Born: f.Get("born"),
		From: calendar.Date(f.Get("from")), FullTime: f.Get("full") == "yes", Acting: f.Get("acting") == "yes", Paper: f.Get("paper")})
	return p.answered(c, f, "ask", err, "proposed_post")
}

func (p *Pages) decideGrant(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.Get("version"), 10, 64)
	if err != nil {
		return fault.Stale()
	}
	grant := f.Get("do") == "grant"
	err = p.Org.Decide(c.Context(), c.Who, f.Get("appointment"), version, grant, strings.TrimSpace(f.Get("note")))
	done := "refused_post"
	if grant {
		done = "granted_post"
	}
	return p.answered(c, f, "decide", err, done)
}

func (p *Pages) endHolding(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	file, err := p.Org.PlaceOf(c.Context(), c.Who, c.R.PathValue("post"))
	if err != nil {
		return err
	}
	if file.Holding == "" {
		return p.answered(c, f, "end", fault.New(fault.Conflict, "holding.ended"), "")
	}
	on := calendar.Date(f.Get("on"))
	if !on.Valid() {
		err = fault.InvalidField("on", "day.invalid")
	} else {
		err = p.Org.LeavePost(c.Context(), c.Who, id.ID{City: c.Who.City, Key: file.Holding}, org.Leaving{On: on, Reason: f.Get("leave_reason"), To: strings.TrimSpace(f.Get("leave_to")), Paper: strings.TrimSpace(f.Get("leave_paper"))})
	}
	return p.answered(c, f, "end", err, "ended_post")
}

func (p *Pages) answered(c *web.Ctx, f url.Values, form string, err error, done string) error {
	if sentBack(err) {
		return p.grantForm(c, web.Status(err), f, form, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(grantsPath + "/" + c.R.PathValue("post") + "?done=" + done)
}
