package accounthttp_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/account/accounthttp"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/clue"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/visit"
)

const password = "一句本人设置的口令 7391"

// site is the small city with its real sign-in, served.
type site struct {
	*apptest.World
	srv *httptest.Server
	url string // with a host name that means no loopback
}

// newSite gives some people of the city accounts.
func newSite(t *testing.T, d *db.DB, demo bool, people ...string) *site {
	t.Helper()
	w := apptest.New(t, d)
	a := w.App.Accounts
	a.Policy = account.DefaultPolicy()
	a.Policy.Cost = account.Cost{Memory: 64, Passes: 1, Lanes: 1}
	a.Key = []byte(strings.Repeat("deployment key ", 3))
	hash, secret := a.Policy.Cost.Hash(password), ""
	if demo {
		a.Policy.SecondFactor, a.Policy.MaxAge, secret = false, 0, a.Policy.Cost.Hash(account.DemoPassword)
		hash = secret
	}
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		var rows []account.ReadyAccount
		for _, p := range people {
			rows = append(rows, account.ReadyAccount{Person: w.Who[p].Person, Login: p, Hash: hash})
		}
		return ledger.Act{Action: "account.create", Organ: w.Units["county"].ID}, account.CreateMany(apptest.Ctx, tx, rows)
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(w.App.Mux(accounthttp.Sessions{Accounts: a}, slog.New(slog.DiscardHandler), demo).Handler())
	t.Cleanup(srv.Close)
	return &site{World: w, srv: srv, url: srv.URL}
}

// browser is one browser: it keeps cookies and shows where it was led.
type browser struct {
	t   *testing.T
	s   *site
	c   *http.Client
	jar http.CookieJar
	res *http.Response
	at  string // path and query of the page shown
	txt string
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, s: s, jar: jar, c: &http.Client{Jar: jar}}
}

