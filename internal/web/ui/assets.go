package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed assets/*
var assets embed.FS

// bundle is one file as it is served, with a name that changes with its content.
type bundle struct {
	name, kind string
	plain      []byte
	once       sync.Once
	packed     []byte
}

var bundles = sync.OnceValue(func() map[string]*bundle {
	out := map[string]*bundle{}
	add := func(name, kind string, parts ...string) {
		var b bytes.Buffer
		for _, p := range parts {
			f, err := assets.ReadFile("assets/" + p)
			if err != nil {
				panic(err) // embedded
			}
			b.Write(f)
			b.WriteByte('\n')
		}
		sum := sha256.Sum256(b.Bytes())
		ext := path.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext
		out[name] = &bundle{name: hashed, kind: kind, plain: b.Bytes()}
		out[hashed] = out[name]
	}
	add("app.css", "text/css; charset=utf-8", "tokens.css", "app.css", "forms.css", "account.css", "numbers.css", "report.css", "office.css", "area.css")
	add("app.js", "text/javascript; charset=utf-8", "htmx.js", "app.js")
	add("passkeys.js", "text/javascript; charset=utf-8", "passkeys.js")
	add("portal.css", "text/css; charset=utf-8", "tokens.css", "portal.css")
	add("work.js", "text/javascript; charset=utf-8", "work.js")
	add("icon.svg", "image/svg+xml", "icon.svg")
	return out
})

// Asset is the address of an embedded file.
func Asset(name string) string { return "/assets/" + bundles()[name].name }

// Assets serves the embedded files, compressed once and kept by browsers for ever: their names change with them.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := bundles()[path.Base(r.URL.Path)]
		if b == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", b.kind)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Vary", "Accept-Encoding")
		body := b.plain
		if strings.Contains(r.Header.Get("Accept-Encoding"), "br") {
			b.once.Do(func() {
				var buf bytes.Buffer
				bw := brotli.NewWriterLevel(&buf, 11)
				_, _ = bw.Write(b.plain) // a buffer takes everything
				_ = bw.Close()
				b.packed = buf.Bytes()
			})
			h.Set("Content-Encoding", "br")
			body = b.packed
		}
		_, _ = w.Write(body) // the reader may have gone
	})
}
