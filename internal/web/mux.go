package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
)

// Handler answers one request or says why it can't.
type Handler func(c *Ctx) error

// Route is one address of the work application.
type Route struct {
	Method string
	Path   string      // a pattern of net/http
	Perm   access.Perm // needed to be let in at all; what is seen there is the scope's business
	Open   bool        // may be reached without being signed in
	Half   bool        // may be reached with only the password given
	API    bool        // answers problem documents
	Do     Handler
}

// Session is what a request is signed in as.
type Session struct {
	Token   string
	Full    bool // nothing is owed any more: second step, password, post
	Lang    string
	Account id.Key
	Login   string
	Posts   int // how many posts there are to choose from
	Program bool
}

// Sessions finds who is behind a token. Package account is it.
type Sessions interface {
	Actor(ctx context.Context, token string) (access.Actor, Session, error)
}

// Mux mounts routes.
type Mux struct {
	DB       *db.DB
	Sessions Sessions
	Log      *slog.Logger
	Demo     bool   // a banner says so, and sign-in offers the roles
	Name     string // what the deployment is called
	Errors   func(c *Ctx, err error) error
	Nav      func(c *Ctx) []NavItem
	Foot     func(c *Ctx) string                                                 // what stands at the foot of every page; nil: nothing
	Opened   func(c *Ctx)                                                        // somebody signed in was shown a page (the access log); nil: nobody is told. It must not wait
	Heard    func(text string, args []any)                                       // called with every statement of every request; measuring and tests only
	Observe  func(route Route, status int, took time.Duration, statements int64) // metrics; nil: none are kept
	mux      *http.ServeMux
	routes   []Route
}

// NavItem is an entry of the main navigation.
type NavItem struct {
	Href  string
	Key   string // locale key
	Group string // locale key of the heading above it; "" where it goes on with the group before
	N     string // a small count, "" for none
}

// NewMux makes an empty mux.
func NewMux() *Mux { return &Mux{mux: http.NewServeMux()} }

// Add mounts routes. A route without a policy, or one path twice, is a defect that stops the program at start.
func (m *Mux) Add(routes ...Route) {
	for _, r := range routes {
		if r.Perm == "" && !r.Open {
			panic("web: " + r.Method + " " + r.Path + " has no policy")
		}
		m.routes = append(m.routes, r)
		m.mux.Handle(r.Method+" "+r.Path, m.serve(r))
	}
}

// Mount hands a whole subtree to another handler; only assets and the API's own router are mounted so.
func (m *Mux) Mount(pattern string, h http.Handler) { m.mux.Handle(pattern, h) }

// Routes lists what is mounted, for the policy test.
func (m *Mux) Routes() []Route { return m.routes }

// maxBody is the largest form that is read; uploads have a limit of their own.
const maxBody = 1 << 20

// Ctx is one request.
type Ctx struct {
	W       http.ResponseWriter
	R       *http.Request
	Mux     *Mux
	Route   Route
	Who     access.Actor
	Session Session
	Lang    string
	Today   calendar.Date
	Stats   *db.Stats
	formErr error
	broken  bool // it failed after part of the answer was sent
}

// Context is the request's context; statements made under it are counted.
func (c *Ctx) Context() context.Context { return c.R.Context() }

// T is a text in the request's language.
func (c *Ctx) T(key string, args ...string) string { return locale.T(c.Lang, key, args...) }

// In reads the tenant of an id.
func (c *Ctx) In(x id.ID) db.Reader { return c.Mux.DB.In(x.City) }

// Home reads the actor's own tenant.
func (c *Ctx) Home() db.Reader { return c.Mux.DB.In(c.Who.City) }

// ID parses a path value. A malformed one is as absent as an unknown one.
func (c *Ctx) ID(name string) (id.ID, error) {
	x, err := id.Parse(c.R.PathValue(name))
	if err != nil {
		return x, fault.Hidden()
	}
	return x, nil
}