func (b *browser) do(method, path, body string, header ...string) *browser {
	b.t.Helper()
	req, err := http.NewRequest(method, b.s.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	b.res, err = b.c.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer b.res.Body.Close()
	all, err := io.ReadAll(b.res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.txt, b.at = string(all), b.res.Request.URL.RequestURI()
	return b
}

func (b *browser) get(path string) *browser { b.t.Helper(); return b.do("GET", path, "") }

// post sends a form: name, value, name, value …
func (b *browser) post(path string, pairs ...string) *browser {
	b.t.Helper()
	f := url.Values{"_": {""}}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return b.do("POST", path, f.Encode())
}

func (b *browser) is(status int, at string, words ...string) *browser {
	b.t.Helper()
	if b.res.StatusCode != status || b.at != at {
		b.t.Errorf("%d at %s, want %d at %s", b.res.StatusCode, b.at, status, at)
	}
	for _, w := range words {
		if !strings.Contains(b.txt, w) {
			b.t.Errorf("%s does not say %q", b.at, w)
		}
	}
	return b
}

func (b *browser) never(words ...string) *browser {
	b.t.Helper()
	for _, w := range words {
		if strings.Contains(b.txt, w) {
			b.t.Errorf("%s says %q", b.at, w)
		}
	}
	return b
}

func (b *browser) cookie(name string) *http.Cookie {
	u, _ := url.Parse(b.s.url) // our own
	for _, c := range b.jar.Cookies(u) {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (s *site) pass(d time.Duration) { s.Now = s.Now.Add(d) }

var reSecret = regexp.MustCompile(`class="secret">([A-Z2-7 ]+)<`)

// TestJourney: password, second factor, post; out again by sign-out, by revocation and by a new second step.
func TestJourney(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, false, "deputy")
		two := s.holding("deputy", "office_head", "county.office2")
		b := s.browser(t)
		b.get("/clues?view=open").is(200, "/sign-in?next=%2Fclues%3Fview%3Dopen", "登录名")
		b.post("/sign-in", "user", "deputy", "password", "错误的口令错误的口令", "next", "/clues?view=open").is(401, "/sign-in", `value="deputy"`, "登录名或者口令不正确").never("错误的口令")
		b.post("/sign-in", "user", "deputy", "password", password, "next", "/clues?view=open").is(200, "/me/enrol?next=%2Fclues%3Fview%3Dopen", "<svg viewBox", "您的岗位要求二次验证")
		first := reSecret.FindStringSubmatch(b.txt)
		b.get("/").is(200, "/me/enrol", "<svg viewBox") // nothing else opens
		b.get("/me").is(200, "/me/enrol?next=%2Fme")
		if again := reSecret.FindStringSubmatch(b.txt); len(first) != 2 || len(again) != 2 || first[1] != again[1] {
			t.Errorf("the page loaded again shows another secret: %q %q", first, again)
		}
		secret := strings.ReplaceAll(first[1], " ", "")
		b.post("/me/totp", "code", "000000").is(422, "/me/totp", "验证码不正确")
		b.post("/me/totp", "code", s.code(secret), "next", "/clues?view=open").is(200, "/me/totp", "恢复码", "只显示这一次")
		recovery := regexp.MustCompile(`<li>([0-9A-Z-]{19})</li>`).FindStringSubmatch(b.txt)
		b.get("/second?next=/clues").is(200, "/posts?next=%2Fclues", "第二纪检监察室", "副书记")
		b.post("/posts", "holding", two, "next", "/clues").is(200, "/clues")
		b.get("/me").is(200, "/me", "还剩10个", "第二纪检监察室")
		b.post("/sign-out").is(200, "/sign-in?why=signed_out", "已经退出")
		b.get("/clues").is(200, "/sign-in?next=%2Fclues")
		// The second sign-in asks for a code, once good.
		s.pass(time.Minute)
		b.post("/sign-in", "user", "deputy", "password", password).is(200, "/second", "还需完成二次验证")
		b.post("/second", "code", "123456").is(422, "/second", "验证码不正确")
		if len(recovery) == 2 {
			b.post("/second", "code", strings.ToLower(recovery[1])).is(200, "/posts")
		} else {
			t.Error("no recovery codes")
		}
		b.post("/posts", "holding", two).is(200, "/")
		// Whoever leaves the post is out on the very next request; the other post stays.
		s.leave(two)
		b.get("/clues").is(200, "/posts?next=%2Fclues").never("第二纪检监察室</span>")
		b.post("/posts", "holding", s.Who["deputy"].Holding).is(200, "/")
		s.leave(s.Who["deputy"].Holding)
		b.get("/clues").is(200, "/sign-in?next=%2Fclues&why=post_ended", "您在原岗位的任职已经结束")
		b.post("/sign-in", "user", "deputy", "password", password).is(403, "/sign-in", "没有在任的岗位")
		s.Verify()
	})
}

func (s *site) code(secret string) string {
	s.T.Helper()
	c, err := totp.GenerateCode(secret, s.Now)
	if err != nil {
		s.T.Fatal(err)
	}
	return c
}

// holding gives somebody another post.
func (s *site) holding(who, kind, unit string) (h id.Key) {
	s.T.Helper()
	u := s.Units[unit]
	_, err := s.App.Ledger.Write(apptest.Ctx, access.ByOperator(u.ID.City), u.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		p, err := org.OpenPost(apptest.Ctx, tx, u, kind, kind, true, "2020-01-01")
		if err != nil {
			return ledger.Act{}, err
		}
		h, err = org.Appoint(apptest.Ctx, tx, org.Appointment{Post: p, Person: s.Who[who].Person, From: "2026-01-01", FullTime: true})
		return ledger.Act{Action: "holding.begin", Organ: u.OrganID()}, err
	})
	if err != nil {
		s.T.Fatal(err)
	}
	return h
}

func (s *site) leave(holding id.Key) {
	s.T.Helper()
	if err := s.App.Org.LeavePost(apptest.Ctx, access.ByOperator(apptest.City), id.ID{City: apptest.City, Key: holding}, org.Leaving{On: calendar.InstantOf(s.Now).Date(), Reason: "transferred"}); err != nil {
		s.T.Fatal(err)
	}
}

