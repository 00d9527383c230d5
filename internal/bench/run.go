package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/account/accounthttp"
	"qianshao/internal/app"
	"qianshao/internal/fault"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
	"qianshao/internal/platform/text"
	"qianshao/internal/web"
)

// RunOptions say what to measure.
type RunOptions struct {
	DB       string
	What     []string      // parts by name; none: all
	Requests int           // a line
	Duration time.Duration // of the mixed day
	Profile  string        // a folder for profiles of each part
	Command  string
	Progress func(stage string, done, total int64)
	Line     func(f Figure, path string) // of each page as soon as it is measured, if wanted
}

// parts are what is measured, in this order: what changes nothing first.
var parts = []struct {
	name string
	do   func(*runner) error
}{
	{"plans", (*runner).plan}, {"lists", (*runner).lists}, {"pages", (*runner).pages}, {"units", (*runner).units}, {"search", (*runner).searches}, {"report", (*runner).report}, {"export", (*runner).export},
	{"entry", (*runner).entry}, {"moves", (*runner).moves}, {"day", (*runner).day}, {"pass", (*runner).pass}, {"import", (*runner).imports}, {"reindex", (*runner).reindex},
}

// Parts names them.
func Parts() (out []string) {
	for _, p := range parts {
		out = append(out, p.name)
	}
	return out
}

// runner is a server over the generated database, and the people signed in to it.
type runner struct {
	ctx   context.Context
	o     RunOptions
	app   *app.App
	mux   *web.Mux
	url   string
	who   map[string]*session
	out   Result
	seen  sync.Mutex
	route string       // of the last request, while one runs at a time
	heard []statement  // its statements, while plans are read
	count atomic.Int64 // how many they were
	bad   atomic.Int64 // answers of 500 and above
}

// session is somebody signed in.
type session struct {
	login string
	token string
	actor access.Actor
	http  *http.Client
	url   string
	began func() // before a request
}

// scopes are who lists and searches are measured for, from the village up: by sign-in of the model city.
var scopes = []struct{ name, login string }{{"township", "township"}, {"county", "supervision"}, {"city", "cityoffice"}, {"province", "province"}}

