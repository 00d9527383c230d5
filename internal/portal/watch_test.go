package portal_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// afraid is a form of somebody who wants to be watched over, with changes.
func afraid(change ...string) map[string]string {
	return typed(append([]string{"named", "yes", "name", "王某某", "contact", "傍晚打13900000000", "watch", "yes", "works", "石桥镇柳林村", "office", "村会计", "fear", "怕被撤换"}, change...)...)
}

// asked is the word that waits in the spool for the level above, and what is told of it.
func (w *world) asked(t *testing.T, r envelope.Receipt, n int) (envelope.Word, envelope.Status) {
	t.Helper()
	ask := r.Secrets().Asked(n)
	for _, name := range w.in(t, "more") {
		x, ok, err := w.Spool.Word(name)
		if err != nil || !ok {
			t.Fatal(err)
		}
		if x.Name != ask.Name || x.Kind != envelope.Watch {
			continue
		}
		p, _, err := w.Spool.Status(ask.Name)
		if err != nil {
			t.Fatal(err)
		}
		st, err := p.Open(ask.Reply())
		if err != nil {
			t.Fatal(err)
		}
		return x, st
	}
	t.Fatalf("nobody was asked: %q", w.in(t, "more"))
	return envelope.Word{}, envelope.Status{}
}

// TestWatchIsForTheLevelAbove: what is asked is opened by the level above the one that reads the report, and by nobody else; the
// report says nothing of it, and its name leads to it by no way.
func TestWatchIsForTheLevelAbove(t *testing.T) {
	w := newWorld(t)
	f := afraid()
	a := w.post(f)
	r := a.receipt(t)
	a.has(t, city)
	x, st := w.asked(t, r, 1)
	if x.To != unitID(2) || !x.Above.Zero() || len(x.Keys) != 1 || x.Keys[0].ID != "key-"+city || st.Organ != city {
		t.Errorf("%+v, told %+v", x, st)
	}
	for organ, private := range w.private {
		plain, err := seal.Open(x.Sealed, private)
		if (err == nil) != (organ == city) {
			t.Errorf("%s: %v", organ, err)
		}
		if organ != city {
			continue
		}
		var p envelope.Plea
		if err := json.Unmarshal(plain, &p); err != nil {
			t.Fatal(err)
		}
		if p.Name != f["name"] || p.Contact != f["contact"] || p.Unit != f["works"] || p.UnitID != unitID(16) || p.Post != f["office"] || p.Fear != f["fear"] || p.Of != unitID(3) || p.Day != "2026-09-18" || p.Watch != x.Name {
			t.Errorf("%+v", p)
		}
	}
	e, l := w.letter(t, r, countyA)
	for _, b := range [][]byte{mustJSON(t, e), mustJSON(t, l)} {
		for _, word := range []string{"watch", x.Name, x.Reply, x.Own, "柳林村", "村会计", "撤换"} {
			if bytes.Contains(b, []byte(word)) {
				t.Errorf("the report says %q", word)
			}
		}
	}
	if b := mustJSON(t, x); bytes.Contains(b, []byte(e.Name)) || bytes.Contains(b, []byte(e.Reply)) {
		t.Error("what was asked says whose report it is")
	}
	// The same form sent again asks nothing twice.
	w.post(f)
	if n := len(w.in(t, "more")); n != 1 {
		t.Errorf("%d wait", n)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNothingOfWatching: without the tick, or without a name, nothing is kept of where somebody works; with it nothing readable
// reaches the disk, and all that is asked is of one length.
func TestNothingOfWatching(t *testing.T) {
	w := newWorld(t)
	for _, change := range [][]string{{"watch", ""}, {"named", "no"}} {
		r := w.post(afraid(change...)).receipt(t)
		if n := w.in(t, "more"); len(n) != 0 {
			t.Errorf("%v: %q wait", change, n)
		}
		if _, l := w.letter(t, r, countyA); bytes.Contains(mustJSON(t, l), []byte("村会计")) {
			t.Errorf("%v: the report has it", change)
		}
	}
	lengths := map[int64]bool{}
	for _, fear := range []string{"", "怕被撤换", strings.Repeat("怕", 400)} {
		w.post(afraid("fear", fear)).receipt(t)
	}
	w.nowhere(t, "王某某", "13900000000", "柳林村", "村会计", "怕被撤换")
	for _, name := range w.in(t, "more") {
		s, err := os.Stat(filepath.Join(w.dir, "more", name))
		if err != nil {
			t.Fatal(err)
		}
		lengths[s.Size()] = true
	}
	if len(lengths) != 1 {
		t.Errorf("%d lengths", len(lengths))
	}
}

// TestWatchAsks: without a place and a post nothing can be watched, and above the highest level nobody is.
func TestWatchAsks(t *testing.T) {
	w := newWorld(t)
	a := w.post(afraid("works", "", "office", ""))
	if a.Code != http.StatusUnprocessableEntity || strings.Count(a.body, `id="works-e"`)+strings.Count(a.body, `id="office-e"`) != 2 {
		t.Errorf("%d", a.Code)
	}
	if a = w.post(afraid("level", "province")); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "上面没有") {
		t.Errorf("above the highest: %d", a.Code)
	}
	if a = w.post(afraid("level", "city")); a.Code != http.StatusOK || !strings.Contains(a.body, province) {
		t.Errorf("above the city: %d", a.Code)
	}
	if a = w.get("/"); len(a.body) > 60<<10 || !strings.Contains(a.body, `name="watch"`) {
		t.Errorf("the form has %d bytes", len(a.body))
	}
}

// TestWatchLater: whoever has the receipt asks for it later, sees how it stands, ends it, and can ask again.
func TestWatchLater(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	send := func(pairs ...string) answer {
		f := url.Values{"receipt": {string(r)}, "token": {envelope.NewToken()}}
		for i := 0; i < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
		}
		return w.ask(http.MethodPost, "/look/watch", urlencoded, strings.NewReader(f.Encode()))
	}
	w.look(string(r)).has(t, city, `value="ask"`)
	if a := send("do", "ask", "name", "王某某"); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "王某某") || len(w.in(t, "more")) != 0 {
		t.Errorf("half asked: %d", a.Code)
	}
	full := []string{"do", "ask", "name", "王某某", "contact", "傍晚打", "works", "石桥镇", "office", "会计"}
	a := send(full...)
	a.has(t, "已经封给"+city, `value="end"`)
	first, _ := w.asked(t, r, 1)
	if a = send(full...); len(w.in(t, "more")) != 1 {
		t.Errorf("asked twice: %d", a.Code)
	}
	a = send("do", "end")
	a.has(t, "撤回已经交出")
	if strings.Contains(a.body, `value="end"`) || strings.Contains(a.body, `value="ask"`) {
		t.Error("it is offered while it ends")
	}
	ended := 0
	for _, name := range w.in(t, "more") {
		x, _, err := w.Spool.Word(name)
		if err != nil {
			t.Fatal(err)
		}
		if x.Kind == envelope.Unwatch {
			if ended++; x.Name != first.Name || x.To != unitID(2) || len(x.Sealed) != 0 {
				t.Errorf("%+v", x)
			}
		}
	}
	if ended != 1 {
		t.Errorf("%d ends", ended)
	}
	// The work side says that it is over: it can be asked for anew, under a name that leads from nothing to the first.
	over, err := envelope.Envelope{Name: first.Name, Reply: first.Reply}.SealStatus(envelope.Status{Day: "2026-09-18", Organ: city, To: unitID(2), Stage: "watch_over", Events: []envelope.Event{{Day: "2026-09-18", What: "watch.withdrawn"}}}, 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Spool.PutStatus(over); err != nil {
		t.Fatal(err)
	}
	w.look(string(r)).has(t, "已经不再留意", "按您的要求停止", `value="ask"`)
	send(full...)
	if second, _ := w.asked(t, r, 2); second.Name == first.Name || second.Reply == first.Reply {
		t.Error("one name for both times")
	}
	if a := w.ask(http.MethodPost, "/look/watch", urlencoded, strings.NewReader("receipt=1234&do=end")); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("without a receipt: %d", a.Code)
	}
}

// TestNobodyElseEndsIt: a word that does not show what only the receipt gives ends nothing.
func TestNobodyElseEndsIt(t *testing.T) {
	w := newWorld(t)
	x, _ := w.asked(t, w.post(afraid()).receipt(t), 1)
	forged := envelope.Word{Version: 1, Name: x.Name, Own: x.Own, Kind: envelope.Unwatch, To: x.To, Day: x.Day, Commit: x.Commit, Suite: x.Suite, Stop: strings.Repeat("a", 64)}
	if _, err := envelope.ParseWord(mustJSON(t, forged)); err == nil {
		t.Error("a forged end is taken")
	}
	forged.Stop = ""
	if _, err := envelope.ParseWord(mustJSON(t, forged)); err == nil {
		t.Error("an end that shows nothing is taken")
	}
	x.Stop = strings.Repeat("a", 64)
	if _, err := envelope.ParseWord(mustJSON(t, x)); err == nil {
		t.Error("two things in one word")
	}
}
