package accounthttp

import (
	"context"
	"net/http"
	"net/url"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/locale"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Sessions finds who is behind a token, for package web.
type Sessions struct{ Accounts *account.Service }

// Actor is account.Service.Actor in the words of package web.
func (s Sessions) Actor(ctx context.Context, token string) (access.Actor, web.Session, error) {
	who, in, err := s.Accounts.Actor(ctx, token)
	if err != nil {
		return access.Actor{}, web.Session{}, err
	}
	return who, web.Session{Token: token, Full: in.Ready(), Lang: in.Lang, Account: in.Account.Key, Login: in.Login, Posts: len(in.Posts),
		Program: in.Stage == account.StageProgram}, nil
}

// Pages is everything this room shows.
type Pages struct {
	Accounts *account.Service
	Backups  func() (*Backups, error) // nil, or of nothing: the server makes none by itself
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	open := func(method, path string, do web.Handler) web.Route {
		return web.Route{Method: method, Path: path, Open: true, Do: do}
	}
	half := func(method, path string, do web.Handler) web.Route {
		return web.Route{Method: method, Path: path, Perm: access.Signed, Half: true, Do: do}
	}
	own := func(method, path string, do web.Handler) web.Route {
		return web.Route{Method: method, Path: path, Perm: access.Signed, Do: do}
	}
	admin := func(method, path string, do web.Handler) web.Route {
		return web.Route{Method: method, Path: path, Perm: access.AccountAdmin, Do: do}
	}
	get, post := http.MethodGet, http.MethodPost
	ask := half(post, "/second/ask", p.askPasskey)
	begin := half(post, "/me/passkeys/ask", p.beginPasskey)
	ask.API, begin.API = true, true // a script asks; what is wrong is answered to it
	return append([]web.Route{
		open(get, "/sign-in", p.signInPage), open(post, "/sign-in", p.signIn), open(post, "/sign-in/role", p.signInAs), open(post, "/sign-out", p.signOut),
		{Method: post, Path: "/api/v1/session", Open: true, API: true, Do: p.beginSession},
		{Method: http.MethodDelete, Path: "/api/v1/session", Open: true, API: true, Do: p.endSession},
		half(get, "/second", p.next), half(post, "/second", p.second), ask,
		half(get, "/posts", p.posts), half(post, "/posts", p.choosePost),
		half(get, "/me/password", p.passwordPage), half(post, "/me/password", p.changePassword),
		half(get, "/me/enrol", p.enrolPage), half(post, "/me/totp", p.confirmTOTP), half(post, "/me/passkeys", p.confirmPasskey), begin,
		own(get, "/me", p.me), own(post, "/me/totp/remove", p.removeTOTP), own(post, "/me/passkeys/remove", p.removePasskey), own(post, "/me/recovery", p.newCodes),
		own(post, "/me/lang", p.setLang), own(post, "/me/sessions/end", p.endAll), own(post, "/me/programs", p.makeProgram), own(post, "/me/programs/revoke", p.revokeProgram),
		admin(get, "/admin/accounts", p.accounts), admin(get, "/admin/accounts/new", p.newAccount), admin(post, "/admin/accounts", p.createAccount),
		admin(get, "/admin/accounts/{account}", p.oneAccount), admin(post, "/admin/accounts/{account}/{act}", p.actOn),
	}, web.Route{Method: get, Path: "/admin/audit", Perm: access.AuditRead, Do: p.audit}, web.Route{Method: get, Path: "/admin/audit/openings", Perm: access.AuditRead, Do: p.openings})
}

// session is the whole session behind a request.
func (p *Pages) session(c *web.Ctx) (account.Session, error) {
	_, s, err := p.Accounts.Actor(c.Context(), c.Session.Token)
	return s, err
}

// gate is the frame of a page of somebody on the way in, with the address they asked for.
type gate struct {
	ui.Frame
	Next  string
	Key   string // idempotency
	Wrong string // what went wrong, above the form
	In    bool   // signed in already: the page has the navigation
	Sent  []ui.FieldView
}

func (p *Pages) gate(c *web.Ctx, title string, next string) gate {
	return gate{Frame: c.Frame(c.T(title)), Next: web.Local(next), Key: web.NewKey(), In: c.Session.Full}
}

// field is one field of these pages' forms, with its text and help by name.
func field(c *web.Ctx, name, kind string, must bool, wrong map[string]string) ui.FieldView {
	f := ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("account.field." + name), Kind: kind, Must: must, Error: wrong[name], Max: "60"}
	if k := "account.field." + name + ".help"; locale.Has(k) {
		f.Help = c.T(k)
	}
	return f
}

// onward is the address after a step: the next one owed, or the page that was asked for.
func onward(due, next string) string {
	next = web.Local(next)
	if due == "" {
		return next
	}
	return with("/second", next)
}

// with carries the page that was asked for along to another step.
func with(to, next string) string {
	if next == "/" || next == "" {
		return to
	}
	return to + "?next=" + url.QueryEscape(next)
}