// TestCookies: flags, no session for a program's token, nothing from another site.
func TestCookies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, true, "handler", "officer")
		b := s.browser(t)
		b.c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, proto := range []string{"", "https"} {
			b.do("POST", "/sign-in", url.Values{"user": {"handler"}, "password": {account.DemoPassword}}.Encode(), "X-Forwarded-Proto", proto)
			names := map[string]int{}
			for _, k := range b.res.Cookies() {
				names[k.Name]++
				if !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Secure != (proto == "https") || k.MaxAge <= 0 {
					t.Errorf("%+v", k)
				}
				if strings.HasPrefix(k.Name, "qd") && k.MaxAge < 300*86400 {
					t.Errorf("a device is forgotten after %d seconds", k.MaxAge)
				}
			}
			if len(names) != 2 || names["qs"] != 1 {
				t.Errorf("cookies %v", names)
			}
		}
		b = s.browser(t)
		b.post("/sign-in", "user", "handler", "password", account.DemoPassword).is(200, "/")
		for _, path := range []string{"/sign-in", "/sign-out", "/me/lang", "/api/v1/session"} {
			b.do("POST", path, "user=officer&password="+account.DemoPassword, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site")
			if b.res.StatusCode != http.StatusForbidden {
				t.Errorf("%s from another site: %d", path, b.res.StatusCode)
			}
		}
		b.get("/me").is(200, "/me", "handler") // still the same person
		// A program's token works as a bearer's, and never as a cookie.
		b.post("/me/programs", "name", "月报", "ttl", "30").is(200, "/me/programs", "只显示这一次")
		token := regexp.MustCompile(`class="once">([^<]+)<`).FindStringSubmatch(b.txt)
		if len(token) != 2 {
			t.Fatal("no token was shown")
		}
		b.get("/me").is(200, "/me", "月报").never(token[1])
		p := s.browser(t)
		u, _ := url.Parse(s.url) // our own
		p.jar.SetCookies(u, []*http.Cookie{{Name: "qs", Value: token[1], Path: "/"}})
		p.get("/me").is(200, "/sign-in?next=%2Fme")
		who, in, err := (accounthttp.Sessions{Accounts: s.App.Accounts}).Actor(apptest.Ctx, token[1])
		if err != nil || !in.Program || who.Post() != "investigator" {
			t.Errorf("%+v %v", in, err)
		}
		// One browser is one person at a time: signing in as somebody else ends the first session.
		old := b.cookie("qs").Value
		b.post("/sign-in", "user", "officer", "password", account.DemoPassword).is(200, "/")
		if _, _, err := s.App.Accounts.Actor(apptest.Ctx, old); err == nil {
			t.Error("the session that was in the browser goes on")
		}
		b.post("/me/sessions/end").is(200, "/sign-in?why=all_ended", "都已经退出")
		s.Verify()
	})
}

// TestLockOut: it tells until when, in words and in the header, and leaves a known browser alone.
func TestLockOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, true, "handler")
		known := s.browser(t)
		known.post("/sign-in", "user", "handler", "password", account.DemoPassword).is(200, "/").post("/sign-out")
		b := s.browser(t)
		for range 5 {
			b.post("/sign-in", "user", "handler", "password", "不对的口令不对的").is(401, "/sign-in")
		}
		b.post("/sign-in", "user", "handler", "password", account.DemoPassword).is(429, "/sign-in", "请15秒后再试", `value="handler"`)
		if got := b.res.Header.Get("Retry-After"); got != "15" {
			t.Errorf("Retry-After: %q", got)
		}
		b.do("POST", "/api/v1/session", `{"user":"handler","password":"`+account.DemoPassword+`"}`).is(429, "/api/v1/session", "signin.wait")
		if got := b.res.Header.Get("Retry-After"); got != "15" {
			t.Errorf("Retry-After: %q", got)
		}
		for range 3 {
			s.pass(5 * time.Minute)
			b.post("/sign-in", "user", "handler", "password", "不对的口令不对的").is(401, "/sign-in")
		}
		b.post("/sign-in", "user", "handler", "password", account.DemoPassword).is(429, "/sign-in", "09:17以后再试")
		known.post("/sign-in", "user", "handler", "password", account.DemoPassword).is(200, "/")
	})
}

// TestSessionOfPrograms: contract.md's POST and DELETE.
func TestSessionOfPrograms(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, false, "handler", "deputy")
		b := s.browser(t)
		b.do("POST", "/api/v1/session", `{"user":"handler","password":"`+password+`"}`).is(200, "/api/v1/session")
		var got struct {
			Stage, Due, Ends string
			Posts            []struct{ Kind, Name string }
		}
		if err := json.Unmarshal([]byte(b.txt), &got); err != nil || got.Stage != "password" || got.Due != "enrol" || len(got.Posts) != 1 || got.Posts[0].Name != "第一纪检监察室" || got.Ends == "" {
			t.Errorf("%s: %v", b.txt, err)
		}
		if b.cookie("qs") == nil {
			t.Error("no cookie")
		}
		b.do("DELETE", "/api/v1/session", "").is(204, "/api/v1/session")
		if b.cookie("qs") != nil {
			t.Error("the cookie stays")
		}
		b.do("DELETE", "/api/v1/session", "").is(204, "/api/v1/session")
		b.do("POST", "/api/v1/session", `{"user":"handler","password":"nein"}`).is(401, "/api/v1/session", `"code":"signin.failed"`).never("nein")
		b.do("POST", "/api/v1/session", `{"user":`).is(400, "/api/v1/session")
	})
}

