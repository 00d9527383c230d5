package portal_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"qianshao/internal/fault"
	"qianshao/internal/portal"
)

// sender is an address and an agent that are looked for afterwards.
const sender, agent = "127.0.0.77", "Handheld-of-somebody/77"

// written is everything that this process writes while it stands: logs, standard output, standard error.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

func listenIn(t *testing.T) *written {
	t.Helper()
	w := &written{}
	r, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, errs, std := os.Stdout, os.Stderr, slog.Default()
	os.Stdout, os.Stderr = pipe, pipe
	log.SetOutput(w)
	slog.SetDefault(slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})))
	var copied sync.WaitGroup
	copied.Go(func() { _, _ = io.Copy(w, r) })
	t.Cleanup(func() {
		os.Stdout, os.Stderr = out, errs
		log.SetOutput(errs)
		slog.SetDefault(std)
		_ = pipe.Close()
		copied.Wait()
	})
	return w
}

// serve starts a portal on a port of its own, and returns its address and what ends it.
func serve(t *testing.T, p *portal.Portal) (address string, end func() error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	up, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- p.Serve(ctx, "127.0.0.1:0", func(at string) { up <- at }) }()
	end = sync.OnceValue(func() error { stop(); return <-done })
	t.Cleanup(func() { _ = end() })
	select {
	case address = <-up:
	case err := <-done:
		t.Fatal(err)
	}
	return address, end
}

var from = &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(sender)}, Timeout: 10 * time.Second}

// send says something to an address, as it is, and returns what is answered.
func send(t *testing.T, address, what string) string {
	t.Helper()
	c, err := from.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(c, what) // the server may have closed already
	if w, ok := c.(*net.TCPConn); ok {
		_ = w.CloseWrite()
	}
	b, _ := io.ReadAll(c) // a reset is an answer too
	return string(b)
}

func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"portal"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// TestNothingOfTheSenderServed: whatever comes to the port, whole or broken, in TLS or without it, and also when a request
// breaks something here, neither the address nor the agent is written to any log, to the output, or to the spool.
func TestNothingOfTheSenderServed(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("secure ", secure), func(t *testing.T) {
			w := newWorld(t)
			var broken atomic.Int64
			w.Broken = func() { broken.Add(1) }
			if secure {
				w.TLS = certificate(t)
			}
			out := listenIn(t)
			address, end := serve(t, w.Portal)
			scheme := "http"
			client := &http.Client{Transport: &http.Transport{DialContext: from.DialContext, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // a key of this test
			defer client.CloseIdleConnections()
			if secure {
				scheme = "https"
			}
			ask := func(method, path, kind string, body io.Reader) (int, string) {
				r, err := http.NewRequest(method, scheme+"://"+address+path, body)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("User-Agent", agent)
				r.Header.Set("X-Forwarded-For", sender)
				if kind != "" {
					r.Header.Set("Content-Type", kind)
				}
				a, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer a.Body.Close()
				b, _ := io.ReadAll(a.Body) // a short one is seen by its text
				return a.StatusCode, string(b)
			}
			body, kind := multi(typed(), file{"a.jpg", []byte("abc")})
			if code, page := ask(http.MethodPost, "/", kind, body); code != http.StatusOK || !reReceipt.MatchString(page) {
				t.Errorf("an ordinary report: %d %.300s", code, page)
			}
			// What is no request at all: random bytes, half a line, TLS where there is none and the reverse, a second length,
			// a header without an end, too many of them, an impossible method, chunks that are none.
			hello := "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x5a", 600)
			head := "POST / HTTP/1.1\r\nHost: x\r\nUser-Agent: " + agent + "\r\n"
			for _, raw := range []string{
				"\x00\x01\x02\xff\xfe garbage " + agent + "\r\n\r\n", "GET", hello, "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: " + agent + "\r\n\r\n",
				head + "Content-Length: 5\r\nContent-Length: 7\r\n\r\nabcde", head + "X: " + strings.Repeat("long ", 40_000) + "\r\n\r\n",
				head + strings.Repeat("A: b\r\n", 20_000) + "\r\n", "\"GET / HTTP/9.9\r\nUser-Agent: " + agent + "\r\n\r\n", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\nnone\r\n\r\n",
				head + "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 900\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"files\"", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hello,
				"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT " + sender + ":80 HTTP/1.1\r\nHost: x\r\n\r\n", head + "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
			} {
				if a := send(t, address, raw); strings.Contains(a, sender) || strings.Contains(a, agent) {
					t.Errorf("%.30q is answered with %.200q", raw, a)
				}
			}
			was := w.Portal.Directory
			w.Portal.Directory = nil // breaks every page that needs it
			if code, page := ask(http.MethodGet, "/", "", http.NoBody); code != http.StatusInternalServerError || strings.Contains(page, "goroutine") {
				t.Errorf("a page that breaks: %d %.300s", code, page)
			}
			w.Portal.Directory = was
			if n := broken.Load(); n != 1 {
				t.Errorf("%d pages broke and nobody was told, or too often", n)
			}
			if code, _ := ask(http.MethodGet, "/look", "", http.NoBody); code != http.StatusOK {
				t.Errorf("after all that: %d", code)
			}
			client.CloseIdleConnections()
			if err := end(); err != nil {
				t.Error(err)
			}
			if s := out.String(); s != "" {
				t.Errorf("written: %s", s)
			}
			w.nowhere(t, sender, agent)

			// That it would have been seen: the same on a server as the library has it.
			plain, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if secure {
				plain = tls.NewListener(plain, w.TLS)
			}
			careless := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") }), ReadHeaderTimeout: time.Second}
			go func() { _ = careless.Serve(plain) }()
			send(t, plain.Addr().String(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			_ = careless.Close()
			if !strings.Contains(out.String(), sender) {
				t.Errorf("this test would not see an address that is written: %q", out.String())
			}
		})
	}
}

// TestServe: a port in use is said as one; what is under way when the portal is stopped is finished.
func TestServe(t *testing.T) {
	w := newWorld(t)
	address, end := serve(t, w.Portal)
	if err := w.Portal.Serve(context.Background(), address, nil); fault.Code(err) != "serve.port" {
		t.Errorf("a port in use: %v", err)
	}
	if err := w.Portal.Serve(context.Background(), "nowhere", nil); fault.Code(err) != "serve.address" {
		t.Errorf("no address: %v", err)
	}
	f := typed()
	body, kind := multi(f, file{"a.jpg", make([]byte, 300_000)})
	all, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", kind, len(all), all[:len(all)/2])
	for start := time.Now(); len(w.in(t, "files")) == 0 && time.Since(start) < 10*time.Second; {
		time.Sleep(5 * time.Millisecond)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- end() }()
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(5 * time.Millisecond) {
		if x, err := net.Dial("tcp", address); err == nil {
			_ = x.Close()
			continue
		}
		break
	}
	if _, err := c.Write(all[len(all)/2:]); err != nil {
		t.Fatal(err)
	}
	got, _ := io.ReadAll(c)
	if !reReceipt.Match(got) {
		t.Errorf("a report that was under way: %.300s", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if len(w.in(t, "in")) != 1 {
		t.Error("it is not there")
	}
}