// Run measures.
func Run(ctx context.Context, o RunOptions) (res Result, err error) {
	for _, w := range o.What {
		if !slices.Contains(Parts(), w) {
			return res, fault.New(fault.Invalid, "bench.what", w, strings.Join(Parts(), " "))
		}
	}
	r, stop, err := start(ctx, o)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, p := range parts {
		if len(o.What) > 0 && !slices.Contains(o.What, p.name) {
			continue
		}
		o.Progress("bench."+p.name, 0, 0)
		if err := r.profiled(p.name, func() error { return p.do(r) }); err != nil {
			return r.out, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return r.out, nil
}

// start opens the database, serves over it and signs in those of the four scopes.
func start(ctx context.Context, o RunOptions) (r *runner, stop func() error, err error) {
	d, err := db.Open(ctx, o.DB, db.Options{})
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if err := migrate.Check(ctx, d); err != nil {
		return nil, nil, err
	}
	a, err := app.BuildWith(ctx, d, app.Options{Policy: account.Demonstration()})
	if err != nil {
		return nil, nil, err
	}
	r = &runner{ctx: ctx, o: o, app: a, who: map[string]*session{}}
	r.out = Result{Engine: d.Engine.String(), Command: o.Command, At: time.Now()}
	down, err := r.serve()
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			down()
		}
	}()
	for _, s := range scopes {
		if _, err := r.signIn(s.login); err != nil {
			return nil, nil, err
		}
	}
	cities, err := app.Tenants(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range cities {
		var n int64
		if err := d.In(c).Row(ctx, `SELECT COUNT(m.id) FROM matters m WHERE m.city_id = $1`).Scan(&n); err != nil {
			return nil, nil, err
		}
		r.out.Matters += n
	}
	return r, func() error { down(); return d.Close() }, nil
}

// profiled runs a part, with profiles if they are wanted: of the processor while it runs, and of what was allocated and
// waited for since the start, which are the part's own if it runs alone.
func (r *runner) profiled(name string, do func() error) error {
	if r.o.Profile == "" {
		return do()
	}
	if err := os.MkdirAll(r.o.Profile, 0o755); err != nil {
		return err
	}
	write := func(kind string, to func(io.Writer) error) error {
		f, err := os.Create(filepath.Join(r.o.Profile, r.out.Engine+"-"+name+"."+kind))
		if err != nil {
			return err
		}
		return errors.Join(to(f), f.Close())
	}
	runtime.SetMutexProfileFraction(10)
	defer runtime.SetMutexProfileFraction(0)
	err := write("cpu", func(w io.Writer) error {
		if err := pprof.StartCPUProfile(w); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
		return do()
	})
	for _, kind := range []string{"allocs", "mutex"} {
		err = errors.Join(err, write(kind, func(w io.Writer) error { return pprof.Lookup(kind).WriteTo(w, 0) }))
	}
	return err
}

// serve listens on a port of its own: requests go through the network as everybody's do.
func (r *runner) serve() (func(), error) {
	r.mux = r.app.Mux(accounthttp.Sessions{Accounts: r.app.Accounts}, slog.New(slog.NewTextHandler(io.Discard, nil)), false)
	r.mux.Observe = func(route web.Route, status int, _ time.Duration, statements int64) {
		r.count.Store(statements)
		if status >= http.StatusInternalServerError {
			r.bad.Add(1)
		}
		r.seen.Lock()
		r.route = route.Path
		r.seen.Unlock()
	}
	l, err := (&net.ListenConfig{}).Listen(r.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.url = "http://" + l.Addr().String()
	srv := &http.Server{Handler: r.mux.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }() // ends with Close
	ctx, stop := context.WithCancel(r.ctx)
	tended := make(chan struct{})
	go func() { // as the program does beside whatever it serves
		defer close(tended)
		text.Tend(ctx, r.app.DB, func(error) { r.bad.Add(1) })
	}()
	return func() {
		stop()
		<-tended
		_ = srv.Close()
	}, nil
}

// signIn signs somebody in at the page, once.
func (r *runner) signIn(login string) (*session, error) {
	if s := r.who[login]; s != nil {
		return s, nil
	}
	s, err := r.open(login)
	if err == nil {
		r.who[login] = s
	}
	return s, err
}

// open is another session of somebody.
func (r *runner) open(login string) (*session, error) {
	s := &session{login: login, url: r.url, began: r.forget, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	res, err := s.http.PostForm(r.url+"/sign-in", url.Values{"user": {login}, "password": {account.DemoPassword}})
	if err != nil {
		return nil, err
	}
	if err := res.Body.Close(); err != nil {
		return nil, err
	}
	for _, c := range res.Cookies() {
		if c.Name == "qs" {
			s.token = c.Value
		}
	}
	if s.token == "" {
		return nil, fault.New(fault.Invalid, "bench.none")
	}
	s.actor, _, err = r.mux.Sessions.Actor(r.ctx, s.token)
	return s, err
}

// forget drops the statements of the request before.
func (r *runner) forget() {
	if r.mux.Heard == nil {
		return
	}
	r.seen.Lock()
	r.heard = nil
	r.seen.Unlock()
}

// get fetches a page as a browser does, compressed, and throws it away.
func (s *session) get(ctx context.Context, path string) (int, error) {
	res, err := s.ask(ctx, path, "gzip")
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, errors.Join(err, res.Body.Close())
}

// page fetches a page to read it.
func (s *session) page(ctx context.Context, path string) (int, string, error) {
	res, err := s.ask(ctx, path, "")
	if err != nil {
		return 0, "", err
	}
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), errors.Join(err, res.Body.Close())
}

func (s *session) ask(ctx context.Context, path, encoding string) (*http.Response, error) {
	s.began()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, err
	}
	req.AddCookie(&http.Cookie{Name: "qs", Value: s.token})
	req.Header.Set("Accept-Encoding", encoding)
	return s.http.Do(req)
}

// line measures a page: warm, then so many times, or as often as its time allows. A page that gives no answer is a finding.
func (r *runner) line(part, what, who string, s *session, path string, asked float64) (Figure, error) {
	took := make([]time.Duration, 0, r.o.Requests)
	most, note := int64(0), ""
	began := time.Now()
	for i := range r.o.Requests + 3 {
		if time.Since(began) > pageBound && len(took) > 0 {
			note = fmt.Sprintf("measured for %s only", pageBound)
			break
		}
		at, code := time.Now(), 0
		err := r.patiently(func(ctx context.Context) (err error) {
			code, err = s.get(ctx, path)
			return err
		})
		if errors.Is(err, errSlow) {
			note = fmt.Sprintf("no answer in %s", patience)
			took = append(took, time.Since(at))
			break
		}
		if err != nil {
			return Figure{}, err
		}
		if code != http.StatusOK {
			return Figure{}, fmt.Errorf("bench: %s as %s is answered with %d", path, s.login, code)
		}
		if i >= 3 {
			took = append(took, time.Since(at))
			most = max(most, r.count.Load())
		}
	}
	f := figure(part, what, who, took).asked(asked)
	f.Queries, f.Note = most, note
	return f, nil
}

func (r *runner) add(f Figure) { r.out.Figures = append(r.out.Figures, f) }