// Day is the day that the address asks for, today where it asks for none. Of a day to come nothing is known.
func (c *Ctx) Day(name string) (calendar.Date, error) {
	on := calendar.Date(c.R.URL.Query().Get(name))
	switch {
	case on == "":
		return c.Today, nil
	case !on.Valid():
		return "", fault.InvalidField(name, "day.invalid")
	case on > c.Today:
		return "", fault.InvalidField(name, "day.future")
	}
	return on, nil
}

// SignedIn says whether somebody is signed in with everything they need.
func (c *Ctx) SignedIn() bool { return c.Session.Full }

const sessionCookie = "qs"

func (m *Mux) serve(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		stats := &db.Stats{Seen: m.Heard}
		r = r.WithContext(db.WithStats(r.Context(), stats))
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		c := &Ctx{W: rec, R: r, Mux: m, Route: route, Stats: stats, Today: m.DB.Today()}
		c.Lang = locale.Pick(cookie(r, "lang"), r.Header.Get("Accept-Language"))
		r.Body = http.MaxBytesReader(w, r.Body, limitOf(route, r))
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				m.fail(c, fmt.Errorf("panic: %v", p))
			}
			m.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("route", route.Method+" "+route.Path), slog.Int("status", rec.status),
				slog.Duration("took", time.Since(start)), slog.Int64("statements", stats.Statements.Load()), slog.Int64("bytes", rec.n))
			if m.Opened != nil && !route.Open && r.Method == http.MethodGet && c.SignedIn() && rec.status < http.StatusBadRequest && !c.broken {
				m.Opened(c)
			}
			if m.Observe != nil {
				m.Observe(route, rec.status, time.Since(start), stats.Statements.Load())
			}
			if c.broken {
				panic(http.ErrAbortHandler) // half an answer must not end as a whole one does
			}
		}()
		err := c.admit()
		if err == nil {
			err = route.Do(c)
		}
		if err != nil {
			m.fail(c, err)
		}
	})
}

// limitOf is how large a request's body may be. Only what is read as it comes may be large: a form or JSON is held whole
// before anybody looks at it, on whatever route it was sent to.
func limitOf(route Route, r *http.Request) int64 {
	takes := strings.HasSuffix(route.Path, "/files") || strings.HasSuffix(route.Path, "/import")
	if takes && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return maxUpload
	}
	return maxBody
}

// fits refuses a body that says itself that it is too large, before a byte of it is read.
func (c *Ctx) fits() error {
	if c.R.ContentLength > limitOf(c.Route, c.R) {
		return fault.New(fault.TooLarge, "request.too_large")
	}
	return nil
}

// maxUpload bounds a file or a spreadsheet.
const maxUpload = 100<<20 + 1<<20

// admit finds who is asking and whether they may come in at all.
func (c *Ctx) admit() error {
	token, bearer := strings.CutPrefix(c.R.Header.Get("Authorization"), "Bearer ")
	if bearer = bearer && c.Route.API; !bearer {
		token = cookie(c.R, sessionCookie)
	}
	if token != "" {
		who, s, err := c.Mux.Sessions.Actor(c.Context(), token)
		if err == nil && s.Program && !bearer {
			err = fault.New(fault.Unauthenticated, "session.none") // a program's token is no cookie
		}
		switch kind := fault.KindOf(err); {
		case err == nil:
			c.Who, c.Session = who, s
			if s.Lang != "" && cookie(c.R, "lang") == "" {
				c.Lang = s.Lang
			}
		case !c.Route.Open || kind != fault.Unauthenticated && kind != fault.Forbidden:
			return err // whoever is shut out can still sign in as somebody else
		}
	}
	if c.Route.Open {
		return c.fits()
	}
	if c.Session.Token == "" {
		return fault.New(fault.Unauthenticated, "session.none")
	}
	if !c.Session.Full && !c.Route.Half {
		return fault.New(fault.Unauthenticated, "session.second")
	}
	if c.Session.Full && !c.Who.Can(c.Route.Perm) {
		return fault.New(fault.Forbidden, "page.not_yours")
	}
	err := c.fits()
	if err == nil && c.R.Method == http.MethodPost {
		c.Who.Request, err = c.request()
	}
	return err
}