// TestOneClick: the demonstration's roles, only in the demonstration and only at the machine itself.
func TestOneClick(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), true, "officer", "intake")
	b := s.browser(t)
	b.get("/sign-in").is(200, "/sign-in", "演示身份", "石桥镇纪委")
	b.post("/sign-in/role", "role", "intake").is(200, "/", "工作台")
	b.post("/sign-out")
	b.do("GET", "/sign-in", "", "X-Forwarded-For", "10.1.2.3").is(200, "/sign-in").never("演示身份")
	b.do("POST", "/sign-in/role", "role=intake", "X-Forwarded-For", "10.1.2.3").is(404, "/sign-in/role")
	b.post("/sign-in/role", "role", "handler").is(404, "/sign-in/role")
	req, err := http.NewRequest("GET", s.url+"/sign-in", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if page, _ := io.ReadAll(res.Body); strings.Contains(string(page), "演示身份") {
		t.Error("a foreign name that points here is offered the roles")
	}
	serious := newSite(t, dbtest.SQLite(t), false, "officer")
	serious.browser(t).get("/sign-in").is(200, "/sign-in").never("演示身份")
	serious.browser(t).post("/sign-in/role", "role", "officer").is(404, "/sign-in/role")
}

var reOnce = regexp.MustCompile(`class="once">([^<]+)<`)

// TestAdministrators: the system administrator makes and mends accounts, the auditor reads who did it.
func TestAdministrators(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, true, "sysadmin", "auditor", "handler")
		a := s.browser(t)
		a.post("/sign-in", "user", "sysadmin", "password", account.DemoPassword).is(200, "/")
		a.get("/admin/accounts").is(200, "/admin/accounts", "handler", "戚办")
		a.get("/admin/accounts/new?q=谢办").is(200, "/admin/accounts/new?q=谢办", "谢办")
		person := s.Who["handler2"].Person
		a.get("/admin/accounts/new?q=谢办&person="+person).is(200, "/admin/accounts/new?q=谢办&person="+person, `value="xieban"`)
		a.post("/admin/accounts", "_key", "k1", "person", person, "login", "HANDLER", "q", "谢办").is(422, "/admin/accounts", "已经有人使用")
		a.post("/admin/accounts", "_key", "k2", "person", person, "login", "xieban", "q", "谢办").is(200, "/admin/accounts", "只显示这一次")
		once := reOnce.FindStringSubmatch(a.txt)
		a.post("/admin/accounts", "_key", "k2", "person", person, "login", "xieban", "q", "谢办").is(409, "/admin/accounts", "口令只显示一次").never("once")
		n := s.browser(t)
		n.post("/sign-in", "user", "xieban", "password", once[1]).is(200, "/me/password", "须先设置本人的新口令")
		n.post("/me/password", "old", once[1], "password", password, "twice", "另一句不一样的口令").is(422, "/me/password", "两次输入的新口令不一样").never(password)
		n.post("/me/password", "old", once[1], "password", password, "twice", password).is(200, "/")
		key := regexp.MustCompile(`/admin/accounts/([0-9A-Z]{26})" data-open>谢办`).FindStringSubmatch(a.get("/admin/accounts").txt)
		if len(key) != 2 {
			t.Fatal("the new account is not listed")
		}
		one := "/admin/accounts/" + key[1]
		a.get(one).is(200, one, "重置口令", "停用账号").never("清除二次验证</b>")
		a.post(one+"/disable").is(200, one+"?done=account_disable", "已停用")
		n.get("/").is(200, "/sign-in?why=ended", "登录已经失效") // on the next request
		n.post("/sign-in", "user", "xieban", "password", password).is(401, "/sign-in")
		a.post(one+"/enable").is(200, one+"?done=account_enable")
		a.post(one+"/reset").is(200, one+"/reset", "只显示这一次")
		a.post(one+"/burn").is(404, one+"/burn")
		a.get("/admin/audit").is(403, "/admin/audit")
		a.get("/admin/posts").is(403, "/admin/posts")
		// A matter, of which the auditor sees that there was something, not what.
		s.enter()
		u := s.browser(t)
		u.post("/sign-in", "user", "auditor", "password", account.DemoPassword).is(200, "/")
		u.get("/admin/audit").is(200, "/admin/audit", "停用账号", "主机操作", "查阅审计记录", "登记问题线索", "章系").never("虚报", "吴某", once[1])
		u.get("/admin/audit?family=account&name=章系").is(200, "/admin/audit?family=account&name=章系", "重置口令").never("登记问题线索", "苏计</div>")
		u.get("/admin/audit?hand=1").is(200, "/admin/audit?hand=1", "主机操作").never("停用账号")
		u.get("/admin/audit?on=2020-01-01").is(200, "/admin/audit?on=2020-01-01", "没有符合条件的记录")
		u.get("/admin/audit?log="+s.Units["other"].ID.Key).is(404, "/admin/audit?log="+s.Units["other"].ID.Key)
		u.get("/admin/accounts").is(403, "/admin/accounts")
		u.get("/admin/audit?family=account").is(200, "/admin/audit?family=account", "查看账号", "登录名xieban")
		a.get("/admin/audit/openings").is(403, "/admin/audit/openings")
		for range 3 {
			u.get("/admin/audit")
		}
		es, err := ledger.Entries(apptest.Ctx, d.In(apptest.City), access.ByProgram(apptest.City), ledger.Query{Log: s.Units["county"].ID.Key, Family: "audit", Limit: 10})
		if err != nil || len(es) != 1 {
			t.Errorf("%d entries of consulting the log in one day, %v", len(es), err)
		}
		s.Verify()
	})
}

