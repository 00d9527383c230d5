package accounthttp

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"qianshao/internal/account"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

type meView struct {
	gate
	Session   account.Session
	Post      string
	Unit      string
	Keys      []keyView
	CanKey    bool
	Programs  []programView
	Fields    []ui.FieldView // a program's token
	Languages []ui.OptionView
}

type keyView struct{ ID, Name, Added string }

type programView struct{ ID, Name, Made, Seen, Ends string }

// lives are how many days a program's token may be asked for.
var lives = []int{30, 90, 180, 365}

func (p *Pages) me(c *web.Ctx) error { return p.mePage(c, http.StatusOK, nil, nil) }

func (p *Pages) mePage(c *web.Ctx, status int, f url.Values, problem error) error {
	s, err := p.session(c)
	if err != nil {
		return err
	}
	v := meView{gate: p.gate(c, "nav.me", "/me"), Session: s, CanKey: p.Accounts.TakesPasskeys()}
	for _, x := range s.Posts {
		if x.Holding == s.Holding {
			v.Post, v.Unit = postName(c, x), x.Unit.Commission()
		}
	}
	keys, err := p.Accounts.Passkeys(c.Context(), s.Token)
	if err != nil {
		return err
	}
	for _, k := range keys {
		v.Keys = append(v.Keys, keyView{k.ID, k.Name, ui.DayIn(c.Lang, calendar.Date(k.Added), c.Today)})
	}
	programs, err := p.Accounts.Programs(c.Context(), s.Token)
	if err != nil {
		return err
	}
	day := func(i calendar.Instant) string { return ui.DayIn(c.Lang, i.Date(), c.Today) }
	for _, x := range programs {
		v.Programs = append(v.Programs, programView{x.ID, x.Name, day(x.Made), day(x.Seen), day(x.Ends)})
	}
	texts := web.Texts(c.Lang, problem)
	if len(texts) == 0 {
		v.Wrong = p.wrong(c, problem)
	}
	name, ttl := field(c, "name", "line", true, texts), field(c, "ttl", "select", true, texts)
	name.Value, ttl.Value = f.Get("name"), f.Get("ttl")
	if ttl.Value == "" {
		ttl.Value = itoa(lives[1])
	}
	for _, n := range lives {
		ttl.Options = append(ttl.Options, ui.OptionView{Code: itoa(n), Name: c.T("program.days", itoa(n))})
	}
	v.Fields = []ui.FieldView{name, ttl}
	for _, l := range []string{locale.Zh, locale.En} {
		v.Languages = append(v.Languages, ui.OptionView{Code: l, Name: locale.T(l, "page.this_language"), Off: l == c.Lang})
	}
	return c.Render(status, mePage(v))
}

// after answers a change of one's own account: back to the page with a word on it, or what was wrong above it.
func (p *Pages) after(c *web.Ctx, f url.Values, err error, done string) error {
	if again(err) {
		return p.mePage(c, web.Status(err), f, err)
	}
	if err != nil {
		return p.stale(c, err)
	}
	return c.Redirect("/me?done=" + done)
}

func (p *Pages) removeTOTP(c *web.Ctx) error {
	return p.after(c, nil, p.Accounts.RemoveTOTP(c.Context(), c.Session.Token), "removed")
}

func (p *Pages) removePasskey(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	return p.after(c, nil, p.Accounts.RemovePasskey(c.Context(), c.Session.Token, f.Get("passkey")), "removed")
}

func (p *Pages) newCodes(c *web.Ctx) error {
	codes, err := p.Accounts.RecoveryCodes(c.Context(), c.Session.Token)
	if err != nil {
		return p.after(c, nil, err, "")
	}
	return p.showCodes(c, codes, "/me")
}

func (p *Pages) setLang(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	if err := p.Accounts.SetLang(c.Context(), c.Session.Token, f.Get("lang")); err != nil {
		return err
	}
	c.SetCookie("lang", f.Get("lang"), 365)
	return c.Redirect("/me")
}

// endAll ends every session of the person, this one too: whoever feels the need should sign in anew.
func (p *Pages) endAll(c *web.Ctx) error {
	s, err := p.session(c)
	if err != nil {
		return err
	}
	if s.Stage != account.StageFull {
		return fault.New(fault.Forbidden, "session.program")
	}
	if err := p.Accounts.SignOutAll(c.Context(), s.Account); err != nil {
		return err
	}
	c.EndSession()
	return c.Redirect("/sign-in?why=all_ended")
}

type onceView struct {
	gate
	What   string
	Line   string
	Secret string
	Facts  [][2]string
	To     string
	Back   string
}

func (p *Pages) makeProgram(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(f.Get("ttl"))
	if err != nil || days < 0 || days > 10_000 {
		days = 0 // refused below, beside the field
	}
	token, err := p.Accounts.Program(c.Context(), c.Session.Token, f.Get("name"), time.Duration(days)*24*time.Hour)
	if err != nil {
		return p.after(c, f, err, "")
	}
	return c.Render(http.StatusOK, oncePage(onceView{gate: p.gate(c, "program.made", "/me"), What: c.T("program.made"), Line: c.T("program.made.line"), Secret: token,
		Facts: [][2]string{{c.T("program.header"), "Authorization: Bearer …"}}, To: "/me", Back: c.T("program.back")}))
}

func (p *Pages) revokeProgram(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	return p.after(c, nil, p.Accounts.RevokeProgram(c.Context(), c.Session.Token, f.Get("program")), "revoked")
}
