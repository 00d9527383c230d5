package portal

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"syscall"
	"time"

	"qianshao/internal/fault"
)

// What a connection may cost before a request stands, and between two; how long what is under way may take at the end.
const (
	maxHeaderWait = 10 * time.Second
	maxIdle       = time.Minute
	maxHeader     = 16 << 10
	stopWithin    = 15 * time.Second
)

// Serve answers on an address until the context ends, then lets what is under way finish; up is told the address once
// everybody may come in. Nothing of it writes down who came, also when what came was no request.
func (p *Portal) Serve(ctx context.Context, listen string, up func(address string)) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fault.New(fault.Conflict, "serve.port", listen)
	case err != nil:
		return fault.New(fault.Invalid, "serve.address", listen).Because(err)
	}
	defer l.Close()
	// Bodies and answers have limits of their own, in the handler: an upload may take long, but not stand still.
	// The library's own lines name the addresses of those who came.
	h, s := p.handler()
	srv := &http.Server{Handler: h, ReadHeaderTimeout: maxHeaderWait, IdleTimeout: maxIdle, MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0)}
	at := l.Addr().String()
	if p.TLS != nil {
		l = tls.NewListener(l, p.TLS)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	if up != nil {
		up(at)
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	s.held.stop()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if srv.Shutdown(end) != nil {
		_ = srv.Close() // the time is up: whoever still waits is cut off, and was told of no receipt
	}
	<-served
	return nil
}
