package portal_test

import (
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"qianshao/internal/platform/envelope"
	"qianshao/internal/portal"
)

// TestTooMuch: too many files, too large ones, files before fields, and half a body are refused in words, with what was
// typed, and nothing of them stays.
func TestTooMuch(t *testing.T) {
	w := newWorld(t)
	var many []file
	for i := range 51 {
		many = append(many, file{fmt.Sprintf("%d.jpg", i), []byte("x")})
	}
	f := typed()
	a := w.post(f, many...)
	a.has(t, "最多50个文件", "您写的都还在", "请重新选一次", f["only"])
	if a.Code != http.StatusUnprocessableEntity {
		t.Error(a.Code)
	}
	w.post(typed(), many[:50]...).receipt(t)
	if n := len(w.in(t, "files")); n != 50 {
		t.Errorf("%d files", n)
	}
	a = w.post(typed("text", strings.Repeat("长", 200_000)))
	a.has(t, "写的内容太长了")
	if a.Code != http.StatusRequestEntityTooLarge {
		t.Error(a.Code)
	}

	body, kind := multi(f, file{"a.jpg", []byte("abc")})
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	before := len(w.in(t, "files"))
	for _, end := range []int{len(b) / 2, len(b) - 5, len(b) - 45} {
		a := w.ask(http.MethodPost, "/", kind, strings.NewReader(string(b[:end])))
		if a.Code != http.StatusBadRequest {
			t.Errorf("cut at %d of %d: %d", end, len(b), a.Code)
		}
		a.has(t, "没有收全")
	}
	var late strings.Builder
	m := multipart.NewWriter(&late)
	p, _ := m.CreateFormFile("files", "a.jpg")
	_, _ = p.Write([]byte("abc")) // a builder takes everything
	for name, v := range f {
		_ = m.WriteField(name, v)
	}
	_ = m.Close()
	if a := w.ask(http.MethodPost, "/", m.FormDataContentType(), strings.NewReader(late.String())); a.Code == http.StatusOK {
		t.Error("files are taken before anybody knows for whom")
	}
	if n := len(w.in(t, "files")); n != before || len(w.in(t, "in")) != 1 {
		t.Errorf("%d files were left, %d reports", n-before, len(w.in(t, "in")))
	}
}

// stream is a form with one file of n bytes that is made while it is read.
func stream(f map[string]string, n int64) (body io.Reader, kind string) {
	r, pipe := io.Pipe()
	m := multipart.NewWriter(pipe)
	go func() {
		for _, name := range order {
			if v, ok := f[name]; ok {
				_ = m.WriteField(name, v) // the reader may have given up
			}
		}
		p, err := m.CreateFormFile("files", "film.mp4")
		block := make([]byte, 64<<10)
		for i := range block {
			block[i] = byte(i * 7)
		}
		for left := n; err == nil && left > 0; {
			var k int
			k, err = p.Write(block[:min(left, int64(len(block)))])
			left -= int64(k)
		}
		_ = m.Close()
		_ = pipe.CloseWithError(err)
	}()
	return r, m.FormDataContentType()
}

// TestLargeFile: 100 MB pass through little memory, and one byte more is refused and leaves nothing.
func TestLargeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 200 MB")
	}
	w := newWorld(t)
	var at runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&at)
	base, peak := at.HeapInuse+at.StackInuse, atomic.Uint64{}
	ctx, stop := context.WithCancel(context.Background())
	var watch sync.WaitGroup
	watch.Go(func() {
		for ctx.Err() == nil {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak.Store(max(peak.Load(), now.HeapInuse+now.StackInuse))
			time.Sleep(5 * time.Millisecond)
		}
	})
	body, kind := stream(typed(), 100<<20)
	start := time.Now()
	a := w.ask(http.MethodPost, "/", kind, body)
	took := time.Since(start)
	stop()
	watch.Wait()
	_, l := w.letter(t, a.receipt(t), countyA)
	if l.Files[0].Size != 100<<20 {
		t.Errorf("%d bytes", l.Files[0].Size)
	}
	over := int64(peak.Load()) - int64(base)
	t.Logf("100 MB in %s, %d KB of memory over the base", took, over>>10)
	if over > 32<<20 {
		t.Errorf("it took %d MB of memory", over>>20)
	}
	body, kind = stream(typed(), 100<<20+1)
	a = w.ask(http.MethodPost, "/", kind, body)
	a.has(t, "合计超过了100 MB", "签字那天只有我在场")
	if a.Code != http.StatusRequestEntityTooLarge || len(w.in(t, "files")) != 1 || len(w.in(t, "in")) != 1 {
		t.Errorf("%d, %q", a.Code, w.in(t, "files"))
	}
}

