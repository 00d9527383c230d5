package portal_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"qianshao/internal/platform/envelope"
	"qianshao/internal/portal"
)

// crowd has so many reports come in, before a portal that counts four in five minutes as many; what it returns moves the
// clock on.
func (w *world) crowd(t *testing.T, reports int) (later func(time.Duration)) {
	t.Helper()
	now := w.Now()
	w.Portal.Now = func() time.Time { return now }
	w.Calm = 4
	w.open(t)
	for n := range reports {
		f := typed()
		f["pass"], f["proof"] = work(t, w.post(f).body, f["token"])
		if f["pass"] != "" {
			if a := w.post(f); a.Code != http.StatusOK {
				t.Fatalf("the report %d is refused with its proof: %d", n, a.Code)
			}
		}
	}
	return func(d time.Duration) { now = now.Add(d) }
}

var (
	rePass  = regexp.MustCompile(`name="pass" value="([^"]*)"`)
	reProof = regexp.MustCompile(`name="proof" data-work="(\d+)" data-salt="([^"]*)"`)
)

// work is the pass on a page and its proof, as the script finds it; "" where nothing is asked.
func work(t testing.TB, body, token string) (pass, proof string) {
	t.Helper()
	m, p := rePass.FindStringSubmatch(body), reProof.FindStringSubmatch(body)
	if m == nil || p == nil {
		return "", ""
	}
	bits, err := strconv.Atoi(p[1])
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for n := 0; len(words) < 4; n++ {
		if portal.Works(token, strconv.Itoa(n), len(words), uint(bits)) {
			words = append(words, strconv.Itoa(n))
		}
	}
	return m[1], strings.Join(words, " ")
}

// TestCalm: as long as few reports come, no page has a script or asks for anything, and whatever is brought along is not
// looked at.
func TestCalm(t *testing.T) {
	w := newWorld(t)
	later := w.crowd(t, 3)
	a := w.get("/")
	a.hasNot(t, "<script", "现在交的人多", `name="pass"`)
	if strings.Contains(a.Header().Get("Content-Security-Policy"), "script") {
		t.Error("a script may run where there is nothing for it to do")
	}
	w.post(typed("pass", "x", "proof", "y")).receipt(t)
	w.get("/").has(t, "<script", "打开这一页10秒以后再交")
	if csp := w.get("/").Header().Get("Content-Security-Policy"); csp != "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; script-src 'self'" {
		t.Error(csp)
	}
	w.get("/look").hasNot(t, "<script")
	later(4 * time.Minute)
	w.get("/").has(t, "<script")
	later(2 * time.Minute)
	w.get("/").hasNot(t, "<script")
	w.post(typed()).receipt(t)
}

// TestCrowd: while many reports come, a form is taken in with a proof, or some seconds after it went out, and not before; it
// comes back with all that was typed; what was signed for one form or by another portal is good for no other; a report that
// was taken in is answered all the same.
func TestCrowd(t *testing.T) {
	w := newWorld(t)
	later := w.crowd(t, 4)
	f := typed()
	a := w.post(f, file{"x.jpg", []byte("x")})
	a.has(t, "还没有收。请等10秒", "您写的都还在", "请重新选一次", f["only"], f["token"])
	if a.Code != http.StatusServiceUnavailable || len(w.in(t, "in")) != 4 || len(w.in(t, "files")) != 0 {
		t.Errorf("%d, %d reports", a.Code, len(w.in(t, "in")))
	}
	pass, proof := work(t, a.body, f["token"])
	other := typed("pass", pass, "proof", proof)
	for _, bad := range []map[string]string{typed("token", f["token"], "pass", pass), typed("token", f["token"], "pass", pass, "proof", "1 2 3 4"), typed("token", f["token"], "proof", proof), typed("token", f["token"], "pass", strings.Replace(pass, "1.", "4.", 1), "proof", proof), other} {
		if a := w.post(bad); a.Code != http.StatusServiceUnavailable {
			t.Errorf("%v is taken in: %d", bad, a.Code)
		}
	}
	f["pass"], f["proof"] = pass, proof
	r := w.post(f).receipt(t)
	if w.post(typed("token", f["token"])).receipt(t) != r {
		t.Error("what was taken in is not answered again")
	}

	// Without a script: the wait of the form that went out counts, also while it is filled in.
	f = typed()
	f["pass"], _ = work(t, w.get("/").body, f["token"]) // of another form
	if a := w.post(f); a.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", a.Code)
	}
	m := rePass.FindStringSubmatch(w.post(f).body)
	f["pass"] = m[1]
	later(4 * time.Second)
	a = w.post(f)
	a.has(t, "请等6秒")
	if again := rePass.FindStringSubmatch(a.body); again == nil || again[1] != f["pass"] {
		t.Error("whoever was too early waits anew")
	}
	later(6 * time.Second)
	w.post(f).receipt(t)

	// A pass grows old.
	f = typed()
	f["pass"] = rePass.FindStringSubmatch(w.post(f).body)[1]
	w.crowdAgain(t, later, 2*time.Hour+time.Minute, 4)
	if a := w.post(f); a.Code != http.StatusServiceUnavailable {
		t.Errorf("a pass of long ago: %d", a.Code)
	}

	// Another process knows nothing of it.
	f = typed()
	f["pass"], f["proof"] = work(t, w.post(f).body, f["token"])
	w.open(t)
	for range 4 {
		w.post(typed()).receipt(t)
	}
	if a := w.post(f); a.Code != http.StatusServiceUnavailable {
		t.Errorf("a pass of another process: %d", a.Code)
	}
}

