package apptest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/web"
)

// sessions lets a test be anybody: the token is the person's key in the World.
type sessions struct{ w *World }

func (s sessions) Actor(ctx context.Context, token string) (access.Actor, web.Session, error) {
	p, ok := s.w.Who[token]
	if !ok {
		return access.Actor{}, web.Session{}, fault.New(fault.Unauthenticated, "session.none")
	}
	a, err := access.Load(ctx, s.w.App.DB.In(p.City), p.Person, p.Holding, s.w.App.DB.Today())
	return a, web.Session{Token: token, Full: true, Posts: 1}, err
}

// Mux is the work application with sign-in left out: the session cookie names the person.
func (w *World) Mux() *web.Mux {
	to := w.Log
	if to == nil {
		to = io.Discard
	}
	return w.App.Mux(sessions{w}, slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug})), true)
}

// Serve starts the application for a test.
func (w *World) Serve() *httptest.Server {
	srv := httptest.NewServer(w.Mux().Handler())
	w.T.Cleanup(srv.Close)
	return srv
}

// Get fetches a page as somebody.
func (w *World) Get(srv *httptest.Server, who, path string) (int, string) {
	w.T.Helper()
	req, err := http.NewRequest(http.MethodGet, srv.URL+path, nil)
	w.must(err)
	req.AddCookie(&http.Cookie{Name: "qs", Value: who})
	req.Header.Set("Accept-Language", "zh-CN")
	res, err := http.DefaultTransport.RoundTrip(req)
	w.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	w.must(err)
	return res.StatusCode, string(b)
}
