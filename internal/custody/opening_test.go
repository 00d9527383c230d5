package custody_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// named enters a named report, whose county's key is unlocked, and gives the acceptance notice if it is to be given.
func named(t *testing.T, w *apptest.World, noticed bool) id.ID {
	t.Helper()
	e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), intake.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "主任", Rank: "staff", Category: "c2", PartyMember: true},
		Channel: "letter", Received: "2026-10-12", Named: true, Reporter: intake.Reporter{Name: "赵六", Contact: "139"}, Original: "来信原文", Title: "反映虚报管护费", Summary: "来信反映虚报。", Discipline: "integrity"})
	if err != nil {
		t.Fatal(err)
	}
	w.Unlock("county")
	if noticed {
		w.Do("intake", e.ID, "accept", nil)
		w.Do("intake", e.ID, "notify", flow.Values{"on": {"2026-10-12"}, "way": {"call"}, "reached": {"yes"}})
	}
	return e.ID
}

// newest is the last request to open who reported, as somebody sees it.
func newest(t *testing.T, w *apptest.World, who string, m id.ID) custody.Opening {
	t.Helper()
	os, err := w.App.Custody.Openings(apptest.Ctx, w.App.DB.In(m.City), w.As(who), w.Matter(m))
	if err != nil || len(os) == 0 {
		t.Fatalf("%d requests, %v", len(os), err)
	}
	return os[0]
}

// asks is where the duty to answer stands: the desks of those who find it.
func asks(t *testing.T, w *apptest.World, m id.ID, whos ...string) string {
	t.Helper()
	var out []string
	for _, who := range whos {
		ds, err := w.App.Engine.Desk(apptest.Ctx, w.As(who), 20)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range ds {
			if d.Clock.Rule == custody.RuleSecond && d.Matter.ID == m {
				out = append(out, who)
			}
		}
	}
	return strings.Join(out, " ")
}

// lastAct is what the newest act about a matter says.
func lastAct(t *testing.T, w *apptest.World, m id.ID) (action string, params map[string]any) {
	t.Helper()
	var body []byte
	if err := w.App.DB.In(m.City).Row(apptest.Ctx, `SELECT action, body FROM acts WHERE city_id = $1 AND matter_id = $2 ORDER BY at DESC, seq DESC LIMIT 1`, m.Key).Scan(&action, &body); err != nil {
		t.Fatal(err)
	}
	var b struct{ Params map[string]any }
	if err := json.Unmarshal(body, &b); err != nil {
		t.Fatal(err)
	}
	return action, b.Params
}

