package badday

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy stands between the program and its database server, and can go silent: connections stay open, what is sent is
// taken, and nothing comes out at the other end, as behind a switch that has lost its way.
type proxy struct {
	l  net.Listener
	to string

	mu     sync.Mutex
	silent bool
	conns  map[net.Conn]bool
}

func newProxy(t testing.TB, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{l: l, to: to, conns: map[net.Conn]bool{}}
	go p.serve()
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
	})
	return p
}

func (p *proxy) serve() {
	for {
		in, err := p.l.Accept()
		if err != nil {
			return
		}
		go p.join(in)
	}
}

// join passes bytes on both ways. What was joined while the proxy was silent, or before it, is silent for ever.
func (p *proxy) join(in net.Conn) {
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		_ = in.Close()
		return
	}
	p.mu.Lock()
	p.conns[in], p.conns[out] = p.silent, p.silent
	p.mu.Unlock()
	pass := func(dst, src net.Conn) {
		b := make([]byte, 32<<10)
		for {
			n, err := src.Read(b)
			p.mu.Lock()
			mute := p.conns[dst]
			p.mu.Unlock()
			if !mute && n > 0 {
				if _, e := dst.Write(b[:n]); e != nil {
					err = e
				}
			}
			if err != nil {
				if !mute || err != io.EOF {
					_, _ = dst.Close(), src.Close()
				}
				return
			}
		}
	}
	go pass(out, in)
	pass(in, out)
}

// silence makes every connection there is mute for ever, and new ones as long as it lasts.
func (p *proxy) silence(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = on
	if on {
		for c := range p.conns {
			p.conns[c] = true
		}
	}
}

// cut closes every connection at once.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close() // whatever it says
	}
	clear(p.conns)
}
