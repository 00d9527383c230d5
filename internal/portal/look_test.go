package portal_test

import (
	"bytes"
	"encoding/json"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/proof"
)

// TestLook: the receipt opens what the reporter is told, however it is typed; a wrong one and an unknown one are answered
// alike, byte for byte, and not much faster.
func TestLook(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	wide := strings.Map(func(c rune) rune { return c - '0' + '０' }, string(r))
	for _, x := range []string{string(r), r.String(), strings.ReplaceAll(r.String(), " ", "-"), wide} {
		a := w.look(x)
		if a.Code != http.StatusOK {
			t.Errorf("%q: %d", x, a.Code)
		}
		a.has(t, "收到了", "2026年9月18日（周五）收到", "在"+countyA, "还没有人打开", "最迟10月15日（周四）要有人处理", "回执号末四位"+string(r[12:]))
		if seen := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(a.body, ""); strings.Contains(seen, string(r)) || strings.Contains(seen, r.String()) {
			t.Error("the receipt can be read on the page")
		}
	}
	other, err := envelope.NewReceipt(envelope.NewToken())
	if err != nil {
		t.Fatal(err)
	}
	unknown := w.look(string(other))
	for _, x := range []string{"", "1234", string(r[:15]) + string('0'+(r[15]-'0'+1)%10), "<b>x</b>", strings.Repeat("1", 5_000)} {
		if a := w.look(x); a.Code != unknown.Code || a.body != unknown.body {
			t.Errorf("%.20q is answered otherwise than an unknown one: %d", x, a.Code)
		}
	}
	unknown.has(t, "查不到")
	least := func(typed string) time.Duration {
		out := time.Hour
		for range 30 {
			start := time.Now()
			w.look(typed)
			out = min(out, time.Since(start))
		}
		return out
	}
	if wrong, right := least("1234"), least(string(other)); wrong < right/2 {
		t.Errorf("a wrong one takes %s, an unknown one %s: what stands behind a receipt is not derived for it", wrong, right)
	}
}

// TestToldBeforehand: with the receipt and with the first status it is told who gets the report by itself when nobody acts
// in time, where somebody holds a second copy, and that the duty below stays; where nobody does, nothing of it.
func TestToldBeforehand(t *testing.T) {
	w := newWorld(t)
	for level, up := range map[string]string{"county": city, "city": province, "province": ""} {
		for _, named := range []string{"no", "yes"} {
			a := w.post(typed("level", level, "named", named, "name", "王某", "contact", "晚上"))
			b := w.look(string(a.receipt(t)))
			for _, page := range []answer{a, b} {
				if up == "" {
					page.hasNot(t, "会自动交给", "原来的机关照样要办")
				} else {
					page.has(t, "10月15日", "到那天没有人处理，会自动交给"+up, "原来的机关照样要办")
				}
			}
		}
	}
	// Where another day is told first, it is not the day on which anything rises.
	d := *w.d
	d.Terms = []envelope.Term{{What: "first_action", Length: 15, Unit: calendar.Workdays}, {What: "notice", Length: 5, Unit: calendar.Workdays}}
	w.d = &d
	a := w.post(typed("named", "yes", "name", "王某", "contact", "晚上"))
	a.hasNot(t, "会自动交给")
	w.look(string(a.receipt(t))).hasNot(t, "会自动交给")
	w.post(typed()).has(t, "会自动交给"+city)
}

// TestTold: what the work side says takes the place of what was said before, never of what is newer; it is shown in words,
// and so is what this program does not know yet.
func TestTold(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	e, _ := w.letter(t, r, countyA)
	tell := func(n int64, s envelope.Status) { t.Helper(); w.tell(t, e, n, s) }
	tell(3, envelope.Status{Day: e.Day, Organ: city, Stage: "risen", Due: "2026-09-17", Owes: "notice", Rises: province, Events: []envelope.Event{
		{Day: "2026-09-24", What: "asked", Text: "您见过<b>原件</b>吗？"}, {Day: "2026-09-25", What: "sung"}}})
	tell(2, envelope.Status{Day: e.Day, Organ: countyA, Stage: "opened"})
	tell(3, envelope.Status{Day: e.Day, Organ: countyB, Stage: "opened"})
	a := w.look(string(r))
	a.has(t, "在"+city, "到期没有人处理", "应当在9月17日（周四）前告诉您受理不受理，已经过了", "会自动交给"+province, "他们问您：“您见过<b>原件</b>吗？”", "有了新的进展")
	if strings.Contains(a.body, "<b>原件") {
		t.Error("what was said stands there as markup")
	}
	tell(4, envelope.Status{Day: e.Day, Organ: city, Stage: "flown"})
	w.look(string(r)).has(t, "正在办。", "现在没有到期要答复您的事")
}