// Until the acceptance notice is given one clerk opens who reported. From then on one asks, another consents, and whoever
// asked opens it once; every step is an act.
func TestIdentityTakesTwoAfterTheNotice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		k := w.App.Custody
		m := named(t, w, false)
		open := func(who string) (string, error) {
			b, err := k.Open(apptest.Ctx, w.As(who), m, custody.Identity, "告知受理情况")
			return string(b), err
		}
		if b, err := open("intake"); err != nil || !strings.Contains(b, "赵六") {
			t.Errorf("one clerk before the notice: %q %v", b, err)
		}
		if err := k.AskOpening(apptest.Ctx, w.As("intake"), m, "补充核实"); fault.Code(err) != "consent.alone" {
			t.Errorf("a consent is asked for that nobody needs: %v", err)
		}
		w.Do("intake", m, "accept", nil)
		w.Do("intake", m, "notify", flow.Values{"on": {"2026-10-12"}, "way": {"call"}, "reached": {"yes"}})
		if b, err := open("intake"); fault.Code(err) != "consent.needed" || b != "" {
			t.Errorf("one clerk after the notice: %q %v", b, err)
		}
		if b, err := k.Open(apptest.Ctx, w.As("intake"), m, custody.Original, "核对原文"); err != nil || string(b) != "来信原文" {
			t.Errorf("what was written says not who wrote it: %q %v", b, err)
		}

		w.Hire("intake2", "柳信", "intake_clerk", "county")
		for who, want := range map[string]fault.Kind{"deputy": fault.Forbidden, "cityintake": fault.Forbidden, "otherintake": fault.NotFound, "handler": fault.NotFound, "sysadmin": fault.NotFound} {
			if err := k.AskOpening(apptest.Ctx, w.As(who), m, "看看"); fault.KindOf(err) != want {
				t.Errorf("%s asks: %v", who, err)
			}
		}
		if err := k.AskOpening(apptest.Ctx, w.As("intake"), m, " "); fault.KindOf(err) != fault.Invalid {
			t.Errorf("without a reason: %v", err)
		}
		if err := k.AskOpening(apptest.Ctx, w.As("intake"), m, "联系补充材料"); err != nil {
			t.Fatal(err)
		}
		if action, p := lastAct(t, w, m); action != "identity.ask" || p["reason"] != "联系补充材料" {
			t.Errorf("the act of asking: %s %v", action, p)
		}
		if got := asks(t, w, m, "intake2", "deputy", "cityintake"); got != "intake2" {
			t.Errorf("it stands on the desks of %q", got)
		}
		if err := k.AskOpening(apptest.Ctx, w.As("intake2"), m, "再看"); fault.Code(err) != "consent.asked" {
			t.Errorf("two requests at once: %v", err)
		}
		o := newest(t, w, "intake", m)
		if o.Mine {
			t.Error("whoever asks is offered to consent")
		}
		if err := k.DecideOpening(apptest.Ctx, w.As("intake"), m, o.ID.Key, o.Version, true, ""); fault.Code(err) != "consent.two_hands" {
			t.Errorf("one person twice: %v", err)
		}
		for who, want := range map[string]fault.Kind{"principal": fault.Forbidden, "cityintake": fault.Forbidden, "otherintake": fault.NotFound, "handler": fault.NotFound, "secadmin": fault.NotFound} {
			if err := k.DecideOpening(apptest.Ctx, w.As(who), m, o.ID.Key, o.Version, true, ""); fault.KindOf(err) != want {
				t.Errorf("%s consents: %v", who, err)
			}
		}
		if _, err := open("intake"); fault.Code(err) != "consent.needed" {
			t.Errorf("before the consent: %v", err)
		}
		if err := k.DecideOpening(apptest.Ctx, w.As("intake2"), m, o.ID.Key, o.Version+1, true, ""); fault.Code(err) != "stale" {
			t.Errorf("another version: %v", err)
		}
		other := named(t, w, true)
		if err := k.DecideOpening(apptest.Ctx, w.As("intake2"), other, o.ID.Key, o.Version, true, ""); fault.Code(err) != "stale" {
			t.Errorf("at another matter: %v", err)
		}
		if err := k.DecideOpening(apptest.Ctx, w.As("intake2"), m, o.ID.Key, o.Version, true, "可以"); err != nil {
			t.Fatal(err)
		}
		if action, p := lastAct(t, w, m); action != "identity.grant" || p["asker"] != "魏信" {
			t.Errorf("the act of consenting: %s %v", action, p)
		}
		if got := asks(t, w, m, "intake2", "deputy"); got != "" {
			t.Errorf("answered, it still stands on the desks of %q", got)
		}
		if err := k.DecideOpening(apptest.Ctx, w.As("intake2"), m, o.ID.Key, o.Version, true, ""); fault.Code(err) != "stale" {
			t.Errorf("answered twice: %v", err)
		}
		if _, err := open("intake2"); fault.Code(err) != "consent.needed" {
			t.Errorf("whoever consented opens it: %v", err)
		}
		k.Ring.Lock(w.Units["county"].ID.String())
		if _, err := open("intake"); fault.Code(err) != "key.locked" {
			t.Errorf("locked: %v", err)
		}
		w.Unlock("county") // and the consent was not used up by it
		if b, err := open("intake"); err != nil || !strings.Contains(b, "赵六") {
			t.Errorf("two persons: %q %v", b, err)
		}
		if action, p := lastAct(t, w, m); action != "envelope.open" || p["second"] != "柳信" || p["second_id"] != w.Who["intake2"].Person || p["reason"] != "联系补充材料" {
			t.Errorf("the act of opening: %s %v", action, p)
		}
		if b, err := open("intake"); fault.Code(err) != "consent.needed" || b != "" {
			t.Errorf("a second time on one consent: %q %v", b, err)
		}
		w.Verify()
	})
}