// TestOpenings: by its number the auditor finds who opened a matter, in both languages and past a page's length; nothing
// of the matter itself.
func TestOpenings(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, true, "auditor", "supervision", "principal")
		m := s.enter()
		page := "/m/" + m.String()
		for who, paths := range map[string][]string{"supervision": {page + "/papers"}, "principal": {page, page, "/clues"}} {
			b := s.browser(t)
			b.post("/sign-in", "user", who, "password", account.DemoPassword).is(200, "/")
			for _, p := range paths {
				b.get(p).is(200, p)
			}
		}
		for range 60 {
			s.App.Visits.Add(visit.Visit{At: d.Now(), Person: s.As("province").PersonID(), Route: "/m/{id}", Thing: m})
		}
		if err := s.App.Visits.Flush(apptest.Ctx); err != nil {
			t.Fatal(err)
		}
		u := s.browser(t)
		u.post("/sign-in", "user", "auditor", "password", account.DemoPassword).is(200, "/")
		u.get("/admin/audit").is(200, "/admin/audit", "谁看过某件事项")
		u.get("/admin/audit/openings").is(200, "/admin/audit/openings", "事项编号").never("没有找到")
		find := "/admin/audit/openings?no=" + url.QueryEscape(s.Matter(m).No)
		u.get(find).is(200, find, "何省", "某省", "本页50次", "事项页").never("虚报", "吴某")
		next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(u.txt)
		if len(next) != 2 {
			t.Fatal("there is no second page")
		}
		rest := strings.ReplaceAll(next[1], "&amp;", "&")
		if u.get(rest).is(200, rest, "陶管", "严主任", "文书", "本页13次"); strings.Count(u.txt, "<time>") != 13 {
			t.Errorf("%d rows", strings.Count(u.txt, "<time>"))
		}
		u.do("GET", find, "", "Accept-Language", "en").is(200, find, "Who opened a matter", "The matter&#39;s page", "50 openings")
		u.get("/admin/audit/openings?no=x").is(200, "/admin/audit/openings?no=x", "没有找到编号为“x”")
		u.get("/admin/audit").is(200, "/admin/audit", "查阅审计记录")
	})
}

// enter registers a clue, so that the log speaks of a matter.
func (s *site) enter() id.ID {
	s.T.Helper()
	e, err := s.App.Clues.Enter(apptest.Ctx, s.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: s.Units["full"].ID.Key, Name: "吴某", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", PartyMember: true},
		Source: "found", Received: "2026-10-12", Title: "虚报管护费", Summary: "监督检查发现虚报管护费。", Discipline: "work"})
	if err != nil {
		s.T.Fatal(err)
	}
	return e.ID
}
