package web

import (
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/andybalholm/brotli/flate"
	"github.com/andybalholm/brotli/matchfinder"
)

// The writers by coding. A list of 55 kB takes 0.10 ms in brotli and 0.15 ms in gzip, to 7 and 8 kB; the older writers of
// the same module and of the standard library took 0.45 and 0.21 ms for no less.
var writers = map[string]*sync.Pool{
	"br":   {New: func() any { return brotli.NewWriterV2(io.Discard, 1) }},
	"gzip": {New: func() any { return flate.NewGZIPWriter(io.Discard, 1) }},
}

// compress sends text compressed. Bodies that come compressed already, or are no text, pass as they are.
func compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accept := r.Header.Get("Accept-Encoding")
		coding := ""
		switch {
		case r.Method == http.MethodHead:
		case strings.Contains(accept, "br"):
			coding = "br"
		case strings.Contains(accept, "gzip"):
			coding = "gzip"
		}
		if coding == "" {
			next.ServeHTTP(w, r)
			return
		}
		cw := &compressor{ResponseWriter: w, coding: coding}
		defer cw.close()
		next.ServeHTTP(cw, r)
	})
}

type compressor struct {
	http.ResponseWriter
	coding  string
	decided bool
	out     *matchfinder.Writer
}

func (c *compressor) WriteHeader(code int) {
	c.decide(code)
	c.ResponseWriter.WriteHeader(code)
}

func (c *compressor) decide(code int) {
	if c.decided {
		return
	}
	c.decided = true
	h := c.Header()
	t := h.Get("Content-Type")
	text := strings.HasPrefix(t, "text/") || strings.Contains(t, "json") || strings.Contains(t, "javascript") || strings.Contains(t, "xml") && !strings.Contains(t, "openxmlformats")
	if !text || h.Get("Content-Encoding") != "" || code == http.StatusNoContent || code == http.StatusNotModified || code < 200 {
		return
	}
	h.Set("Content-Encoding", c.coding)
	h.Add("Vary", "Accept-Encoding")
	h.Del("Content-Length")
	c.out = writers[c.coding].Get().(*matchfinder.Writer)
	c.out.Reset(c.ResponseWriter)
}

func (c *compressor) Write(b []byte) (int, error) {
	if !c.decided {
		if c.Header().Get("Content-Type") == "" {
			c.Header().Set("Content-Type", http.DetectContentType(b))
		}
		c.decide(http.StatusOK)
	}
	if c.out != nil {
		return c.out.Write(b)
	}
	return c.ResponseWriter.Write(b)
}

func (c *compressor) close() {
	if c.out == nil {
		return
	}
	_ = c.out.Close() // the reader may have gone
	c.out.Dest = nil
	writers[c.coding].Put(c.out)
}

// Unwrap lets http.ResponseController reach the connection.
func (c *compressor) Unwrap() http.ResponseWriter { return c.ResponseWriter }
