package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"qianshao/internal/platform/dbtest"
)

// metered is a body that counts how much of it was asked for.
type metered struct {
	r io.Reader
	n int64
}

func (c *metered) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// held runs f and says by how much the heap grew at most meanwhile, in bytes. Tests that ask it run alone. What is
// garbage is collected at once meanwhile: what the collector happens to have left lying is not what a request held.
func held(f func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, m.HeapAlloc
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			case <-time.After(3 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	}()
	f()
	close(done)
	<-stopped
	runtime.ReadMemStats(&m)
	return int64(max(most, m.HeapAlloc) - before)
}

// upload is a multipart form around a content, and its kind.
func upload(content io.Reader, name string, fields map[string]string) (io.Reader, string) {
	var head bytes.Buffer
	m := multipart.NewWriter(&head)
	for k, v := range fields {
		_ = m.WriteField(k, v) // a buffer takes anything
	}
	_, _ = m.CreateFormFile("file", name)
	return io.MultiReader(&head, content, strings.NewReader("\r\n--"+m.Boundary()+"--\r\n")), m.FormDataContentType()
}

// send posts a body of a declared length, -1 for one whose end nobody knows.
func (w *walker) send(who, path, kind string, body io.Reader, length int64) answer {
	req := httptest.NewRequest(http.MethodPost, path, body)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept-Language", "zh-CN")
	req.ContentLength = length
	return w.serve(who, req)
}

const (
	mega = 1 << 20
	// most is what a refused body may have cost: what was read of it, and what the heap grew by.
	mostRead = 2 * mega
	mostHeap = 48 * mega
)

// TestHugeBodies is the first half of T28: whatever is posted anywhere, what is too large is refused without being read
// to its end, and JSON that is nested to crash a reader is no JSON.
func TestHugeBodies(t *testing.T) {
	w := furnish(t, dbtest.SQLite(t))
	walk := w.walker()
	ts := w.things["office"]
	nested := map[string]string{
		"arrays": strings.Repeat("[", 100_000), "objects": strings.Repeat(`{"a":`, 100_000), "fields": `{"move":"propose","version":1,"fields":{"reason":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}}`,
		"unknown": `{"x":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000) + "}",
	}
	grown := held(func() {
		for _, r := range walk.routes {
			v := visits(r)[0]
			path, ok := v.address(ts)
			if r.Method == http.MethodGet || r.Method == http.MethodDelete || !ok {
				continue
			}
			who := walk.able(v)
			if who == "" {
				who = "handler"
			}
			large := int64(64 * mega)
			if strings.HasSuffix(path, "/files") || strings.HasSuffix(path, "/import") {
				large = 1024 * mega // these take files, up to a bound
			}
			for name, h := range map[string]struct {
				kind, key string
				length    int64
			}{"declared": {"application/json", "", large}, "declared, with a key": {"application/json", "k1", large}, "a form": {formKind, "", large}, "endless": {"application/json", "k2", -1}, "an endless form": {formKind, "", -1}} {
				body := &metered{r: io.MultiReader(strings.NewReader(`{"a":"`), io.LimitReader(zeros{}, large))}
				req := httptest.NewRequest(r.Method, path, body)
				req.Header.Set("Content-Type", h.kind)
				req.ContentLength = h.length
				if h.key != "" {
					req.Header.Set("Idempotency-Key", h.key)
				}
				a := walk.serve(who, req)
				if body.n > mostRead {
					t.Errorf("%s, %s: %d bytes were read", v, name, body.n)
				}
				// A route that asks for no body has none to refuse.
				if a.code != http.StatusRequestEntityTooLarge && (h.length > 0 || body.n > mega) {
					t.Errorf("%s, %s: %d after %d bytes", v, name, a.code, body.n)
				}
			}
			if !r.API {
				continue
			}
			for name, text := range nested {
				if a := walk.send(who, path, "application/json", strings.NewReader(text), int64(len(text))); a.code != http.StatusBadRequest && a.code != http.StatusUnauthorized && a.code != http.StatusNotFound {
					t.Errorf("%s, nested %s: %d", v, name, a.code)
				}
			}
		}
	})
	if grown > mostHeap {
		t.Errorf("the heap grew by %d MB", grown/mega)
	}
}

