package rulehttp_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/clue"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// Every rule stands on a page with an address of its own, in both languages, and nothing shows a code instead of words.
func TestEveryRuleCanBeRead(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	srv := w.Serve()
	pages := map[string]string{}
	for _, path := range []string{"/rules", "/rules/timers", "/rules/approvals", "/rules/lists", "/rules/sanctions", "/rules/powers", "/rules/papers"} {
		for _, lang := range []string{"zh-CN", "en"} {
			req, _ := http.NewRequest(http.MethodGet, srv.URL+path, nil)
			req.AddCookie(&http.Cookie{Name: "qs", Value: "officer"})
			req.AddCookie(&http.Cookie{Name: "lang", Value: lang})
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body := read(t, res)
			if res.StatusCode != 200 {
				t.Fatalf("%s: %d", path, res.StatusCode)
			}
			if m := regexp.MustCompile(`>\s*((?:rules|role|move|sure|length|post)\.[a-z_.]+)`).FindStringSubmatch(body); m != nil {
				t.Errorf("%s in %s shows the code %s", path, lang, m[1])
			}
			if m := regexp.MustCompile(`id="([^"]+)"[^>]*>\s*<[^>]*>\s*<h3>\s*</h3>`).FindStringSubmatch(body); m != nil {
				t.Errorf("%s in %s: %s has no name", path, lang, m[1])
			}
			pages[path] = body
		}
	}
	book := w.App.Rules
	has := func(path, id string) {
		if !strings.Contains(pages[path], `id="`+id+`"`) {
			t.Errorf("%s lacks %s", path, id)
		}
	}
	for _, r := range book.Regulations() {
		has("/rules", r.Key)
	}
	for _, x := range book.Timers() {
		has("/rules/timers", x.ID)
	}
	for _, x := range book.Limits() {
		has("/rules/timers", x.ID)
	}
	for _, x := range book.Chains() {
		has("/rules/approvals", x.ID)
	}
	for _, x := range book.Documents() {
		has("/rules/papers", x.Code)
	}
	for _, x := range book.Sanctions("2026-10-12") {
		has("/rules/sanctions", x.Code)
	}
	for _, l := range book.Lists() {
		for _, x := range book.Terms(l.Code, "2026-10-12") {
			has("/rules/lists", l.Code+"."+x.Code)
		}
	}
}

func read(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A county's chief sets a length within what is left open; it holds for clocks that begin from that day on, and only
// there. Anything else is refused and says why.
func TestCountySetsWhatIsLeftOpen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		set := func(who, rule string, n int, from calendar.Date) error {
			return w.App.Org.SetTimer(apptest.Ctx, w.As(who), rule, n, from)
		}
		for _, x := range []struct {
			who, rule string
			n         int
			from      calendar.Date
			kind      fault.Kind
		}{
			{"deputy", "clue.assign", 3, "2026-10-12", fault.Forbidden}, {"secretary", "clue.assign", 3, "2026-10-12", fault.Forbidden}, {"principal", "clue.assign", 99, "2026-10-12", fault.Invalid},
			{"principal", "clue.assign", 0, "2026-10-12", fault.Invalid}, {"principal", "clue.assign", 3, "2026-10-11", fault.Invalid}, {"principal", "clue.assign", 3, "gestern", fault.Invalid},
			{"principal", "clue.opinion", 60, "2026-10-12", fault.NotFound}, {"principal", "no.such", 3, "2026-10-12", fault.NotFound},
		} {
			if err := set(x.who, x.rule, x.n, x.from); fault.KindOf(err) != x.kind {
				t.Errorf("%s sets %s to %d from %s: %v", x.who, x.rule, x.n, x.from, err)
			}
		}
		before := length(t, w, "supervision", "clue.assign")
		if err := set("principal", "clue.assign", 2, "2026-10-13"); err != nil {
			t.Fatal(err)
		}
		if err := set("principal", "clue.assign", 3, "2026-10-13"); err != nil {
			t.Fatalf("mended the same day: %v", err)
		}
		if n := length(t, w, "supervision", "clue.assign"); n != before {
			t.Errorf("it works before its day: %d", n)
		}
		w.On("2026-10-13")
		if n := length(t, w, "supervision", "clue.assign"); n != 3 {
			t.Errorf("on its day the length is %d", n)
		}
		if n := length(t, w, "othersupervision", "clue.assign"); n != before {
			t.Errorf("the next county has %d", n)
		}
		w.Verify()
	})
}

func length(t *testing.T, w *apptest.World, who, rule string) int {
	t.Helper()
	unit := w.Units["full"]
	if who == "othersupervision" {
		unit = w.Units["othertown"]
	}
	e, err := w.App.Clues.Enter(apptest.Ctx, w.As(who), clue.Entry{Subject: org.SubjectInput{Unit: unit.ID.Key, Name: "李某", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true},
		Source: "found", FromKind: "audit", Received: w.App.DB.Today(), Title: "反映集体资产出租未公开", Summary: "监督检查发现。", Discipline: "work"})
	if err != nil {
		t.Fatal(err)
	}
	cs, err := deadline.Running(apptest.Ctx, w.App.DB.In(apptest.City), e.ID.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cs {
		if c.Rule == rule {
			return c.Length
		}
	}
	t.Fatalf("no clock %s", rule)
	return 0
}

// A signature's clock follows the county's own length as well.
func TestSignatureFollowsTheCounty(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	if err := w.App.Org.SetTimer(apptest.Ctx, w.As("principal"), "approve.head", 5, "2026-10-12"); err != nil {
		t.Fatal(err)
	}
	e, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "李某", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true},
		Source: "found", FromKind: "audit", Received: "2026-10-12", Title: "反映集体资产出租未公开", Summary: "监督检查发现。", Discipline: "work"})
	if err != nil {
		t.Fatal(err)
	}
	w.Do("supervision", e.ID, "hand_out", flow.Values{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
	w.Do("handler", e.ID, "propose", flow.Values{"disposal": {"verification"}, "reason": {"问题具体。"}, "studied_on": {"2026-10-12"}, "studied_by": {"姜、戚"}})
	if n := running(t, w, e.ID, "approve.head"); n != 5 {
		t.Errorf("the signature has %d working days", n)
	}
}

func running(t *testing.T, w *apptest.World, m id.ID, rule string) int {
	t.Helper()
	cs, err := deadline.Running(apptest.Ctx, w.App.DB.In(m.City), m.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cs {
		if c.Rule == rule {
			return c.Length
		}
	}
	return 0
}

func TestSetPage(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	srv := w.Serve()
	if code, body := w.Get(srv, "principal", "/rules/timers/clue.assign/set"); code != 200 || !strings.Contains(body, `name="length"`) {
		t.Errorf("the chief's form: %d", code)
	}
	if code, _ := w.Get(srv, "deputy", "/rules/timers/clue.assign/set"); code != 403 {
		t.Errorf("a deputy's: %d", code)
	}
	if code, _ := w.Get(srv, "principal", "/rules/timers/clue.opinion/set"); code != 404 {
		t.Errorf("a deadline of the regulations: %d", code)
	}
	req, _ := http.NewRequest(http.MethodPost, srv.URL+"/rules/timers/clue.assign/set", strings.NewReader(url.Values{"length": {"many"}, "from": {"2026-10-12"}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: "qs", Value: "principal"})
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if body := read(t, res); res.StatusCode != 422 || !strings.Contains(body, `value="many"`) {
		t.Errorf("what was typed is lost: %d", res.StatusCode)
	}
}
