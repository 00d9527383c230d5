package portal

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/spool"
	"qianshao/internal/web/ui"
)

// Portal is what the public side works with.
type Portal struct {
	Directory func() *envelope.Directory // the one that holds now; another one is another pointer
	Spool     *spool.Spool
	Calendar  *calendar.Book // as the program ships it: the directory's notices stand on top
	Now       func() time.Time
	Signer    note.Signer // of the notes that go with receipts
	TLS       *tls.Config // nil: plain, behind a proxy or on the machine itself
	Broken    func()      // told that a request ended in an error of ours, and nothing of the request; nil: nobody is
	Calm      int         // reports in five minutes up to which a form asks nothing of whoever sends it; 0 for the usual number
}

// What a request may cost. Deriving what stands behind a receipt takes 2 MB: a flood waits, and takes no more than this.
const (
	maxStretching = 8
	maxWait       = 20 * time.Second
	maxUpload     = time.Hour
	maxSmall      = 64 << 10  // a body without files
	maxBody       = 256 << 20 // what is read at all, to be able to say that it was too much
)

// maxQuiet is how long a body may stand still, and an answer may take to be read.
var maxQuiet = time.Minute

type server struct {
	*Portal
	find       finder
	gate       *gate
	stretching chan struct{}
	held       answers
}

// call is one request with its answer.
type call struct {
	w http.ResponseWriter
	r *http.Request
	view
	held *answers
}

// Handler is the public side as a handler of its own.
func (p *Portal) Handler() http.Handler {
	h, _ := p.handler()
	return h
}

func (p *Portal) handler() (http.Handler, *server) {
	s := &server{Portal: p, find: finder{base: p.Calendar}, gate: newGate(p.Calm), stretching: make(chan struct{}, maxStretching)}
	mux := http.NewServeMux()
	page := func(pattern string, do func(*call) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			c := &call{w, r, s.view(r), &s.held}
			if err := do(c); err != nil {
				c.page(status(err), message(c.view, "failed", faultText(c.lang, err)))
			}
		})
	}
	page("GET /{$}", s.blank)
	page("POST /{$}", s.post)
	page("POST /find", s.findUnit)
	page("GET /look", func(c *call) error { return c.page(http.StatusOK, lookPage(c.view, "")) })
	page("POST /look", s.look)
	page("POST /look/say", s.say)
	page("POST /look/watch", s.over)
	page("POST /note", s.note)
	page("POST /proof", s.proof)
	page("GET /check", s.check)
	page("GET "+heldPath, (*call).kept)
	page("GET /protect", func(c *call) error { return c.page(http.StatusOK, protectPage(c.view)) })
	page("/", func(*call) error { return fault.New(fault.NotFound, "portal.page") })
	mux.Handle("GET /assets/", kept(ui.Assets()))
	program := func(pattern string, do func(*call) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			c := &call{w, r, s.view(r), &s.held}
			if err := do(c); err != nil {
				c.problem(err, nil)
			}
		})
	}
	program("POST /portal/api/v1/tipoffs", s.apiLodge)
	program("POST /portal/api/v1/status", s.apiStatus)
	program("POST /portal/api/v1/messages", s.apiSay)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		// What goes wrong in here is not left to the server around it, which would write down whose request it was.
		defer func() {
			if recover() != nil {
				if p.Broken != nil {
					p.Broken()
				}
				http.Error(w, locale.T(locale.Zh, "portal.failed"), http.StatusInternalServerError)
			}
		}()
		if r.Body != nil {
			control := http.NewResponseController(w)
			by := time.Now().Add(maxQuiet)
			if r.Method == http.MethodPost {
				by = by.Add(maxUpload) // until send sets a nearer one
			}
			_ = control.SetWriteDeadline(by) // a recorder has none
			r.Body = http.MaxBytesReader(w, &paced{r.Body, control, time.Now().Add(maxUpload)}, maxBody)
		}
		mux.ServeHTTP(w, r)
	}), s
}