// TestFlood: however many ask at once, no more than a few receipts are stretched at once, and all are answered; whoever
// gives up waiting leaves nothing, and whoever is not reached in time is told so with what they typed.
func TestFlood(t *testing.T) {
	w := newWorld(t)
	var at runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&at)
	base := at.HeapInuse
	var peak atomic.Uint64
	var wait sync.WaitGroup
	for i := range 300 {
		wait.Go(func() {
			if a := w.look(fmt.Sprintf("%016d", i)); a.Code != http.StatusUnprocessableEntity {
				t.Errorf("%d", a.Code)
			}
			if i%10 == 0 {
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				peak.Store(max(peak.Load(), now.HeapInuse))
			}
		})
	}
	wait.Wait()
	if over := int64(peak.Load()) - int64(base); over > 100<<20 {
		t.Errorf("300 at once took %d MB", over>>20)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	f := typed()
	busy := 0
	for range 50 { // a turn that is free may be taken all the same
		body, kind := multi(f)
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", body)
		r.Header.Set("Content-Type", kind)
		if a := w.serve(r); a.Code == http.StatusServiceUnavailable {
			busy++
			a.has(t, "现在交的人多", f["only"])
		}
	}
	if busy == 0 {
		t.Error("whoever has gone is waited for")
	}
}

var reLocation = regexp.MustCompile(`\r\nLocation: (\S+)\r\n`)

// TestStandsStill: whoever stops sending in the middle of a form is let go, and nothing of it stays.
func TestStandsStill(t *testing.T) {
	w := newWorld(t)
	portal.Quiet(t, 300*time.Millisecond)
	srv := httptest.NewServer(w)
	defer srv.Close()
	body, kind := multi(typed(), file{"a.jpg", make([]byte, 200_000)})
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", kind, len(b), b[:len(b)/2])
	start := time.Now()
	if err := conn.SetReadDeadline(start.Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	at := reLocation.FindStringSubmatch(string(got))
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 303 ") || at == nil {
		t.Fatalf("after %s: %.200s, %v", time.Since(start), got, err)
	}
	if a := w.get(at[1]); a.Code != http.StatusBadRequest {
		t.Error(a.Code)
	} else {
		a.has(t, "没有收全")
	}
	for _, dir := range []string{"files", "in", "out"} {
		if n := w.in(t, dir); len(n) > 0 {
			t.Errorf("%s holds %q", dir, n)
		}
	}
}

// BenchmarkLodge: 32 at once, without files, each sealed to two and on disk.
func BenchmarkLodge(b *testing.B) {
	w := newWorld(b)
	if dir := os.Getenv("QIANSHAO_BENCH_DIR"); dir != "" {
		w.dir = filepath.Join(dir, envelope.NewToken())
		b.Cleanup(func() { _ = os.RemoveAll(w.dir) })
		w.open(b)
	}
	b.SetParallelism(32 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if a := w.post(typed()); a.Code != http.StatusOK {
				b.Error(a.Code)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
}

// BenchmarkSteady: fifty a second, each at its own time whatever became of the one before; the portal's peak by far.
func BenchmarkSteady(b *testing.B) {
	w := newWorld(b)
	if dir := os.Getenv("QIANSHAO_BENCH_DIR"); dir != "" {
		w.dir = filepath.Join(dir, envelope.NewToken())
		b.Cleanup(func() { _ = os.RemoveAll(w.dir) })
		w.open(b)
	}
	took := make([]time.Duration, b.N)
	var all sync.WaitGroup
	tick := time.NewTicker(time.Second / 50)
	defer tick.Stop()
	for i := range b.N {
		due := time.Now()
		all.Go(func() {
			if a := w.post(typed()); a.Code != http.StatusOK {
				b.Error(a.Code)
			}
			took[i] = time.Since(due)
		})
		<-tick.C
	}
	all.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
}

// BenchmarkFile: a file of 100 MB.
func BenchmarkFile(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		body, kind := stream(typed(), 100<<20)
		if a := w.ask(http.MethodPost, "/", kind, body); a.Code != http.StatusOK {
			b.Error(a.Code)
		}
		b.StopTimer()
		for _, dir := range []string{"files"} {
			if err := os.RemoveAll(filepath.Join(w.dir, dir)); err != nil {
				b.Fatal(err)
			}
		}
		w.open(b)
		b.StartTimer()
	}
}