// TestAPI: programs lodge and ask as people do; problems have stable codes and say nothing of what was sent.
func TestAPI(t *testing.T) {
	w := newWorld(t)
	call := func(path, body string) (int, map[string]any, string) {
		t.Helper()
		a := w.ask(http.MethodPost, "/portal/api/v1/"+path, "application/json", strings.NewReader(body))
		var out map[string]any
		if err := json.Unmarshal([]byte(a.body), &out); err != nil {
			t.Fatalf("%s: %v", a.body, err)
		}
		if kind := a.Header().Get("Content-Type"); a.Code >= 400 && !strings.HasPrefix(kind, "application/problem+json") {
			t.Errorf("a problem of type %s", kind)
		}
		return a.Code, out, a.body
	}
	const good = `"unit":"石桥镇","subject":{"name":"周某","post":"站长"},"text":"签字不对","when":"去年","named":true,"name":"王某","contact":"傍晚"`
	token := envelope.NewToken()
	code, out, _ := call("tipoffs", `{"level":"county","token":"`+token+`",`+good+`}`)
	if code != http.StatusCreated || out["due"] != "2026-10-15" || out["owes"] != "notice" || out["organ"] != countyA || out["rises"] != city || !strings.HasPrefix(out["note"].(string), "qianshao/portal/1\n") {
		t.Fatalf("%d %v", code, out)
	}
	r, err := envelope.ParseReceipt(out["receipt"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if _, l := w.letter(t, r, countyA); l.Post != "站长" || l.Name != "王某" || !l.Named {
		t.Errorf("%+v", l)
	}
	if code, again, _ := call("tipoffs", `{"level":3,"token":"`+token+`",`+good+`}`); code != http.StatusOK || again["receipt"] != out["receipt"] {
		t.Errorf("the same again: %d %v", code, again)
	}
	if code, other, _ := call("tipoffs", `{"level":2,`+good+`}`); code != http.StatusCreated || other["organ"] != city || other["receipt"] == out["receipt"] {
		t.Errorf("%d %v", code, other)
	}
	body, kind := multi(typed("level", "1"), file{"x.jpg", []byte("x")})
	if a := w.ask(http.MethodPost, "/portal/api/v1/tipoffs", kind, body); a.Code != http.StatusCreated || !strings.Contains(a.body, province) {
		t.Errorf("%d %s", a.Code, a.body)
	}
	for _, x := range []struct {
		body string
		code int
		says string
	}{
		{`{"level":"county","text":"不许重复的话"}`, 422, `"field":"unit","code":"portal.unit"`}, {`{"level":9,` + good + `}`, 422, `"code":"portal.level"`},
		{`{"level":"county","unit":"城关镇","subject":{"post":"不许重复的话"},"text":"x"}`, 422, `"units":[{"id":"` + unitID(14).String()}, {`{"level":"county","unit":"某厂","subject":{"post":"长"},"text":"x"}`, 422, `"organs":[{"id":"` + unitID(1).String()},
		{`{"level":"county","token":"不许重复的话",` + good + `}`, 422, `"code":"portal.token"`}, {`{"不许重复的话":1}`, 400, `"code":"portal.broken"`}, {`{} {}`, 400, `"code":"portal.broken"`}, {``, 400, `"code":"portal.broken"`},
		{`{"text":"` + strings.Repeat("x", 600<<10) + `"}`, 413, `"code":"portal.size"`},
	} {
		if code, _, text := call("tipoffs", x.body); code != x.code || !strings.Contains(text, x.says) || strings.Contains(text, "不许重复的话") {
			t.Errorf("%.80s: %d %s", x.body, code, text)
		}
	}
	code, st, _ := call("status", `{"receipt":"`+r.String()+`"}`)
	if code != http.StatusOK || st["stage"] != "received" || st["due"] != "2026-10-15" || st["text"] == "" {
		t.Errorf("%d %v", code, st)
	}
	_, _, unknown := call("status", `{"receipt":"0000000000000000"}`)
	if code, _, wrong := call("status", `{"receipt":"1"}`); code != http.StatusUnprocessableEntity || wrong != unknown {
		t.Errorf("%d %s %s", code, wrong, unknown)
	}
}

// TestNothingOfTheSender: no cookie, no line in any log, and no file that holds an address or an agent, through a real
// server, whatever is sent; also where the portal itself fails.
func TestNothingOfTheSender(t *testing.T) {
	w := newWorld(t)
	var said bytes.Buffer
	log.SetOutput(&said)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	srv := httptest.NewUnstartedServer(w)
	srv.Config.ErrorLog = log.New(&said, "", 0)
	srv.Start()
	defer srv.Close()
	send := func(method, path, kind, body string) *http.Response {
		req, err := http.NewRequest(method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"User-Agent": {"HuaweiBrowser/9"}, "Content-Type": {kind}, "X-Forwarded-For": {"203.0.113.77"}, "Cookie": {"a=b"}, "Accept-Language": {"ii-CN"}}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if len(res.Cookies()) > 0 || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s %s sets a cookie", method, path)
		}
		return res
	}
	body, kind := multi(typed(), file{"x.jpg", []byte("x")})
	b := new(bytes.Buffer)
	_, _ = b.ReadFrom(body) // from a buffer
	if res := send(http.MethodPost, "/", kind, b.String()); res.StatusCode != http.StatusOK {
		t.Fatal(res.Status)
	}
	send(http.MethodGet, "/", "", "")
	send(http.MethodPost, "/look", urlencoded, "receipt=1")
	send(http.MethodPost, "/look/say", urlencoded, "receipt=1&text=x")
	send(http.MethodPost, "/look/say", kind, b.String())
	send(http.MethodPost, "/", kind, b.String()[:300])
	send(http.MethodPost, "/", "text/plain", "x")
	send(http.MethodGet, "/nothing", "", "")
	send(http.MethodPost, "/portal/api/v1/tipoffs", "application/json", "{")
	good := w.d
	w.d = nil // the program's own failure
	if res := send(http.MethodGet, "/", "", ""); res.StatusCode != http.StatusInternalServerError {
		t.Errorf("it should have failed: %s", res.Status)
	}
	w.d = good
	w.nowhere(t, "HuaweiBrowser", "203.0.113.77", "127.0.0.1", "ii-CN")
	if said.Len() > 0 {
		t.Errorf("the log says %s", said.String())
	}
}

// TestProofGiven: once there is a proof whoever has the receipt can save it under a name that says nothing, in a form and as a
// program; before, and without the receipt, there is none. The page to check it with is a file too.
func TestProofGiven(t *testing.T) {
	w := newWorld(t)
	r := w.post(typed()).receipt(t)
	take := func(receipt string) answer {
		return w.ask(http.MethodPost, "/proof", urlencoded, strings.NewReader(url.Values{"receipt": {receipt}}.Encode()))
	}
	w.look(string(r)).hasNot(t, "存下证明")
	if a := take(string(r)); a.Code != http.StatusNotFound {
		t.Errorf("a proof before there is one: %d", a.Code)
	}
	e, _ := w.letter(t, r, countyA)
	w.tell(t, e, 2, envelope.Status{Day: e.Day, Organ: countyA, To: e.To, Stage: "received", Proof: "the proof\nof it\n"})
	w.look(string(r)).has(t, "存下证明", "就是有人把记录删掉，这份证明照样成立")
	if a := take(string(r)); a.Code != http.StatusOK || a.body != "the proof\nof it\n" || a.Header().Get("Content-Disposition") != `attachment; filename="form.txt"` || a.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %q %v", a.Code, a.body, a.Header())
	}
	for _, bad := range []string{"", "1234", "0000000000000000"} {
		if a := take(bad); a.Code == http.StatusOK || strings.Contains(a.body, "the proof") {
			t.Errorf("%q gets %d %q", bad, a.Code, a.body)
		}
	}
	a := w.ask(http.MethodPost, "/portal/api/v1/status", "application/json", strings.NewReader(`{"receipt":"`+string(r)+`"}`))
	var st struct{ Proof string }
	if err := json.Unmarshal([]byte(a.body), &st); err != nil || st.Proof != "the proof\nof it\n" {
		t.Errorf("to a program: %q, %v", a.body, err)
	}
	if a := w.get("/check"); a.Code != http.StatusOK || a.body != string(proof.Page()) || a.Header().Get("Content-Disposition") != `attachment; filename="`+proof.PageName+`"` {
		t.Errorf("the page to check it with: %d %v", a.Code, a.Header())
	}
}
