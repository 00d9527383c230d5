package accounthttp

import (
	"net/http"
	"net/url"
	"strings"

	"qianshao/internal/account"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// next looks at what a session still owes and shows that step, or leads to the page where it is taken.
func (p *Pages) next(c *web.Ctx) error {
	s, err := p.session(c)
	if err != nil {
		return err
	}
	to := c.R.URL.Query().Get("next")
	switch s.Due {
	case account.DueSecond:
		return p.secondForm(c, http.StatusOK, s, to, nil)
	case account.DueChange:
		return c.Redirect(with("/me/password", web.Local(to)))
	case account.DueEnrol:
		return c.Redirect(with("/me/enrol", web.Local(to)))
	case account.DuePost:
		return c.Redirect(with("/posts", web.Local(to)))
	}
	return c.Redirect(web.Local(to))
}

type secondView struct {
	gate
	Name    string
	Code    ui.FieldView
	Passkey bool
	Codes   bool // takes a code: there is an authenticator, or a recovery code left
}

func (p *Pages) secondForm(c *web.Ctx, status int, s account.Session, next string, problem error) error {
	v := secondView{gate: p.gate(c, "second.title", next), Name: s.Name, Passkey: s.Passkeys > 0 && p.Accounts.TakesPasskeys(), Codes: s.TOTP || s.Recovery > 0}
	texts := web.Texts(c.Lang, problem)
	v.Code = field(c, "code", "line", true, texts)
	v.Code.Auto, v.Code.Focus, v.Code.Max = "one-time-code", v.Codes && !v.Passkey, "40"
	if !s.TOTP {
		v.Code.Label, v.Code.Help = c.T("second.recovery"), c.T("second.recovery.help")
	}
	if len(texts) == 0 {
		v.Wrong = p.wrong(c, problem)
	}
	return c.Render(status, secondPage(v))
}

// second takes the second step: a code, or a passkey's answer that the script put into the form.
func (p *Pages) second(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	if answer := f.Get("answer"); answer != "" {
		err = p.Accounts.SecondPasskey(c.Context(), c.Session.Token, []byte(answer))
	} else {
		err = p.Accounts.Second(c.Context(), c.Session.Token, f.Get("code"))
	}
	if again(err) {
		s, e := p.session(c)
		if e != nil {
			return e
		}
		if fault.KindOf(err) == fault.TooMany {
			c.W.Header().Set("Retry-After", web.RetryAfter(err))
		}
		return p.secondForm(c, web.Status(err), s, f.Get("next"), err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(with("/second", web.Local(f.Get("next"))))
}

// again are the faults that a step shows above its form, so that it can be tried once more.
func again(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.TooMany, fault.Unavailable:
		return true
	}
	return false
}

func (p *Pages) askPasskey(c *web.Ctx) error {
	options, err := p.Accounts.AskPasskey(c.Context(), c.Session.Token)
	if err != nil {
		return err
	}
	return sendOptions(c, options)
}

func sendOptions(c *web.Ctx, options []byte) error {
	c.W.Header().Set("Content-Type", "application/json; charset=utf-8")
	c.W.Header().Set("Cache-Control", "no-store")
	_, _ = c.W.Write(options) // the reader may have gone
	return nil
}

type postsView struct {
	gate
	Name  string
	Posts []postView
}

type postView struct {
	Holding, Unit, Title string
	Acting, Current      bool
}

func (p *Pages) posts(c *web.Ctx) error {
	s, err := p.session(c)
	if err != nil {
		return err
	}
	to := c.R.URL.Query().Get("next")
	if s.Due != "" && s.Due != account.DuePost {
		return c.Redirect(with("/second", web.Local(to)))
	}
	v := postsView{gate: p.gate(c, "posts.title", to), Name: s.Name}
	for _, x := range s.Posts {
		v.Posts = append(v.Posts, postView{Holding: x.Holding, Unit: x.Unit.Commission(), Title: postName(c, x), Acting: x.Acting, Current: x.Holding == s.Holding})
	}
	return c.Render(http.StatusOK, postsPage(v))
}

// postName is what a post is called: by its own title, else by its kind.
func postName(c *web.Ctx, x account.Post) string {
	if x.Title != "" && x.Title != x.Kind && (c.Lang == locale.Zh || !org.Usual(x.Kind, x.Title)) {
		return x.Title
	}
	return c.T("post." + x.Kind)
}

func (p *Pages) choosePost(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	if err := p.Accounts.ChoosePost(c.Context(), c.Session.Token, f.Get("holding")); err != nil {
		return err
	}
	return c.Redirect(web.Local(f.Get("next")))
}

type passwordView struct {
	gate
	Why    string
	Fields []ui.FieldView
}

func (p *Pages) passwordPage(c *web.Ctx) error {
	return p.passwordForm(c, http.StatusOK, c.R.URL.Query().Get("next"), nil)
}

func (p *Pages) passwordForm(c *web.Ctx, status int, next string, problem error) error {
	s, err := p.session(c)
	if err != nil {
		return err
	}
	if s.Due == account.DueSecond {
		return c.Redirect(with("/second", web.Local(next)))
	}
	texts := web.Texts(c.Lang, problem)
	v := passwordView{gate: p.gate(c, "password.title", next)}
	if s.Due == account.DueChange {
		v.Why = c.T("password.due")
	}
	old, fresh, twice := field(c, "old", "password", true, texts), field(c, "password", "password", true, texts), field(c, "twice", "password", true, texts)
	old.Auto, fresh.Auto, twice.Auto = "current-password", "new-password", "new-password"
	fresh.Label, fresh.Help = c.T("account.field.new"), c.T("account.field.new.help", itoa(p.Accounts.Policy.MinPassword))
	old.Focus = true
	if s.Due == account.DueChange {
		old.Help = c.T("account.field.old.once")
	}
	v.Fields = []ui.FieldView{old, fresh, twice}
	if len(texts) == 0 {
		v.Wrong = p.wrong(c, problem)
	} else {
		v.Sent = v.Fields
	}
	v.In = v.In && s.Due == ""
	return c.Render(status, passwordPage(v))
}

func (p *Pages) changePassword(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	if f.Get("password") != f.Get("twice") {
		err = fault.InvalidField("twice", "password.twice")
	} else {
		err = p.Accounts.ChangePassword(c.Context(), c.Session.Token, f.Get("old"), f.Get("password"))
	}
	if again(err) {
		return p.passwordForm(c, web.Status(err), f.Get("next"), err)
	}
	if err != nil {
		return err
	}
	if c.Session.Full {
		return c.Redirect("/me?done=password")
	}
	return c.Redirect(with("/second", web.Local(f.Get("next"))))
}

type enrolView struct {
	gate
	Why     string
	Login   string
	Secret  string // in groups of four, to type
	QR      qrView
	NoKey   string // why there is no authenticator to set up
	Code    ui.FieldView
	Passkey bool
	KeyName ui.FieldView
	Only    string // "totp" or "passkey" when the other one is not asked for
}

func (p *Pages) enrolPage(c *web.Ctx) error {
	return p.enrolForm(c, http.StatusOK, c.R.URL.Query(), nil)
}

// enrolForm shows both ways to a second factor, or the one that was asked for.
func (p *Pages) enrolForm(c *web.Ctx, status int, f url.Values, problem error) error {
	s, err := p.session(c)
	if err != nil {
		return err
	}
	if s.Due != "" && s.Due != account.DueEnrol {
		return c.Redirect(with("/second", web.Local(f.Get("next"))))
	}
	texts := web.Texts(c.Lang, problem)
	v := enrolView{gate: p.gate(c, "enrol.title", f.Get("next")), Login: s.Login, Passkey: p.Accounts.TakesPasskeys(), Only: f.Get("only")}
	if s.Due == account.DueEnrol {
		v.Why = c.T("enrol.due")
	}
	if v.Only != "passkey" || !v.Passkey {
		e, err := p.Accounts.EnrolTOTP(c.Context(), c.Session.Token)
		switch {
		case fault.Code(err) == "second.no_key":
			v.NoKey = c.T("enrol.no_key")
		case err != nil:
			return p.stale(c, err)
		default:
			v.Secret = grouped(e.Secret)
			if v.QR, err = newQR(e.URL); err != nil {
				return err
			}
		}
	}
	v.Code, v.KeyName = field(c, "code", "line", true, texts), field(c, "name", "line", true, texts)
	v.Code.Auto, v.Code.Max, v.Code.Help, v.Code.Focus = "one-time-code", "10", c.T("enrol.code.help"), v.Only != "passkey"
	v.KeyName.Label, v.KeyName.Help, v.KeyName.Max = c.T("enrol.key.name"), c.T("enrol.key.name.help"), "30"
	v.KeyName.Value = f.Get("name")
	if len(texts) == 0 {
		v.Wrong = p.wrong(c, problem)
	}
	return c.Render(status, enrolPage(v))
}

// stale leads somebody whose sign-in is too long ago for what opens new ways in to sign in again, and back.
func (p *Pages) stale(c *web.Ctx, err error) error {
	if fault.Code(err) != "session.not_fresh" {
		return err
	}
	to := "/me"
	if c.R.Method == http.MethodGet {
		to = c.R.URL.RequestURI()
	}
	return c.Redirect("/sign-in?why=not_fresh&next=" + url.QueryEscape(to))
}

// grouped puts a secret into groups of four, as people read it out.
func grouped(secret string) string {
	var out []string
	for len(secret) > 4 {
		out, secret = append(out, secret[:4]), secret[4:]
	}
	return strings.Join(append(out, secret), " ")
}

func (p *Pages) confirmTOTP(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	codes, err := p.Accounts.ConfirmTOTP(c.Context(), c.Session.Token, f.Get("code"))
	return p.enrolled(c, f, codes, err)
}

func (p *Pages) beginPasskey(c *web.Ctx) error {
	options, err := p.Accounts.EnrolPasskey(c.Context(), c.Session.Token)
	if err != nil {
		return err
	}
	return sendOptions(c, options)
}

func (p *Pages) confirmPasskey(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	codes, err := p.Accounts.ConfirmPasskey(c.Context(), c.Session.Token, f.Get("name"), []byte(f.Get("answer")))
	return p.enrolled(c, f, codes, err)
}

// enrolled shows the recovery codes that come with the first second factor, or goes on.
func (p *Pages) enrolled(c *web.Ctx, f url.Values, codes []string, err error) error {
	if again(err) {
		return p.enrolForm(c, web.Status(err), f, err)
	}
	if err != nil {
		return p.stale(c, err)
	}
	to := with("/second", web.Local(f.Get("next")))
	if c.Session.Full {
		to = "/me?done=second"
	}
	if len(codes) == 0 {
		return c.Redirect(to)
	}
	return p.showCodes(c, codes, to)
}

type codesView struct {
	gate
	Codes []string
	To    string
}

// showCodes shows recovery codes, this once.
func (p *Pages) showCodes(c *web.Ctx, codes []string, to string) error {
	return c.Render(http.StatusOK, codesPage(codesView{gate: p.gate(c, "codes.title", "/"), Codes: codes, To: to}))
}