func cookie(r *http.Request, name string) string {
	k, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return k.Value
}

// SetSession gives the browser its session for a time; the server's own clock decides when it really ends.
func (c *Ctx) SetSession(token string, life time.Duration) {
	http.SetCookie(c.W, &http.Cookie{Name: sessionCookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.secure(), MaxAge: int(life / time.Second)})
}

// EndSession makes the browser forget its session.
func (c *Ctx) EndSession() { c.SetSession("", -time.Second) }

// SessionToken is the token the browser showed, good or not, "" if none.
func (c *Ctx) SessionToken() string { return cookie(c.R, sessionCookie) }

// secure says whether the browser reached us over TLS, here or at a proxy in front.
func (c *Ctx) secure() bool {
	return c.R.TLS != nil || c.R.Header.Get("X-Forwarded-Proto") == "https"
}

// SetCookie keeps a small preference in the browser.
func (c *Ctx) SetCookie(name, value string, days int) {
	http.SetCookie(c.W, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: name != "theme" && name != "density", SameSite: http.SameSiteLaxMode, MaxAge: days * 86400,
		Secure: c.secure()})
}

// Cookie reads a preference.
func (c *Ctx) Cookie(name string) string { return cookie(c.R, name) }

// Local keeps a redirect on this host: only a path, and not one that a browser would take for another host.
func Local(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

// Redirect answers a POST with the page to look at next.
func (c *Ctx) Redirect(to string) error {
	if c.R.Header.Get("HX-Request") != "" {
		c.W.Header().Set("HX-Redirect", to)
		c.W.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(c.W, c.R, to, http.StatusSeeOther)
	return nil
}

// NewKey makes an idempotency key for a form.
func NewKey() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand never fails on a supported system
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

type recorder struct {
	http.ResponseWriter
	status int
	n      int64
	wrote  bool
}

func (r *recorder) WriteHeader(code int) {
	if !r.wrote {
		r.status, r.wrote = code, true
		r.ResponseWriter.WriteHeader(code)
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	n, err := r.ResponseWriter.Write(b)
	r.n += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Handler is the whole application with what surrounds every request.
func (m *Mux) Handler() http.Handler {
	cop := http.NewCrossOriginProtection()
	cop.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.refuse(w, r, fault.New(fault.Forbidden, "request.cross_site"))
	}))
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if !legible(r.URL) {
			m.refuse(w, r, fault.New(fault.BadRequest, "request.malformed"))
			return
		}
		m.mux.ServeHTTP(w, r)
	})
	return cop.Handler(compress(inner))
}

// refuse answers a request that never came as far as a route.
func (m *Mux) refuse(w http.ResponseWriter, r *http.Request, err error) {
	m.fail(m.outside(w, r), err)
}

// outside is a request that no route was found for.
func (m *Mux) outside(w http.ResponseWriter, r *http.Request) *Ctx {
	return &Ctx{W: &recorder{ResponseWriter: w, status: http.StatusOK}, R: r, Mux: m, Route: Route{Open: true, API: strings.HasPrefix(r.URL.Path, "/api/")}, Stats: &db.Stats{}, Today: m.DB.Today(),
		Lang: locale.Pick(cookie(r, "lang"), r.Header.Get("Accept-Language"))}
}

// legible says whether an address holds only what a database can store and people can read: UTF-8 without NUL.
func legible(u *url.URL) bool {
	fine := func(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
	for name, vs := range u.Query() {
		if !fine(name) || slices.ContainsFunc(vs, func(v string) bool { return !fine(v) }) {
			return false
		}
	}
	return fine(u.Path)
}

// NotFound answers an address that leads nowhere as any page that is not there.
func (m *Mux) NotFound(w http.ResponseWriter, r *http.Request) {
	c := m.outside(w, r)
	if err := c.admit(); err != nil {
		m.fail(c, err)
		return
	}
	m.fail(c, fault.Hidden())
}
