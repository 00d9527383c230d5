package witness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Kept is what anybody may take from a witness to hold a deployment's logs against: the form of qianshao verify --kept.
type Kept struct {
	Deployment
	Checkpoints []string `json:"checkpoints"`
}

// Serve answers on an address until the context ends; Up is told where.
func (w *Witness) Serve(ctx context.Context, address string, words func(key string, args ...string) string, up func(string)) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: w.Handler(words), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	up(l.Addr().String())
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Fetch reads what a witness keeps, from its /checkpoints.
func Fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := patient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("witness: %s answered %d", url, res.StatusCode)
	}
	return io.ReadAll(io.LimitReader(res.Body, 8*most))
}

// Handler answers those who ask what was witnessed: /checkpoints in the form of verify --kept, / in words (title, and a
// line for each log: log, entries, instant, state), /healthz with 503 as soon as a log is refused.
func (w *Witness) Handler(words func(key string, args ...string) string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checkpoints", func(rw http.ResponseWriter, _ *http.Request) {
		d, err1 := w.Known()
		logs, err2 := w.Logs()
		if err1 != nil || err2 != nil {
			http.Error(rw, words("broken"), http.StatusInternalServerError)
			return
		}
		out := Kept{Deployment: d, Checkpoints: []string{}}
		for _, l := range logs {
			if l.Note != "" {
				out.Checkpoints = append(out.Checkpoints, l.Note)
			}
		}
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(out) // whoever asked may have gone
	})
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) {
		logs, err := w.Logs()
		for _, l := range logs {
			if l.Refused != nil {
				err = fmt.Errorf("%s: %s", l.Log, l.Refused.Why)
			}
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(rw, "ok\n")
	})
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, _ *http.Request) {
		logs, err := w.Logs()
		if err != nil {
			http.Error(rw, words("broken"), http.StatusInternalServerError)
			return
		}
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(rw, "%s\n%s\n\n", words("title", w.Key.Name), w.Key.Public())
		for _, l := range logs {
			state := words("good")
			if l.Refused != nil {
				state = words("refused", l.Refused.At.In(time.Local).Format(time.DateTime), words("why."+l.Refused.Why))
			}
			fmt.Fprintf(rw, "%s\t%d\t%s\t%s\n", l.Log, l.Size, l.At.Local().Format(time.DateTime), state)
		}
	})
	return mux
}
