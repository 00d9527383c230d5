package portal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// TestMissing: whatever is required and not there is said beside its field; everything typed stands there again, and
// nothing of it as markup; nothing is kept.
func TestMissing(t *testing.T) {
	w := newWorld(t)
	for _, x := range []struct {
		field, value, says string
	}{
		{"unit", "", "请写他在哪个单位"}, {"post", " \n", "请写他是什么职务"}, {"text", "", "请写发生了什么"}, {"level", "", "请选给哪一级看"}, {"level", "township", "没有您选的那一级"},
		{"rank", "emperor", "请重新选一下级别"}, {"when", strings.Repeat("久", 201), "这一栏写得太长了"}, {"named", "yes", "请写上姓名"},
	} {
		f := typed(x.field, x.value)
		a := w.post(f, file{"账.jpg", []byte("abc")})
		if a.Code != http.StatusUnprocessableEntity {
			t.Errorf("without %s: %d", x.field, a.Code)
		}
		a.has(t, x.says, "您写的都还在", "请重新选一次", f["token"])
		for name, v := range f {
			if name != x.field && name != "level" && name != "named" && !strings.Contains(a.body, html.EscapeString(v)) && !strings.Contains(html.UnescapeString(a.body), v) {
				t.Errorf("without %s, %s is lost", x.field, name)
			}
		}
		if strings.Contains(a.body, "<i>甲") || strings.Contains(a.body, "<b>发放表") {
			t.Errorf("without %s: what was typed stands there as markup", x.field)
		}
		if name := x.field; name != "named" && name != "level" && !regexp.MustCompile(`id="`+name+`"[^>]*aria-invalid="true"`).MatchString(a.body) {
			t.Errorf("without %s: the field does not say so", name)
		}
	}
	a := w.post(typed("named", "yes", "name", "王某某", "contact", ""))
	a.has(t, "请写怎样联系您", "王某某")
	for _, dir := range []string{"in", "out", "files"} {
		if n := w.in(t, dir); len(n) > 0 {
			t.Errorf("%s holds %q", dir, n)
		}
	}
}

// TestNothingReadable: of a letter, its names and its files nothing can be read in any file of the spool, neither
// afterwards nor while a file is still coming in.
func TestNothingReadable(t *testing.T) {
	w := newWorld(t)
	f := typed("named", "yes", "name", "王某某", "contact", "傍晚打13900000000")
	secret := strings.Repeat("照片里的内容", 40_000)
	var all []string
	for _, name := range []string{"unit", "post", "subject", "when", "text", "only", "name", "contact"} {
		all = append(all, f[name])
	}
	all = append(all, "账本.jpg", "照片里的内容", "管护费", "13900000000")
	body, kind := multi(f, file{"账本.jpg", []byte(secret)}, file{"another.txt", []byte("x")})
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	r, pipe := io.Pipe()
	done := make(chan answer)
	go func() { done <- w.ask(http.MethodPost, "/", kind, r) }()
	for half := range slices.Chunk(b, len(b)/2+1) {
		if _, err := pipe.Write(half); err != nil {
			t.Fatal(err)
		}
		if len(w.in(t, "files")) == 0 {
			t.Error("nothing has come in yet, so that nothing was looked at")
		}
		w.nowhere(t, all...)
	}
	_ = pipe.Close()
	a := <-done
	a.receipt(t)
	w.nowhere(t, all...)
	if len(w.in(t, "files")) != 2 || len(w.in(t, "in")) != 1 || len(w.in(t, "out")) != 1 {
		t.Errorf("%q %q %q", w.in(t, "files"), w.in(t, "in"), w.in(t, "out"))
	}
}

