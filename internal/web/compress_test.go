package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"pgregory.net/rapid"
)

// What is sent compressed comes out as it was written, however long it is and in whatever pieces it came, by a writer that
// has been used before too.
func TestCompressedReadsBack(t *testing.T) {
	pieces := []string{"<td role=\"cell\">", "石桥镇纪委", "反映村干部虚报管护费问题", "01HBCMSFM0X4QKDYVC32GCDE1K", "\n", "2026-11-28", "\x00\xff"}
	rapid.Check(t, func(t *rapid.T) {
		var want strings.Builder
		h := compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			for range rapid.IntRange(0, 4).Draw(t, "writes") {
				part := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 40).Draw(t, "pieces"), "")
				part = strings.Repeat(part+rapid.String().Draw(t, "odd"), rapid.SampledFrom([]int{1, 2, 30, 900}).Draw(t, "times"))
				want.WriteString(part)
				if n, err := io.WriteString(w, part); n != len(part) || err != nil {
					t.Fatalf("%d of %d written, %v", n, len(part), err)
				}
			}
		}))
		coding := rapid.SampledFrom([]string{"br", "gzip"}).Draw(t, "coding")
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", coding)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var body io.Reader = w.Body
		switch got := w.Header().Get("Content-Encoding"); {
		case got == "gzip":
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		case got == "br":
			body = brotli.NewReader(w.Body)
		case w.Body.Len() > 0:
			t.Fatalf("%s was asked for and not sent", coding)
		}
		got, err := io.ReadAll(body)
		if err != nil || string(got) != want.String() {
			t.Errorf("%d bytes of %s read back, %d written; %v", len(got), coding, want.Len(), err)
		}
	})
}