// bomb is a workbook of a few KB that would be a hundred MB.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	part, err := z.Create("xl/worksheets/sheet1.xml")
	if err == nil {
		_, err = io.Copy(part, io.LimitReader(zeros{}, 100*mega))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// picture is a PNG of fifty thousand pixels a side by what it says of itself: ten GB once somebody decodes it.
func picture() []byte {
	head := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(head[4:], 50_000)
	binary.BigEndian.PutUint32(head[8:], 50_000)
	head[12], head[13] = 8, 6
	out := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	out = append(out, head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

// TestHugeFiles is the second half of T28: an upload without end is cut off at the bound and nothing of it stays; a bomb
// is refused where it would be unpacked and kept as it is where it would not; an enormous picture is bytes like any
// others; and while an upload hangs, everybody else works.
func TestHugeFiles(t *testing.T) {
	w := furnish(t, dbtest.SQLite(t))
	walk := w.walker()
	files := "/m/" + w.things["office"]["clue"].String() + "/files"
	body := &metered{}
	grown := held(func() {
		content, kind := upload(io.MultiReader(strings.NewReader(pdf), io.LimitReader(zeros{}, 1024*mega)), "台账.pdf", nil)
		body.r = content
		if a := walk.send("handler", files, kind, body, -1); a.code != http.StatusRequestEntityTooLarge {
			t.Errorf("an upload without end: %d", a.code)
		}
	})
	if body.n > 103*mega || grown > mostHeap {
		t.Errorf("of an upload without end %d MB were read, and the heap grew by %d MB", body.n/mega, grown/mega)
	}

	zipped := bomb(t)
	for _, c := range []struct {
		who, path, name string
		content         []byte
		fields          map[string]string
		want            int
	}{
		{"handler", files, "压缩.zip", zipped, nil, http.StatusSeeOther},
		{"handler", files, "台账.xlsx", zipped, nil, http.StatusSeeOther},
		{"handler", files, "照片.png", picture(), nil, http.StatusSeeOther},
		{"supervision", "/import", "线索.xlsx", zipped, map[string]string{"kind": "clues"}, http.StatusRequestEntityTooLarge},
		{"supervision", "/import", "线索.xlsx", picture(), map[string]string{"kind": "clues"}, http.StatusUnprocessableEntity},
	} {
		grown := held(func() {
			content, kind := upload(bytes.NewReader(c.content), c.name, c.fields)
			if a := walk.send(c.who, c.path, kind, content, -1); a.code != c.want {
				t.Errorf("%s to %s: %d, want %d", c.name, c.path, a.code, c.want)
			}
		})
		if grown > mostHeap {
			t.Errorf("%s to %s: the heap grew by %d MB", c.name, c.path, grown/mega)
		}
	}
	a := walk.get("handler", files)
	for _, name := range []string{"压缩.zip", "照片.png"} {
		if !strings.Contains(a.body, name) {
			t.Errorf("%s isn't among the files", name)
		}
	}
	walk.meanwhile(files)
}

// meanwhile lets several uploads hang half way, and everybody else read, write and upload.
func (w *walker) meanwhile(files string) {
	w.t.Helper()
	var ends []*io.PipeWriter
	done := make(chan int)
	const hanging = 5
	for range hanging {
		in, out := io.Pipe()
		ends = append(ends, out)
		content, kind := upload(io.MultiReader(strings.NewReader(pdf), in), "半截.pdf", nil)
		go func() { done <- w.send("handler", files, kind, content, -1).code }()
	}
	for _, out := range ends {
		_, _ = out.Write(bytes.Repeat([]byte("x"), mega)) // read by now, or the test hangs
	}
	start := time.Now()
	content, kind := upload(strings.NewReader(pdf), "整份.pdf", nil)
	for what, code := range map[string]int{
		"a page": w.get("intake", "/").code - http.StatusOK, "a list": w.get("supervision", "/clues").code - http.StatusOK,
		"a report": browse(w.t, w.World).enter() - http.StatusSeeOther, "another upload": w.send("handler2", files, kind, content, -1).code - http.StatusSeeOther,
	} {
		if code != 0 {
			w.t.Errorf("%s while uploads hang: %d off", what, code)
		}
	}
	if took := time.Since(start); took > 10*time.Second {
		w.t.Errorf("while uploads hang the others wait %s", took)
	}
	for _, out := range ends {
		_ = out.CloseWithError(io.ErrUnexpectedEOF) // the browser has gone
	}
	for range hanging {
		if code := <-done; code != http.StatusBadRequest {
			w.t.Errorf("an upload that breaks off: %d", code)
		}
	}
	if a := w.get("handler", files); strings.Contains(a.body, "半截.pdf") {
		w.t.Error("half a file is kept")
	}
}

// enter takes a letter in at the counter.
func (b *browser) enter() int {
	code, _ := b.post("intake", "/tipoffs", letter(b.w))
	return code
}
