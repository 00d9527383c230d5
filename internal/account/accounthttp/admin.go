package accounthttp

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/text"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

const (
	accountRows = 50
	candidates  = 30
)

type accountsView struct {
	gate
	Query string
	Rows  []accountRow
	Older string
	First string

	Backup  string // how the server's own backups stand
	Trouble bool   // and that is not well
}

type accountRow struct {
	ID, Login, Name, Post, Unit string
	Second                      string // how the second factor stands
	State                       string
	Shut                        bool
	Has                         bool // a second factor
}

func (p *Pages) accounts(c *web.Ctx) error {
	q := c.R.URL.Query()
	list, err := p.Accounts.List(c.Context(), c.Who, q.Get("q"), q.Get("after"), accountRows+1)
	if err != nil {
		return err
	}
	v := accountsView{gate: p.gate(c, "accounts.title", "/"), Query: strings.TrimSpace(q.Get("q"))}
	if q.Get("after") != "" {
		v.First = here("/admin/accounts", "q", v.Query)
	}
	if len(list) > accountRows {
		list = list[:accountRows]
		v.Older = here("/admin/accounts", "q", v.Query, "after", list[accountRows-1].Login)
	}
	for _, a := range list {
		v.Rows = append(v.Rows, rowOf(c, a))
	}
	v.Backup, v.Trouble = p.backups(c)
	return c.Render(http.StatusOK, accountsPage(v))
}

// here is an address with those of its parameters that are set: name, value, name, value …
func here(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func rowOf(c *web.Ctx, a account.Account) accountRow {
	r := accountRow{ID: a.ID.Key, Login: a.Login, Name: a.Name, Unit: a.Unit, Shut: a.Disabled, Has: a.TOTP || a.Passkeys > 0}
	if a.Post != "" {
		r.Post = c.T("post." + a.Post)
	}
	switch {
	case a.TOTP && a.Passkeys > 0:
		r.Second = c.T("accounts.both", itoa(a.Passkeys))
	case a.TOTP:
		r.Second = c.T("enrol.totp")
	case a.Passkeys > 0:
		r.Second = c.T("accounts.keys", itoa(a.Passkeys))
	default:
		r.Second = c.T("me.unset")
	}
	switch {
	case a.Disabled:
		r.State = c.T("accounts.disabled")
	case a.MustChange:
		r.State = c.T("accounts.must_change")
	default:
		r.State = c.T("accounts.in_use")
	}
	return r
}

type newAccountView struct {
	gate
	Query  string
	Chosen *candidateRow
	List   []candidateRow
	More   bool
	Login  ui.FieldView
}

type candidateRow struct{ Person, Name, Post, Unit string }

func (p *Pages) newAccount(c *web.Ctx) error {
	return p.newAccountForm(c, http.StatusOK, c.R.URL.Query(), nil)
}

// newAccountForm finds somebody in a post without an account, and then asks for nothing but the login, which it offers.
func (p *Pages) newAccountForm(c *web.Ctx, status int, f url.Values, problem error) error {
	list, err := p.Accounts.Candidates(c.Context(), c.Who, f.Get("q"), candidates+1)
	if err != nil {
		return err
	}
	v := newAccountView{gate: p.gate(c, "accounts.new", "/"), Query: strings.TrimSpace(f.Get("q")), More: len(list) > candidates}
	for i, x := range list {
		row := candidateRow{x.Person, x.Name, c.T("post." + x.Post), x.Unit}
		if i < candidates {
			v.List = append(v.List, row)
		}
		if x.Person == f.Get("person") {
			v.Chosen = &row
		}
	}
	texts := web.Texts(c.Lang, problem)
	v.Login = field(c, "login", "line", true, texts)
	v.Login.Value, v.Login.Focus, v.Login.Max = f.Get("login"), true, "32"
	if v.Chosen != nil && v.Login.Value == "" {
		v.Login.Value = strings.ReplaceAll(text.Pinyin(v.Chosen.Name), " ", "")
	}
	if len(texts) == 0 {
		v.Wrong = p.wrong(c, problem)
	}
	return c.Render(status, newAccountPage(v))
}

func (p *Pages) createAccount(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	password := account.OneTime()
	key, err := p.Accounts.Create(c.Context(), c.Who, account.NewAccount{Person: f.Get("person"), Login: f.Get("login"), Password: password})
	if again(err) {
		return p.newAccountForm(c, web.Status(err), f, err)
	}
	if err != nil {
		return err
	}
	return p.showOneTime(c, key, "accounts.created", password)
}

// showOneTime shows a one-time password to the administrator who hands it over, this once.
func (p *Pages) showOneTime(c *web.Ctx, key id.Key, what, password string) error {
	a, err := p.Accounts.Get(c.Context(), c.Who, key)
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, oncePage(onceView{gate: p.gate(c, what, "/"), What: c.T(what), Line: c.T("accounts.hand_over", itoa(int(p.Accounts.Policy.OneTime.Hours()))), Secret: password,
		Facts: [][2]string{{c.T("me.login"), a.Login}, {c.T("accounts.person"), a.Name + "　" + a.Unit}}, To: "/admin/accounts/" + key, Back: c.T("accounts.back")}))
}

type accountView struct {
	gate
	Row  accountRow
	Own  bool
	Acts []accountAct
}

// accountAct is one thing an administrator can do with an account, with whom it touches and how.
type accountAct struct{ Name, Title, Line, Button string }

func (p *Pages) oneAccount(c *web.Ctx) error {
	return p.accountPage(c, p.Accounts.Open, http.StatusOK, nil)
}

// accountPage shows an account, read by an opening or after something tried on it.
func (p *Pages) accountPage(c *web.Ctx, read func(context.Context, access.Actor, id.Key) (account.Account, error), status int, problem error) error {
	key := c.R.PathValue("account")
	if !id.ValidKey(key) {
		return fault.Hidden()
	}
	a, err := read(c.Context(), c.Who, key)
	if err != nil {
		return err
	}
	v := accountView{gate: p.gate(c, "accounts.one", "/"), Row: rowOf(c, a), Own: a.Person == c.Who.Person}
	v.Title = a.Name
	v.Wrong = p.wrong(c, problem)
	add := func(name string) {
		v.Acts = append(v.Acts, accountAct{name, c.T("accounts.do." + name), c.T("accounts.do." + name + ".line"), c.T("accounts.do." + name + ".button")})
	}
	if !v.Own {
		add("reset")
		if v.Row.Has {
			add("clear")
		}
		if a.Disabled {
			add("enable")
		} else {
			add("disable")
		}
	}
	return c.Render(status, accountPage(v))
}

func (p *Pages) actOn(c *web.Ctx) error {
	key := c.R.PathValue("account")
	if !id.ValidKey(key) {
		return fault.Hidden()
	}
	act := c.R.PathValue("act")
	var password string
	var err error
	switch act {
	case "reset":
		password, err = p.Accounts.Reset(c.Context(), c.Who, key)
	case "clear":
		err = p.Accounts.ClearSecond(c.Context(), c.Who, key)
	case "disable":
		err = p.Accounts.Disable(c.Context(), c.Who, key)
	case "enable":
		err = p.Accounts.Enable(c.Context(), c.Who, key)
	default:
		return fault.Hidden()
	}
	switch {
	case fault.KindOf(err) == fault.Conflict || fault.Code(err) == "account.two_hands":
		return p.accountPage(c, p.Accounts.Get, web.Status(err), err)
	case err != nil:
		return err
	case act == "reset":
		return p.showOneTime(c, key, "accounts.reset", password)
	}
	return c.Redirect("/admin/accounts/" + key + "?done=account_" + act)
}