// A consent holds for a day; one that was refused or taken back never did.
func TestConsentLapses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		k := w.App.Custody
		m := named(t, w, true)
		ask := func() custody.Opening {
			t.Helper()
			w.Now = w.Now.Add(time.Minute)
			if err := k.AskOpening(apptest.Ctx, w.As("intake"), m, "联系补充材料"); err != nil {
				t.Fatal(err)
			}
			return newest(t, w, "intake", m)
		}
		open := func() error {
			_, err := k.Open(apptest.Ctx, w.As("intake"), m, custody.Identity, "告知")
			return err
		}
		o := ask()
		if err := k.WithdrawOpening(apptest.Ctx, w.As("deputy"), m, o.ID.Key, o.Version); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("somebody else takes it back: %v", err)
		}
		if err := k.WithdrawOpening(apptest.Ctx, w.As("intake"), m, o.ID.Key, o.Version); err != nil {
			t.Fatal(err)
		}
		o = ask()
		if err := k.DecideOpening(apptest.Ctx, w.As("deputy"), m, o.ID.Key, o.Version, false, ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("refused without a reason: %v", err)
		}
		if err := k.DecideOpening(apptest.Ctx, w.As("deputy"), m, o.ID.Key, o.Version, false, "不必要"); err != nil {
			t.Fatal(err)
		}
		if err := open(); fault.Code(err) != "consent.needed" {
			t.Errorf("refused: %v", err)
		}
		o = ask()
		if err := k.DecideOpening(apptest.Ctx, w.As("deputy"), m, o.ID.Key, o.Version, true, ""); err != nil {
			t.Fatal(err)
		}
		w.Now = w.Now.Add(24 * time.Hour)
		if err := open(); fault.Code(err) != "consent.needed" {
			t.Errorf("a day later: %v", err)
		}
		o = ask()
		if err := k.DecideOpening(apptest.Ctx, w.As("deputy"), m, o.ID.Key, o.Version, true, ""); err != nil {
			t.Fatal(err)
		}
		w.Now = w.Now.Add(24*time.Hour - time.Second)
		if err := open(); err != nil {
			t.Errorf("within the day: %v", err)
		}
		w.Verify()
	})
}

// The second person: another clerk, else the deputy in charge, else the intake office of the organ above; and never whoever
// acts in the asker's stead.
func TestWhoIsTheSecond(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		k := w.App.Custody
		m := named(t, w, true)
		if err := k.AskOpening(apptest.Ctx, w.As("intake"), m, "联系补充材料"); err != nil {
			t.Fatal(err)
		}
		if got := asks(t, w, m, "deputy", "principal", "cityintake"); got != "deputy" {
			t.Errorf("no second clerk: it stands on the desks of %q", got)
		}
		o := newest(t, w, "deputy", m)
		if !o.Mine || o.Moved != "" {
			t.Errorf("%+v", o)
		}
		if err := k.WithdrawOpening(apptest.Ctx, w.As("intake"), m, o.ID.Key, o.Version); err != nil {
			t.Fatal(err)
		}
		x, err := w.App.Engine.Recuse(apptest.Ctx, w.As("principal"), m, flow.NewRecusal{Person: w.Who["deputy"].Person, Ground: "kin", Order: true})
		if err != nil || x.State != flow.RecusalGranted {
			t.Fatalf("%+v %v", x, err)
		}
		w.Now = w.Now.Add(time.Minute)
		if err := k.AskOpening(apptest.Ctx, w.As("intake"), m, "联系补充材料"); err != nil {
			t.Fatal(err)
		}
		if o = newest(t, w, "cityintake", m); !o.Mine || o.Moved != "no_second" {
			t.Errorf("%+v", o)
		}
		if got := asks(t, w, m, "cityintake", "cityleader"); got != "cityintake" {
			t.Errorf("neither a clerk nor a deputy: it stands on the desks of %q", got)
		}
		if err := k.DecideOpening(apptest.Ctx, w.As("deputy"), m, o.ID.Key, o.Version, true, ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the recused deputy: %v", err)
		}
		if err := k.DecideOpening(apptest.Ctx, w.As("cityintake"), m, o.ID.Key, o.Version, true, ""); err != nil {
			t.Fatal(err)
		}
		if b, err := k.Open(apptest.Ctx, w.As("intake"), m, custody.Identity, ""); err != nil || !strings.Contains(string(b), "赵六") {
			t.Errorf("%q %v", b, err)
		}
		if _, err := k.Open(apptest.Ctx, w.As("cityintake"), m, custody.Identity, "看看"); err == nil {
			t.Error("the organ above opens what it consented to")
		}
		w.Verify()
	})
}

