package portal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// spoken is what somebody says who has a receipt, with changes.
func spoken(r envelope.Receipt, change ...string) map[string]string {
	f := map[string]string{"token": envelope.NewToken(), "receipt": string(r), "kind": envelope.More, "text": "原件<b>在会计</b>手里\n第二页"}
	for i := 0; i < len(change); i += 2 {
		f[change[i]] = change[i+1]
	}
	return f
}

func spokenForm(f map[string]string, files ...file) (io.Reader, string) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, name := range []string{"token", "receipt", "kind", "text"} {
		if v, ok := f[name]; ok {
			_ = m.WriteField(name, v) // a buffer takes everything
		}
	}
	if len(files) == 0 {
		files = []file{{}}
	}
	for _, x := range files {
		p, _ := m.CreateFormFile("files", x.name)
		_, _ = p.Write(x.content)
	}
	_ = m.Close()
	return &b, m.FormDataContentType()
}

func (w *world) say(f map[string]string, files ...file) answer {
	body, kind := spokenForm(f, files...)
	return w.ask(http.MethodPost, "/look/say", kind, body)
}

// tell gives the nth status to the reporter of an envelope.
func (w *world) tell(t testing.TB, e envelope.Envelope, n int64, s envelope.Status) {
	t.Helper()
	p, err := e.SealStatus(s, n)
	if err == nil {
		err = w.Spool.PutStatus(p)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// words opens what waits of a report with an organ's key.
func (w *world) words(t testing.TB, r envelope.Receipt, organ string) (ws []envelope.Word, said []envelope.Speech) {
	t.Helper()
	names, err := w.Spool.Said(r.Secrets().Name, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		word, ok, err := w.Spool.Word(n)
		if err != nil || !ok || word.ID() != n {
			t.Fatalf("%s: %v", n, err)
		}
		p, plain, err := word.Open(w.private[organ])
		if err == nil {
			err = word.Check(r.Secrets(), plain)
		}
		if err != nil {
			t.Fatalf("%s opens it: %v", organ, err)
		}
		ws, said = append(ws, word), append(said, p)
	}
	return ws, said
}

// TestSay: whoever has the receipt says more, with files; it is sealed to whoever has the report, waits, and the page says
// that it does; it says so no more when it was taken in.
func TestSay(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	w.look(string(r)).has(t, "还有话说", "只有"+countyA+"和"+city+"能打开")
	w.look(string(r)).hasNot(t, "等待送达", "对答复有异议")
	content := []byte(strings.Repeat("账", 3_000))
	f := spoken(r)
	a := w.say(f, file{"账本.jpg", content}, file{"b", nil})
	a.has(t, "您说的收到了，已封好", "您补充的已交，等待送达（1份）", "在"+countyA)
	if a.Code != http.StatusOK {
		t.Error(a.Code)
	}
	ws, said := w.words(t, r, countyA)
	w.words(t, r, city)
	if len(ws) != 1 || ws[0].Kind != envelope.More || ws[0].Day != "2026-09-18" || ws[0].To != unitID(3) || ws[0].Above != unitID(2) || said[0].Text != f["text"] || len(said[0].Files) != 2 || said[0].Files[0].Name != "账本.jpg" || said[0].Files[0].Hash != hash(content) {
		t.Fatalf("%+v %+v", ws, said)
	}
	for _, organ := range []string{countyB, province} {
		if _, _, err := ws[0].Open(w.private[organ]); err == nil {
			t.Errorf("%s opens it", organ)
		}
	}
	sealed, err := os.ReadFile(filepath.Join(w.dir, "files", said[0].Files[0].Ref[:2], said[0].Files[0].Ref))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := seal.Reader(bytes.NewReader(sealed), w.private[city])
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(plain); err != nil || string(b[:len(content)]) != string(content) {
		t.Errorf("%d bytes, %v", len(b), err)
	}

	// The same form is one word, whatever it says the second time.
	a = w.say(spoken(r, "token", f["token"], "text", "别的话"), file{"x", []byte("x")})
	a.has(t, "这一段刚才已经交过", "等待送达（1份）")
	if _, said = w.words(t, r, countyA); len(said) != 1 || said[0].Text != f["text"] || len(w.in(t, "files")) != 2 {
		t.Errorf("%+v", said)
	}
	var wait sync.WaitGroup
	f = spoken(r, "text", "两份同时")
	for range 8 {
		wait.Go(func() {
			if a := w.say(f, file{"x", []byte("x")}); a.Code != http.StatusOK {
				t.Error(a.Code)
			}
		})
	}
	wait.Wait()
	if ws, _ = w.words(t, r, countyA); len(ws) != 2 || len(w.in(t, "files")) != 3 {
		t.Errorf("%d words, %q", len(ws), w.in(t, "files"))
	}

	all, err := w.Spool.Words(10)
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	for _, x := range ws {
		if err := w.Spool.Heard(x); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.in(t, "more")) != 0 || len(w.in(t, "files")) != 0 || len(w.in(t, "in")) != 1 {
		t.Errorf("%q %q %q", w.in(t, "more"), w.in(t, "files"), w.in(t, "in"))
	}
	w.look(string(r)).hasNot(t, "等待送达")
}

// TestWhoHearsIt: what is said goes to the organs of the latest status, and to nobody when they have no key; where there is
// an answer, it may be called wrong.
func TestWhoHearsIt(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	e, _ := w.letter(t, r, countyA)
	w.tell(t, e, 2, envelope.Status{Day: e.Day, Organ: city, To: unitID(2), Above: unitID(1), Stage: "declined", Events: []envelope.Event{{Day: e.Day, What: "said"}, {Day: e.Day, What: "objected"}, {Day: e.Day, What: "asked", Text: "哪一天？"}, {Day: e.Day, What: "asked"}}})
	w.look(string(r)).has(t, "对答复有异议", "只有"+city+"和"+province+"能打开", "您补充了情况。", "您对答复提出了异议。", "他们问您：“哪一天？”", "他们有事要问您。")
	w.say(spoken(r, "kind", envelope.Objection)).has(t, "您说的收到了")
	ws, _ := w.words(t, r, city)
	if w.words(t, r, province); len(ws) != 1 || ws[0].To != unitID(2) || ws[0].Kind != envelope.Objection {
		t.Errorf("%+v", ws)
	}
	if _, _, err := ws[0].Open(w.private[countyA]); err == nil {
		t.Error("whoever had the report before opens what was said after")
	}
	w.tell(t, e, 3, envelope.Status{Day: e.Day, Organ: "别处", To: unitID(999), Stage: "forwarded"})
	f := spoken(r, "text", "一句要紧的话")
	a := w.say(f, file{"x", []byte("x")})
	a.has(t, "送不到办这件事的机关", f["text"], "请重新选一次", f["token"])
	if a.Code != http.StatusServiceUnavailable || len(w.in(t, "more")) != 1 || len(w.in(t, "files")) != 0 {
		t.Errorf("%d %q", a.Code, w.in(t, "more"))
	}
}

// TestSayRefused: what can't be taken in comes back with what was typed; a wrong receipt and an unknown one are answered
// alike; whoever has a receipt fills no disk with it.
func TestSayRefused(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	for _, x := range []struct {
		f    map[string]string
		code int
		says string
		on   string // the field it stands at
	}{
		{spoken(r, "text", ""), 422, "请写上您要说的话", "text"}, {spoken(r, "text", strings.Repeat("长", 20_001)), 422, "这一栏写得太长了", "text"}, {spoken(r, "kind", "song"), 422, "请选补充情况还是有异议", ""},
		{spoken("1234", "text", "要紧的话"), 422, "查不到", "receipt"}, {spoken(r, "text", strings.Repeat("长", 200_000)), 413, "写的内容太长了", ""},
	} {
		a := w.say(x.f)
		a.has(t, x.says, "您写的都还在")
		if a.Code != x.code || len(x.f["text"]) < 100_000 && !strings.Contains(html.UnescapeString(a.body), x.f["text"]) || strings.Contains(a.body, "<b>在会计") {
			t.Errorf("%s: %d", x.says, a.Code)
		}
		if x.on != "" && !regexp.MustCompile(`id="`+x.on+`"[^>]*aria-invalid="true"`).MatchString(a.body) {
			t.Errorf("%s: the field does not say so", x.says)
		}
	}
	w.say(spoken(r, "text", "", "kind", envelope.Objection), file{"x", []byte("x")}).has(t, "请写上您要说的话")
	if a := w.say(spoken(r, "text", ""), file{"x", []byte("x")}); a.Code != http.StatusOK {
		t.Errorf("a photo alone: %d", a.Code)
	}
	other, err := envelope.NewReceipt(envelope.NewToken())
	if err != nil {
		t.Fatal(err)
	}
	f := spoken("1234")
	wrong, unknown := w.say(f), w.say(spoken(other, "token", f["token"]))
	if wrong.Code != unknown.Code || strings.ReplaceAll(wrong.body, "1234", string(other)) != unknown.body {
		t.Error("a wrong receipt is answered otherwise than an unknown one")
	}
	if a := w.ask(http.MethodPost, "/look/say?receipt="+string(r)+"&text=x", urlencoded, http.NoBody); a.Code == http.StatusOK {
		t.Error("what stands in an address is read")
	}
	for range 19 {
		w.say(spoken(r)).has(t, "您说的收到了")
	}
	a := w.say(spoken(r))
	a.has(t, "您前面补充的还没有送到")
	if a.Code != http.StatusServiceUnavailable || len(w.in(t, "more")) != 20 {
		t.Errorf("%d, %d words", a.Code, len(w.in(t, "more")))
	}
}

// TestNothingOfWordsReadable: of what is said after the report, and of its files, nothing can be read in any file of the
// spool, neither afterwards nor while it is still coming in; nor of the receipt or the form's token.
func TestNothingOfWordsReadable(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	f := spoken(r)
	all := []string{f["text"], "在会计", "账本.jpg", "照片里的内容", f["token"], string(r), r.String()}
	body, kind := spokenForm(f, file{"账本.jpg", []byte(strings.Repeat("照片里的内容", 40_000))}, file{"another.txt", []byte("x")})
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	in, pipe := io.Pipe()
	done := make(chan answer)
	go func() { done <- w.ask(http.MethodPost, "/look/say", kind, in) }()
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
	w.nowhere(t, all...)
	if len(w.in(t, "more")) != 1 || len(w.in(t, "files")) != 2 {
		t.Errorf("%q %q", w.in(t, "more"), w.in(t, "files"))
	}
	for _, m := range regexp.MustCompile(`(?:href|action|src)="([^"]*)"`).FindAllStringSubmatch(a.body, -1) {
		if strings.Contains(m[1], string(r)) || strings.ContainsAny(m[1], "?") && !strings.HasSuffix(m[1], "?lang=en") {
			t.Errorf("the address %s says too much", m[1])
		}
	}
}

// TestKilledWhileSaying: the portal is killed before each thing it does on disk for a word, or the disk fails there. What was
// acknowledged is whole; what was not is whole or left at most sealed files; the same form sent again is taken once.
func TestKilledWhileSaying(t *testing.T) {
	dead := errors.New("the disk is gone")
	for _, kill := range []bool{true, false} {
		acknowledged := false
		for n := 0; !acknowledged; n++ {
			w := newWorld(t)
			r := w.post(typed()).receipt(t)
			f := spoken(r)
			steps := 0
			w.Spool.Step = func(string) error {
				if steps++; steps <= n {
					return nil
				}
				if kill {
					panic(dead)
				}
				return dead
			}
			a := w.say(f, file{"a.jpg", []byte("eins")}, file{"b.jpg", []byte("zwei")})
			if steps <= n {
				acknowledged = true
				if n < 9 {
					t.Errorf("only %d steps were seen", n)
				}
			} else if a.Code == http.StatusOK || !kill && a.Code != http.StatusServiceUnavailable {
				t.Errorf("step %d failed with %d", n+1, a.Code)
			}
			if kill {
				w.open(t)
			} else {
				w.Spool.Step = nil
				if steps > n {
					a.has(t, "请过一会儿再交", "您写的都还在", "在会计")
				}
			}
			if ws, said := w.words(t, r, countyA); len(ws) > 1 || len(ws) == 1 && (said[0].Text != f["text"] || len(said[0].Files) != 2) {
				t.Errorf("step %d: half a word", n+1)
			}
			w.nowhere(t, f["text"], "在会计")
			if a := w.say(f, file{"a.jpg", []byte("eins")}, file{"b.jpg", []byte("zwei")}); a.Code != http.StatusOK {
				t.Errorf("step %d: sent again it is refused: %d", n+1, a.Code)
			}
			ws, said := w.words(t, r, countyA)
			if len(ws) != 1 || said[0].Text != f["text"] {
				t.Fatalf("step %d: %d words", n+1, len(ws))
			}
			for _, ref := range ws[0].Files {
				if b, err := os.ReadFile(filepath.Join(w.dir, "files", ref[:2], ref)); err != nil || hash(b) != ref {
					t.Errorf("step %d: a file is not what was sealed: %v", n+1, err)
				}
			}
		}
	}
}

// TestOrderOfWords: a word is on disk, files, contents and then name, before it is acknowledged; when it is taken, what its
// reporter is told is on disk before.
func TestOrderOfWords(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	var steps []string
	w.Spool.Step = func(what string) error {
		if i := strings.Index(what, "/"); i > 0 {
			what = what[:i]
		}
		steps = append(steps, what)
		return nil
	}
	w.say(spoken(r), file{"a", []byte("x")})
	ws, _ := w.words(t, r, countyA)
	if err := w.Spool.Heard(ws[0]); err != nil {
		t.Fatal(err)
	}
	if want := []string{"create file", "commit file", "create more", "write more", "sync more", "rename more", "sync more", "sync out", "remove more"}; !slices.Equal(steps, want) {
		t.Errorf("%q", steps)
	}
}

// TestSpoolTakesOnlyWords: what is no word, and a name that leads elsewhere, are not kept and not found.
func TestSpoolTakesOnlyWords(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	w.say(spoken(r))
	ws, _ := w.words(t, r, countyA)
	for _, bad := range []string{"", "x", "../in/" + ws[0].Name, strings.ToUpper(ws[0].Own), strings.Repeat("a", 63) + "/"} {
		x, y := ws[0], ws[0]
		x.Name, y.Own = bad, bad
		for _, z := range []envelope.Word{x, y} {
			if _, err := w.Spool.PutWord(z); err == nil {
				t.Errorf("a word named %q is kept", z.ID())
			}
			if _, ok, _ := w.Spool.Word(z.ID()); ok {
				t.Errorf("%q is found", z.ID())
			}
		}
		if n, err := w.Spool.Said(bad, 10); len(n) > 0 || err != nil {
			t.Errorf("%q has said %q, %v", bad, n, err)
		}
	}
	if fresh, err := w.Spool.PutWord(ws[0]); fresh || err != nil {
		t.Errorf("the same again: %t, %v", fresh, err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "more", "new-LEFT"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	if n := w.in(t, "more"); !slices.Equal(n, []string{ws[0].ID()}) {
		t.Errorf("%q", n)
	}
}

// TestMessages: programs say more as people do.
func TestMessages(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	send := func(body string) answer {
		return w.ask(http.MethodPost, "/portal/api/v1/messages", "application/json", strings.NewReader(body))
	}
	token := envelope.NewToken()
	good := `{"receipt":"` + r.String() + `","text":"还有一件事","token":"` + token + `"}`
	if a := send(good); a.Code != http.StatusCreated || a.body != `{"day":"2026-09-18","kind":"more"}` {
		t.Fatalf("%d %s", a.Code, a.body)
	}
	if a := send(good); a.Code != http.StatusOK {
		t.Errorf("the same again: %d %s", a.Code, a.body)
	}
	if a := send(`{"receipt":"` + string(r) + `","text":"不对","kind":"objection"}`); a.Code != http.StatusCreated || !strings.Contains(a.body, `"objection"`) {
		t.Errorf("%d %s", a.Code, a.body)
	}
	body, kind := spokenForm(spoken(r), file{"x.jpg", []byte("x")})
	if a := w.ask(http.MethodPost, "/portal/api/v1/messages", kind, body); a.Code != http.StatusCreated {
		t.Errorf("%d %s", a.Code, a.body)
	}
	if ws, _ := w.words(t, r, city); len(ws) != 3 || len(w.in(t, "files")) != 1 {
		t.Errorf("%d words", len(ws))
	}
	a := w.ask(http.MethodPost, "/portal/api/v1/status", "application/json", strings.NewReader(`{"receipt":"`+string(r)+`"}`))
	var st struct{ Waits int }
	if err := json.Unmarshal([]byte(a.body), &st); err != nil || st.Waits != 3 {
		t.Errorf("%s", a.body)
	}
	for _, x := range []struct {
		body string
		code int
		says string
	}{
		{`{"receipt":"` + string(r) + `"}`, 422, `"code":"portal.say"`}, {`{"receipt":"` + string(r) + `","text":"不许重复的话","kind":"x"}`, 422, `"code":"portal.kind"`},
		{`{"receipt":"1","text":"不许重复的话"}`, 422, `"code":"portal.receipt"`}, {`{"不许重复的话":1}`, 400, `"code":"portal.broken"`},
	} {
		if a := send(x.body); a.Code != x.code || !strings.Contains(a.body, x.says) || strings.Contains(a.body, "不许重复的话") || !strings.HasPrefix(a.Header().Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: %d %s", x.body, a.Code, a.body)
		}
	}
}