// crowdAgain has reports come in once more, after a while.
func (w *world) crowdAgain(t *testing.T, later func(time.Duration), after time.Duration, reports int) {
	t.Helper()
	later(after)
	for range reports {
		w.post(typed()).receipt(t)
	}
}

// TestCrowdGrows: the more come, the more is asked, up to what a phone does in two seconds; what was asked a step before is
// still taken.
func TestCrowdGrows(t *testing.T) {
	w := newWorld(t)
	w.crowd(t, 0)
	asked := map[string]int{}
	for range 40 {
		f := typed()
		a := w.post(f)
		if a.Code == http.StatusOK {
			asked["0"]++
			continue
		}
		asked[reProof.FindStringSubmatch(a.body)[1]]++
		f["pass"], f["proof"] = work(t, a.body, f["token"])
		w.post(f).receipt(t)
	}
	if asked["0"] != 4 || asked["2"] != 4 || asked["3"] != 8 || asked["4"] != 16 || asked["5"] != 8 {
		t.Errorf("%v", asked)
	}
	w.get("/").has(t, "打开这一页60秒以后再交")
}

// TestCrowdOfPrograms: programs are told what to bring along, and asked for no less.
func TestCrowdOfPrograms(t *testing.T) {
	w := newWorld(t)
	w.crowd(t, 4)
	send := func(more string) answer {
		return w.ask(http.MethodPost, "/portal/api/v1/tipoffs", "application/json", strings.NewReader(`{"level":"county","unit":"石桥镇","subject":{"post":"站长"},"text":"x"`+more+`}`))
	}
	a := send("")
	var p struct {
		Code string
		Work struct {
			Token, Pass, Salt string
			Bits, Wait        int
		}
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.Code != http.StatusServiceUnavailable || p.Code != "portal.crowded" || p.Work.Bits != 2 || p.Work.Wait < 10 || p.Work.Salt != "qianshao/work/1 "+p.Work.Token+" " {
		t.Fatalf("%d %s", a.Code, a.body)
	}
	_, proof := work(t, `name="pass" value="x" name="proof" data-work="2" data-salt=""`, p.Work.Token)
	if a := send(`,"token":"` + p.Work.Token + `","pass":"` + p.Work.Pass + `","proof":"` + proof + `"`); a.Code != http.StatusCreated {
		t.Errorf("%d %s", a.Code, a.body)
	}
	if _, err := envelope.NewReceipt(p.Work.Token); err != nil {
		t.Error(err)
	}
}

// BenchmarkWork: what one report costs a sender's machine, and what checking it costs the portal, when most is asked.
func BenchmarkWork(b *testing.B) {
	b.Run("find", func(b *testing.B) {
		tries := 0
		for b.Loop() {
			token := envelope.NewToken()
			for n, found := 0, 0; found < 4; n++ {
				tries++
				if portal.Works(token, strconv.Itoa(n), found, 5) {
					found++
				}
			}
		}
		b.ReportMetric(float64(tries)/float64(b.N), "tries/op")
	})
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			for i := range 4 {
				portal.Works("x", "1", i, 5)
			}
		}
	})
}