// The pages: the asker is told that two are needed and that it waits, the other consents on a page the desk leads to, and
// what is opened is shown once.
func TestOpeningPages(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	m := named(t, w, true)
	srv := w.Serve()
	send := func(who, path string, f url.Values) (int, string) {
		t.Helper()
		req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(f.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.AddCookie(&http.Cookie{Name: "qs", Value: who})
		res := httptest.NewRecorder()
		srv.Config.Handler.ServeHTTP(res, req)
		return res.Code, res.Body.String()
	}
	page := "/m/" + m.String() + "/open/identity"
	see := func(who, path string, has ...string) {
		t.Helper()
		code, body := w.Get(srv, who, path)
		for _, s := range has {
			if code != http.StatusOK || !strings.Contains(body, s) {
				t.Errorf("%s by %s: %d without %q", path, who, code, s)
			}
		}
		if strings.Contains(body, "赵六") {
			t.Errorf("%s shows %s who reported", path, who)
		}
	}
	see("intake", page, "需两人", `value="ask"`)
	if code, _ := send("intake", page, url.Values{"reason": {"联系补充材料"}, "do": {"open"}}); code != http.StatusConflict {
		t.Errorf("opened alone: %d", code)
	}
	if code, _ := send("intake", page, url.Values{"reason": {"联系补充材料"}, "do": {"ask"}}); code != http.StatusSeeOther {
		t.Errorf("asked: %d", code)
	}
	see("intake", page, "需两人：等待确认", `value="withdraw"`)
	see("deputy", "/", page+"/second")
	see("deputy", page+"/second", "联系补充材料", `value="grant"`)
	o := newest(t, w, "deputy", m)
	f := url.Values{"opening": {o.ID.Key}, "version": {"1"}, "do": {"refuse"}}
	if code, body := send("deputy", page+"/second", f); code != http.StatusUnprocessableEntity || !strings.Contains(body, "f-note") {
		t.Errorf("refused without a reason: %d", code)
	}
	f.Set("do", "grant")
	if code, _ := send("deputy", page+"/second", f); code != http.StatusSeeOther {
		t.Errorf("consented: %d", code)
	}
	see("intake", page, "已经确认，可以开启一次", `value="open"`)
	code, body := send("intake", page, url.Values{"do": {"open"}})
	if code != http.StatusOK || !strings.Contains(body, "赵六") {
		t.Errorf("opened: %d", code)
	}
	if code, body = send("intake", page, url.Values{"do": {"open"}}); code != http.StatusConflict || strings.Contains(body, "赵六") {
		t.Errorf("opened again: %d", code)
	}
	see("intake", page, "需两人", "再要看，须重新提请") // asked for anew
	see("intake", "/m/"+m.String(), "同意开启举报人身份")
}
