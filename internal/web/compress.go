package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

var (
	gzips   = sync.Pool{New: func() any { w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed); return w }} // the level is valid
	brotlis = sync.Pool{New: func() any { return brotli.NewWriterLevel(io.Discard, 3) }}
)

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
	out     io.WriteCloser
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
	if c.coding == "br" {
		w := brotlis.Get().(*brotli.Writer)
		w.Reset(c.ResponseWriter)
		c.out = w
		return
	}
	w := gzips.Get().(*gzip.Writer)
	w.Reset(c.ResponseWriter)
	c.out = w
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
	switch w := c.out.(type) {
	case *brotli.Writer:
		brotlis.Put(w)
	case *gzip.Writer:
		gzips.Put(w)
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (c *compressor) Unwrap() http.ResponseWriter { return c.ResponseWriter }