// TestWhoOpensIt: the organ chosen and the one above it open the letter and its files, nobody else does; all that was
// typed stands in it.
func TestWhoOpensIt(t *testing.T) {
	w := newWorld(t)
	f := typed("named", "yes", "name", "王某某", "contact", "傍晚打电话", "rank", "township")
	content := []byte(strings.Repeat("账", 3_000))
	r := w.post(f, file{`C:\我的\账本.jpg`, content}, file{"empty", nil}).receipt(t)
	for _, organ := range []string{countyA, city} {
		e, l := w.letter(t, r, organ)
		if l.Unit != f["unit"] || l.UnitID != unitID(13) || l.Post != f["post"] || l.Subject != f["subject"] || l.Rank != "township" || l.When != f["when"] || l.Text != f["text"] || l.Only != f["only"] || !l.Named || l.Name != f["name"] || l.Contact != f["contact"] {
			t.Errorf("%s reads %+v", organ, l)
		}
		if len(l.Files) != 2 || l.Files[0].Name != "账本.jpg" || l.Files[0].Size != int64(len(content)) || l.Files[0].Hash != hash(content) || !slices.Equal(e.Files, []string{l.Files[0].Ref, l.Files[1].Ref}) {
			t.Fatalf("%+v", l.Files)
		}
		sealed, err := os.ReadFile(filepath.Join(w.dir, "files", l.Files[0].Ref[:2], l.Files[0].Ref))
		if err != nil || hash(sealed) != l.Files[0].Ref {
			t.Fatal("it lies under another name", err)
		}
		plain, err := seal.Reader(strings.NewReader(string(sealed)), w.private[organ])
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(plain); err != nil || int64(len(b)) != seal.Padded(int64(len(content))) || string(b[:len(content)]) != string(content) {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	}
	e, _ := w.letter(t, r, city)
	for _, organ := range []string{countyB, province} {
		if _, _, err := e.Open(w.private[organ]); err == nil {
			t.Errorf("%s opens it", organ)
		}
	}
	if e.To != unitID(3) || e.Above != unitID(2) || e.Day != "2026-09-18" || !e.Named {
		t.Errorf("%+v", e)
	}
}

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// TestReceiptIsNowhere: of a receipt and of its form's token nothing is kept, and neither stands in an address.
func TestReceiptIsNowhere(t *testing.T) {
	w := newWorld(t)
	f := typed()
	a := w.post(f)
	r := a.receipt(t)
	pages := []answer{a, w.look(string(r)), w.look("1234"), w.get("/look"), w.post(typed("token", f["token"], "text", ""))}
	w.nowhere(t, string(r), r.String(), f["token"], private(r), hex.EncodeToString(r.Secrets().Salt))
	for _, p := range pages {
		for _, m := range regexp.MustCompile(`(?:href|action|src)="([^"]*)"`).FindAllStringSubmatch(p.body, -1) {
			if strings.Contains(m[1], string(r)) || strings.Contains(m[1], f["token"]) || strings.ContainsAny(m[1], "?") && !strings.HasSuffix(m[1], "?lang=en") {
				t.Errorf("the address %s says too much", m[1])
			}
		}
		if l := p.Header().Get("Location"); l != "" {
			t.Errorf("sent on to %s", l)
		}
	}
	// What stands in an address is not read.
	if p := w.ask(http.MethodPost, "/look?receipt="+string(r), urlencoded, http.NoBody); p.Code == http.StatusOK {
		t.Error("a receipt in the address is answered")
	}
}

// TestSameForm: a form sent twice is one report with one receipt, whatever the second says; also when both come at once,
// and when the first was taken to the work side already.
func TestSameForm(t *testing.T) {
	w := newWorld(t)
	f := typed()
	first := w.post(f)
	r := first.receipt(t)
	first.hasNot(t, "这张表刚才已经交过")
	again := w.post(typed("token", f["token"], "text", "别的话"), file{"x.jpg", []byte("x")})
	again.has(t, "这张表刚才已经交过", "10月15日")
	if again.receipt(t) != r || len(w.in(t, "in")) != 1 || len(w.in(t, "files")) != 0 {
		t.Errorf("%s, then %s; %q", r, again.receipt(t), w.in(t, "files"))
	}
	if _, l := w.letter(t, r, countyA); l.Text != f["text"] {
		t.Errorf("the second has taken the place of the first: %q", l.Text)
	}
	if a, b := signed(first.body), signed(again.body); a == "" || a != b {
		t.Errorf("two notes:\n%s\n%s", a, b)
	}
	if err := os.Remove(filepath.Join(w.dir, "in", r.Secrets().Name)); err != nil {
		t.Fatal(err)
	}
	again = w.post(f)
	again.has(t, "这张表刚才已经交过", "10月15日", countyA)
	if again.receipt(t) != r || len(w.in(t, "in")) != 0 {
		t.Error("a report that was taken is lodged again")
	}
	f = typed()
	var mu sync.Mutex
	var all []envelope.Receipt
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			a := w.post(f, file{"x.jpg", []byte("x")})
			mu.Lock()
			defer mu.Unlock()
			all = append(all, a.receipt(t))
		})
	}
	wait.Wait()
	if slices.Sort(all); all[0] != all[7] || len(w.in(t, "in")) != 1 || len(w.in(t, "files")) != 1 {
		t.Errorf("%q; %q; %q", all, w.in(t, "in"), w.in(t, "files"))
	}
}

var reNote = regexp.MustCompile(`(?s)<textarea name="note"[^>]*>\n?(.*?)</textarea>`)

// signed is the note on a page.
func signed(body string) string {
	m := reNote.FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// TestNote: the note binds the name, the commitment and the days; it is given out as it was signed, and nothing else is.
func TestNote(t *testing.T) {
	w := newWorld(t)
	a := w.post(typed())
	r, n := a.receipt(t), signed(a.body)
	e, _ := w.letter(t, r, countyA)
	got, err := note.Open([]byte(n), note.VerifierList(w.verifier))
	if err != nil {
		t.Fatalf("%v\n%s", err, n)
	}
	if want := "qianshao/portal/1\nname " + e.Name + "\ncommit " + e.Commit + "\nday 2026-09-18\nto " + e.To.String() + "\ndue 2026-10-15\n"; got.Text != want {
		t.Errorf("%q, want %q", got.Text, want)
	}
	if strings.Contains(n, string(r)) || strings.Contains(n, private(r)) {
		t.Error("the note says the receipt")
	}
	take := func(text string) answer {
		return w.ask(http.MethodPost, "/note", urlencoded, strings.NewReader(url.Values{"note": {strings.ReplaceAll(text, "\n", "\r\n")}}.Encode()))
	}
	if x := take(n); x.Code != http.StatusOK || x.body != n || x.Header().Get("Content-Disposition") != `attachment; filename="form.txt"` {
		t.Errorf("%d %q", x.Code, x.body)
	}
	for _, bad := range []string{"", "<script>", strings.Replace(n, "10-15", "10-16", 1), n + "x", strings.Replace(n, "portal/1", "portal/2", 1)} {
		if x := take(bad); x.Code == http.StatusOK || strings.Contains(x.body, "<script>") {
			t.Errorf("%q is given out", bad)
		}
	}
}

// private is what a reporter's status is opened with.
func private(r envelope.Receipt) string {
	k, _ := r.Secrets().Pair(seal.Age)
	return k
}
