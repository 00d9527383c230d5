package accounthttp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"qianshao/internal/account"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/platform/text"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

type signInView struct {
	gate
	Said   string // why one is here again
	Fields []ui.FieldView
	Roles  []roleView
}

type roleView struct{ Login, Name, Note string }

// said are the reasons to be led back here that are put into words; an address is no place for others.
var said = []string{"ended", "post_ended", "not_fresh", "signed_out", "all_ended"}

func (p *Pages) signInPage(c *web.Ctx) error {
	q := c.R.URL.Query()
	if c.Session.Token != "" && q.Get("why") == "" {
		due := ""
		if !c.Session.Full {
			due = "more"
		}
		return c.Redirect(onward(due, q.Get("next")))
	}
	return p.signInForm(c, http.StatusOK, url.Values{"next": {q.Get("next")}}, nil)
}

// signInForm shows the form, with what is wrong with what was sent. Everything typed is kept but the password.
func (p *Pages) signInForm(c *web.Ctx, status int, f url.Values, problem error) error {
	v := signInView{gate: p.gate(c, "signin.title", f.Get("next"))}
	if why := c.R.URL.Query().Get("why"); slices.Contains(said, why) {
		v.Said = locale.First(c.Lang, "signin.said."+why, "fault.session."+why)
	}
	v.Wrong = p.wrong(c, problem)
	user, pass := field(c, "user", "line", true, nil), field(c, "password", "password", true, nil)
	user.Value, user.Auto, user.Focus = f.Get("user"), "username", f.Get("user") == ""
	pass.Auto, pass.Focus = "current-password", f.Get("user") != ""
	v.Fields = []ui.FieldView{user, pass}
	if c.Mux.Demo && atTheMachine(c.R) {
		known, err := p.Accounts.Shown(c.Context(), account.DemoLogins)
		if err != nil {
			return err
		}
		for _, a := range known {
			v.Roles = append(v.Roles, roleView{a.Login, c.T("post." + a.Post), a.Unit + "　" + a.Name})
		}
	}
	return c.Render(status, signInPage(v))
}

// wrong says what is wrong, and of a wait until when.
func (p *Pages) wrong(c *web.Ctx, problem error) string {
	if problem == nil {
		return ""
	}
	f, ok := fault.As(problem)
	if !ok || f.Code != "signin.wait" || len(f.Args) == 0 {
		return web.ProblemOf(c.Lang, problem).Title
	}
	n, err := strconv.Atoi(f.Args[0])
	if err != nil || n < 60 {
		return web.ProblemOf(c.Lang, problem).Title
	}
	until := p.Accounts.Ledger.DB.Now() + calendar.Instant((time.Duration(n)*time.Second+time.Minute-1)/time.Microsecond)
	return c.T("signin.until", ui.Clock(until), strconv.Itoa((n+59)/60))
}

// refused are the faults of a sign-in that belong into the form; others are the program's.
func refused(err error) bool {
	switch fault.KindOf(err) {
	case fault.Unauthenticated, fault.Forbidden, fault.TooMany, fault.Unavailable:
		return true
	}
	return false
}

func (p *Pages) signIn(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	in, err := p.begin(c, f.Get("user"), f.Get("password"))
	if refused(err) {
		if fault.KindOf(err) == fault.TooMany {
			c.W.Header().Set("Retry-After", web.RetryAfter(err))
		}
		return p.signInForm(c, web.Status(err), f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(onward(in.Due, f.Get("next")))
}

// signInAs signs in as one of the demonstration's roles, at one click.
func (p *Pages) signInAs(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	login := f.Get("role")
	if !c.Mux.Demo || !atTheMachine(c.R) || !slices.Contains(account.DemoLogins, login) {
		return fault.Hidden()
	}
	in, err := p.begin(c, login, account.DemoPassword)
	if refused(err) {
		return p.signInForm(c, web.Status(err), url.Values{"user": {login}, "next": f["next"]}, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(onward(in.Due, f.Get("next")))
}

// begin signs in and gives the browser what it keeps. A session that it had ends: one browser is one person at a time.
func (p *Pages) begin(c *web.Ctx, login, password string) (account.SignedIn, error) {
	device := deviceCookie(login)
	in, err := p.Accounts.SignIn(c.Context(), login, password, c.Cookie(device))
	if err != nil {
		return in, err
	}
	if err := p.Accounts.SignOut(c.Context(), c.SessionToken()); err != nil {
		return in, err
	}
	c.SetSession(in.Token, p.Accounts.Policy.Absolute)
	c.SetCookie(device, in.Device, deviceDays)
	if in.Lang != "" {
		c.SetCookie("lang", in.Lang, 365)
	}
	return in, nil
}

const deviceDays = 366

// deviceCookie is the name of the cookie by which a browser is known to one account: several people share a
// computer at many a counter, and none of them should make it a stranger to the others.
func deviceCookie(login string) string {
	h := sha256.Sum256([]byte(text.Fold(login)))
	return "qd" + hex.EncodeToString(h[:4])
}

func (p *Pages) signOut(c *web.Ctx) error {
	c.EndSession()
	if err := p.Accounts.SignOut(c.Context(), c.SessionToken()); err != nil {
		return err
	}
	return c.Redirect("/sign-in?why=signed_out")
}

// atTheMachine says whether the request comes from the machine that the program runs on, straight: from a loopback
// address to a loopback address, under a name that means loopback (so that no page elsewhere can have its own name
// point here), through no proxy.
func atTheMachine(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return loopback(local.String()) && loopback(r.RemoteAddr) && (host == "localhost" || host == "[::1]" || isLoopback(host))
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isLoopback(host)
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// sessionAnswer is what a program is told of its sign-in.
type sessionAnswer struct {
	Stage string        `json:"stage"`
	Due   string        `json:"due"`
	Posts []sessionPost `json:"posts"`
	Lang  string        `json:"lang,omitempty"`
	Ends  string        `json:"ends"` // RFC 3339
}

type sessionPost struct {
	Holding string `json:"holding"`
	Kind    string `json:"kind"`
	Unit    string `json:"unit"`
	Name    string `json:"name"`
}

// beginSession is the sign-in of contract.md: {"user", "password"} gives the cookie and what is still owed.
func (p *Pages) beginSession(c *web.Ctx) error {
	var in struct {
		User     string `json:"user"`
		Password string `json:"password"`
	}
	if err := json.NewDecoder(c.R.Body).Decode(&in); err != nil {
		return fault.New(fault.BadRequest, "request.malformed").Because(err)
	}
	s, err := p.begin(c, in.User, in.Password)
	if err != nil {
		return err
	}
	out := sessionAnswer{Stage: s.Stage, Due: s.Due, Lang: s.Lang, Ends: calendar.Instant(s.Ends).Time().Format(time.RFC3339)}
	for _, x := range s.Posts {
		out.Posts = append(out.Posts, sessionPost{x.Holding, x.Kind, x.Unit.ID.String(), x.Unit.Commission()})
	}
	return c.JSON(http.StatusOK, out)
}

// endSession ends the cookie's session; that there was none is no error.
func (p *Pages) endSession(c *web.Ctx) error {
	c.EndSession()
	if err := p.Accounts.SignOut(c.Context(), c.SessionToken()); err != nil {
		return err
	}
	c.W.WriteHeader(http.StatusNoContent)
	return nil
}