const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// form sends the form. The one script there is may run where it has something to do, and nowhere else.
func (c *call) form(code int, a asked) error {
	if a.pass != nil {
		c.w.Header().Set("Content-Security-Policy", policy+"; script-src 'self'")
	}
	return c.page(code, formPage(c.view, a))
}

// paced ends a body that stands still.
type paced struct {
	io.ReadCloser
	control *http.ResponseController
	until   time.Time
}

func (p *paced) Read(b []byte) (int, error) {
	by := time.Now().Add(maxQuiet)
	if by.After(p.until) {
		by = p.until
	}
	_ = p.control.SetReadDeadline(by) // a recorder has none
	return p.ReadCloser.Read(b)
}

// kept has the sheet taken from here each time: it would stay behind in the browser.
func kept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(unkept{w}, r) })
}

type unkept struct{ http.ResponseWriter }

func (u unkept) Write(b []byte) (int, error) {
	u.Header().Set("Cache-Control", "no-store")
	return u.ResponseWriter.Write(b)
}

func (s *server) today() calendar.Date { return calendar.InstantOf(s.Now()).Date() }

func (s *server) view(r *http.Request) view {
	v := view{locale.Zh, s.today()}
	if r.URL.Query().Get("lang") == "en" {
		v.lang = locale.En
	}
	return v
}

// page sends a page, rendered whole before a byte of it goes.
func (c *call) page(code int, p templ.Component) error {
	var b bytes.Buffer
	if err := p.Render(context.WithoutCancel(c.r.Context()), &b); err != nil {
		return err
	}
	a := answer{code, c.w.Header().Get("Content-Security-Policy"), b.Bytes()}
	if c.r.Method == http.MethodPost && c.see(a) {
		return nil
	}
	return c.send(code, pageType, b.Bytes())
}

const pageType = "text/html; charset=utf-8"

func (c *call) send(code int, kind string, body []byte) error {
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(maxQuiet)) // a recorder has none
	c.w.Header().Set("Content-Type", kind)
	c.w.WriteHeader(code)
	_, _ = c.w.Write(body) // the reader may have gone
	return nil
}

// drain reads what is left of a body: a browser that is still sending shows no answer.
func (c *call) drain() { _, _ = io.Copy(io.Discard, c.r.Body) }

// secrets derives what stands behind a receipt, when its turn comes.
func (s *server) secrets(ctx context.Context, r envelope.Receipt) (envelope.Secrets, error) {
	wait := time.NewTimer(maxWait)
	defer wait.Stop()
	select {
	case s.stretching <- struct{}{}:
	case <-wait.C:
		return envelope.Secrets{}, fault.New(fault.Unavailable, "portal.busy")
	case <-ctx.Done():
		return envelope.Secrets{}, fault.New(fault.Unavailable, "portal.busy").Because(ctx.Err())
	}
	defer func() { <-s.stretching }()
	return r.Secrets(), nil
}

// values reads the fields of a form without files, of at most so many bytes.
func (c *call) values(most int64) (func(string) string, error) {
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, most)
	if err := c.r.ParseForm(); err != nil {
		return nil, unread(err)
	}
	return c.r.PostForm.Get, nil // never what stands in the address
}

// unread is a body that could not be read.
func unread(err error) error {
	if _, ok := fault.As(err); ok {
		return err
	}
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return fault.New(fault.TooLarge, "portal.size")
	}
	return fault.New(fault.BadRequest, "portal.broken").Because(err)
}

var statusOf = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.NotFound: http.StatusNotFound,
	fault.Conflict: http.StatusConflict, fault.TooLarge: http.StatusRequestEntityTooLarge, fault.Unavailable: http.StatusServiceUnavailable, fault.BadRequest: http.StatusBadRequest,
}

func status(err error) int {
	if code, ok := statusOf[fault.KindOf(err)]; ok {
		return code
	}
	return http.StatusInternalServerError
}

func faultText(lang string, err error) string {
	f, ok := fault.As(err)
	if !ok {
		return locale.T(lang, "portal.failed.text")
	}
	return locale.T(lang, "fault."+f.Code, f.Args...)
}
