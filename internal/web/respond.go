package web

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
)

// pages are what pages are rendered into before they are sent; those of unusual length are not kept.
var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const mostKept = 256 << 10

// Render writes a page. It is rendered whole before a byte is sent, so that an error never leaves half a page.
func (c *Ctx) Render(status int, page templ.Component) error {
	b := pages.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= mostKept {
			b.Reset()
			pages.Put(b)
		}
	}()
	if err := page.Render(c.Context(), b); err != nil {
		return err
	}
	h := c.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	c.W.WriteHeader(status)
	_, err := c.W.Write(b.Bytes())
	if err != nil {
		return nil // the reader has gone; there is nobody to tell
	}
	return nil
}

// JSON writes a value.
func (c *Ctx) JSON(status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", "application/json; charset=utf-8")
	c.W.Header().Set("Cache-Control", "no-store")
	c.W.WriteHeader(status)
	_, _ = c.W.Write(b) // the reader may have gone
	return nil
}

// Problem is an RFC 9457 document: a stable code, a text in the reader's language, field errors beside fields; never
// the submitted values.
type Problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Code   string         `json:"code"`
	Fields []ProblemField `json:"errors,omitempty"`
	Number string         `json:"incident,omitempty"`
}

// ProblemField is one bad input of a problem.
type ProblemField struct {
	Name   string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

var statusOf = map[fault.Kind]int{
	fault.Internal: http.StatusInternalServerError, fault.Invalid: http.StatusUnprocessableEntity, fault.NotFound: http.StatusNotFound, fault.Forbidden: http.StatusForbidden,
	fault.Conflict: http.StatusConflict, fault.Unauthenticated: http.StatusUnauthorized, fault.TooLarge: http.StatusRequestEntityTooLarge, fault.TooMany: http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable, fault.BadRequest: http.StatusBadRequest,
}

// Status is the HTTP status of an error.
func Status(err error) int { return statusOf[fault.KindOf(err)] }

// ProblemOf describes an error in a language.
func ProblemOf(lang string, err error) Problem {
	f, ok := fault.As(err)
	if !ok {
		f = fault.New(fault.Internal, "internal")
	}
	p := Problem{Type: "about:blank", Title: locale.T(lang, "fault."+f.Code, f.Args...), Status: statusOf[f.Kind], Code: f.Code}
	for _, x := range f.Fields {
		p.Fields = append(p.Fields, ProblemField{x.Name, x.Code, locale.T(lang, "fault."+x.Code, x.Args...)})
	}
	return p
}

// Texts are the messages beside fields, by field name.
func Texts(lang string, err error) map[string]string {
	out := map[string]string{}
	for _, f := range fault.Fields(err) {
		if out[f.Name] == "" {
			out[f.Name] = locale.T(lang, "fault."+f.Code, f.Args...)
		}
	}
	return out
}

// fail turns an error into a page or a problem document. What is no fault is logged once, with a number that the
// reader is shown.
func (m *Mux) fail(c *Ctx, err error) {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		err = unread(err)
	}
	err = db.Outage(err)
	p := ProblemOf(c.Lang, err)
	if p.Status == http.StatusInternalServerError || p.Status == http.StatusServiceUnavailable {
		p.Number = NewKey()[:8]
		m.Log.LogAttrs(context.WithoutCancel(c.Context()), slog.LevelError, "failed", slog.String("incident", p.Number), slog.String("route", c.Route.Method+" "+c.Route.Path), slog.String("error", err.Error()))
	}
	if rec, ok := c.W.(*recorder); ok && rec.wrote {
		c.broken = true // too late to say anything
		return
	}
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		c.W.Header().Set("Retry-After", RetryAfter(err))
	}
	if c.Route.API {
		c.W.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
		c.W.Header().Set("Cache-Control", "no-store")
		c.W.WriteHeader(p.Status)
		_ = json.NewEncoder(c.W).Encode(p) // the reader may have gone
		return
	}
	if p.Status == http.StatusUnauthorized {
		to, q := "/sign-in", url.Values{}
		switch code := fault.Code(err); code {
		case "session.second":
			to = "/second"
		case "session.ended", "session.post_ended":
			q.Set("why", strings.TrimPrefix(code, "session."))
		}
		if c.R.Method == http.MethodGet && c.R.URL.Path != "/" && c.R.Header.Get("HX-Request") == "" {
			q.Set("next", c.R.URL.RequestURI())
		}
		if len(q) > 0 {
			to += "?" + q.Encode()
		}
		_ = c.Redirect(to) // writes a header only
		return
	}
	if m.Errors != nil {
		if e := m.Errors(c, &Failure{p, err}); e == nil {
			return
		}
	}
	http.Error(c.W, p.Title, p.Status)
}

// RetryAfter is how many seconds to wait: whoever came too often, or while something was not there.
func RetryAfter(err error) string {
	if f, ok := fault.As(err); ok && f.Code == "signin.wait" && len(f.Args) > 0 {
		return f.Args[0]
	}
	return "5"
}

// Failure is an error with what the reader is told about it.
type Failure struct {
	Problem Problem
	Cause   error
}

func (f *Failure) Error() string { return f.Problem.Code }
func (f *Failure) Unwrap() error { return f.Cause }

// Form reads the posted fields. Unknown encodings and oversized bodies are faults, however often they are asked for.
func (c *Ctx) Form() (url.Values, error) {
	if c.R.PostForm != nil || c.formErr != nil {
		return c.R.PostForm, c.formErr
	}
	if err := c.R.ParseForm(); err != nil {
		c.formErr = unread(err)
		return nil, c.formErr
	}
	return c.R.PostForm, nil
}

// unread is the fault of a body that could not be read.
func unread(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return fault.New(fault.TooLarge, "request.too_large")
	}
	return fault.New(fault.BadRequest, "request.malformed").Because(err)
}

// request is what tells a repeated POST from a new one: the key that came with it (a header from programs, a hidden field
// from forms), and what identifies the body, so that a key is not used for something else. A POST without a key has none.
func (c *Ctx) request() (access.Request, error) {
	key := c.R.Header.Get("Idempotency-Key")
	kind := c.R.Header.Get("Content-Type")
	h := sha256.New()
	io.WriteString(h, c.R.Method+" "+c.R.URL.Path+"\n") // hash.Hash never fails
	switch {
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		f, err := c.Form()
		if err != nil {
			return access.Request{}, err
		}
		if key == "" && !c.Route.API {
			key = f.Get("_key")
		}
		io.WriteString(h, f.Encode())
	case key != "" && strings.HasPrefix(kind, "application/json"):
		b, err := io.ReadAll(c.R.Body)
		if err != nil {
			return access.Request{}, unread(err)
		}
		c.R.Body = io.NopCloser(bytes.NewReader(b))
		h.Write(b)
	}
	if key == "" {
		return access.Request{}, nil
	}
	return access.Request{Key: key[:min(len(key), 100)], Digest: hex.EncodeToString(h.Sum(nil)[:16])}, nil
}

// Attach sends a file, always to be kept and never to be shown by the browser in this site's name.
func (c *Ctx) Attach(name, kind string, size int64, content io.Reader) error {
	first := bufio.NewReader(content)
	if _, err := first.Peek(1); err != nil {
		return err // nothing was said yet, so a page can say it
	}
	h := c.W.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "no-store")
	_, err := io.Copy(c.W, first)
	return err
}
