package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"qianshao/internal/account/accounthttp"
	"qianshao/internal/fault"
	"qianshao/internal/platform/migrate"
	"qianshao/internal/platform/seal"
)

// Serving is what a running server needs beyond the rooms.
type Serving struct {
	Listen  string // of the work application
	Metrics string // of the metrics, "" for none
	Portal  string // of the public side in this process, "" for none; the spool is open (OpenSpool)
	Cert    string // TLS certificate and key files; "" for plain HTTP, behind a proxy or on the machine itself
	CertKey string
	Name    string // what the deployment is called, on every page
	Demo    bool
	Version string // of the program, for whoever watches it
	Key     seal.Deployment
	Log     *slog.Logger
	// Up is called once everybody may come in, with the addresses that were taken.
	Up func(work, metrics, portal string)
}

// stopWithin is how long requests under way may take when the program is asked to stop.
const stopWithin = 15 * time.Second

// Serve answers requests and works until the context ends; then it lets what is under way finish.
func (a *App) Serve(ctx context.Context, s Serving) error {
	work, err := listen(ctx, s.Listen)
	if err != nil {
		return err
	}
	defer work.Close()
	mux := a.Mux(accounthttp.Sessions{Accounts: a.Accounts}, s.Log, s.Demo)
	mux.Name = s.Name
	workers := a.NewWorkers(s.Log, s.Key)
	servers := []*http.Server{server(a.health(mux.Handler(), s.Key))}
	listeners := []net.Listener{work}
	metrics := ""
	if s.Metrics != "" {
		l, err := listen(ctx, s.Metrics)
		if err != nil {
			return err
		}
		defer l.Close()
		metrics = l.Addr().String()
		servers, listeners = append(servers, server(a.metrics(mux, workers, s.Version).Handler())), append(listeners, l)
	}
	if s.Cert != "" {
		pair, err := tls.LoadX509KeyPair(s.Cert, s.CertKey)
		if err != nil {
			return fault.New(fault.Invalid, "serve.certificate").Because(err)
		}
		listeners[0] = tls.NewListener(work, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	defer a.lastVisits(ctx, s.Log)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	public, end, err := a.open(ctx, stop, s)
	if err != nil {
		return err
	}
	err = run(ctx, workers, servers, listeners, func() {
		s.Log.LogAttrs(ctx, slog.LevelInfo, "serving", slog.String("listen", work.Addr().String()), slog.String("metrics", metrics), slog.String("database", a.DB.Engine.String()))
		if s.Up != nil {
			s.Up(work.Addr().String(), metrics, public)
		}
	})
	stop()
	return errors.Join(err, end())
}

// run starts servers and workers and stops them together: when the context ends, or when one of the servers fails.
func run(ctx context.Context, workers *Workers, servers []*http.Server, listeners []net.Listener, up func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, len(servers))
	var wg sync.WaitGroup
	for i, srv := range servers {
		wg.Go(func() {
			if err := srv.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
				stop()
			}
		})
	}
	wg.Go(func() { workers.Run(ctx) })
	up()
	<-ctx.Done()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	for _, srv := range servers {
		if srv.Shutdown(end) != nil {
			_ = srv.Close() // the time is up: whoever still waits is cut off
		}
	}
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// listen takes an address, and says plainly when somebody else has it.
func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fault.New(fault.Conflict, "serve.port", address)
	case err != nil:
		return nil, fault.New(fault.Invalid, "serve.address", address).Because(err)
	}
	return l, nil
}

func server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, WriteTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		// The library's own lines name the addresses of those who came; no address is kept anywhere.
		ErrorLog: stdlog.New(io.Discard, "", 0)}
}

// health answers whoever watches the program: healthz, whether it runs; readyz, whether it can work.
func (a *App) health(next http.Handler, key seal.Deployment) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		state := map[string]string{"database": "ok", "migrations": "ok", "key": "ok"}
		status := http.StatusOK
		check := func(name string, err error) {
			if err != nil {
				state[name], status = fault.Code(err), http.StatusServiceUnavailable
			}
		}
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if err := a.DB.Ping(ctx); err != nil {
			check("database", fault.New(fault.Unavailable, "db.unavailable"))
			state["migrations"] = "unknown"
		} else {
			check("migrations", migrate.Check(ctx, a.DB))
		}
		if key.Zero() {
			check("key", fault.New(fault.Unavailable, "key.file_missing"))
		}
		answer(w, status, state)
	})
	mux.Handle("/", next)
	return mux
}

func answer(w http.ResponseWriter, status int, state map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(state) // whoever asked may have gone
}
