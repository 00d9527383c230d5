package e2e

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
	"qianshao/internal/portal"
)

// sides is a city with its public side before it: both in one process, and nothing between them but a spool.
type sides struct {
	*city
	public string
}

func newSides(t *testing.T) *sides {
	t.Helper()
	c := newCity(t)
	c.Spool(t.TempDir())
	return &sides{city: c, public: c.before(c.App.Spool, c.directory)}
}

// before serves a public side over a spool.
func (c *city) before(s *spool.Spool, d func() *envelope.Directory) string {
	c.t.Helper()
	skey, _, err := note.GenerateKey(nil, "portal")
	if err != nil {
		c.t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		c.t.Fatal(err)
	}
	p := &portal.Portal{Directory: d, Spool: s, Calendar: calendar.Shipped(), Signer: signer, Now: func() time.Time { return *c.now.Load() }}
	srv := httptest.NewServer(p.Handler())
	c.t.Cleanup(srv.Close)
	return srv.URL
}

func (c *city) directory() *envelope.Directory {
	d, err := c.App.Directory(apptest.Ctx, c.App.DB.Today())
	if err != nil {
		panic(err) // on the server's goroutine, where a test can't be ended
	}
	return &d
}

// works lets the work side do what its workers do every few seconds: letters are taken in, reporters are told.
func (c *city) works() {
	c.t.Helper()
	if _, err := c.App.TakeIn(apptest.Ctx); err != nil {
		c.t.Fatal(err)
	}
	q := c.App.NewWorkers(slog.New(slog.DiscardHandler), seal.Deployment{}).Queue
	for did := true; did; {
		var err error
		if did, err = q.One(apptest.Ctx); err != nil {
			c.t.Fatal(err)
		}
	}
}

// reporter is somebody at the public side, on a phone and without script.
type reporter struct {
	*person
	receipt string
}

func reporterAt(t *testing.T, url string) *reporter {
	t.Helper()
	p := sit(t, url, "reporter", locale.Zh)
	p.wide, p.title = 390, "表单"
	p.do(emulation.SetScriptExecutionDisabled(true))
	return &reporter{person: p}
}

// finds walks down to the township from the form.
func (r *reporter) finds() {
	r.t.Helper()
	r.open("/")
	r.click(`[formaction="/find"]`)
	for _, in := range []string{"XX市", "云渡县", "石桥镇"} {
		r.tapped(".tree", in)
	}
	r.click(`.send button[name="pick"]`)
	r.keeps("unit", "XX市云渡县石桥镇")
}

// lodges fills in the form that is shown and hands it in, with a name if there is one.
func (r *reporter) lodges(fields pairs, name, contact string, files ...string) {
	r.t.Helper()
	fields.each(r.writesInto)
	if name != "" {
		r.press("label[for=a2]")
		r.writesInto("name", name)
		r.writesInto("contact", contact)
	}
	if len(files) > 0 {
		r.do(chromedp.SetUploadFiles("#files", files, chromedp.ByQuery))
	}
	r.click(".send button")
	r.sees("存好了")
	got, err := envelope.ParseReceipt(strings.Join(strings.Fields(r.textOf(".receipt")), ""))
	if err != nil {
		r.t.Fatal(err)
	}
	r.receipt = got.String()
}

// looks comes back with the receipt, once the work side has done what it does by itself.
func (s *sides) looks(r *reporter) {
	s.t.Helper()
	s.works()
	r.looks()
}

func (r *reporter) looks() {
	r.t.Helper()
	r.open("/look")
	r.writesInto("receipt", r.receipt)
	r.click(".send button")
}

// letterIn is the one letter there is.
func (c *city) letterIn() id.ID {
	c.t.Helper()
	c.works()
	return c.only("letter")
}

// unlocks opens the organ's key with the passphrase, as its custodian.
func (p *person) unlocks() {
	p.t.Helper()
	p.open("/keys")
	p.fill(pairs{"passphrase", apptest.Passphrase})
	p.submit()
}

// opensLetter opens a letter from its page, with the reason that stands there.
func (p *person) opensLetter(m id.ID, link string) {
	p.t.Helper()
	p.matter(m)
	p.tapped("main", link)
	if at := p.at(); at != "/letters/"+m.String() {
		p.fail("that leads to %s", at)
	}
	p.click("main [data-submit]")
}

// gets fetches what a link on the page leads to.
func (p *person) gets(text string) (content string) {
	p.t.Helper()
	p.do(chromedp.Evaluate(`fetch([...document.querySelectorAll("main a")].find(a => a.innerText.includes(`+quote(text)+`)).href).then(r => r.text())`, &content,
		func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	return content
}

func held(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestLetterThere: a report is lodged with a name and a file on a phone without script, opened, read, entered, accepted and
// answered by the county's intake, and its reporter reads each step in plain words.
func TestLetterThere(t *testing.T) {
	t.Parallel()
	s := newSides(t)
	r := reporterAt(t, s.public)
	r.finds()
	r.lodges(pairs{"post", "林业站站长", "subject", "周某某", "when", "去年秋天", "text", "管护费发放表上的签字不是本人签的。", "only", "签字那天只有我在场"},
		"赵六六", "13900000000，晚上八点以后", held(t, "赵六六的录音.txt", "一段录音"))
	r.press("details.after summary")
	r.sees("云渡县纪委监委")
	s.looks(r)
	r.sees("10月12日", "还没有人打开", "在云渡县纪委监委", "到那天没有人处理，会自动交给XX市纪委监委")
	m := s.letterIn()

	p := s.person("intake")
	p.open("/")
	p.sees(s.Matter(m).No, "网络来信")
	p.seesNot("周某某", "赵六六")
	p.open("/letters")
	p.sees("0001号", "网络来信", "未启封", "10月19日")
	p.matter(m)
	p.sees("还没有启封", "实名", "附件")
	p.seesNot("周某某", "赵六六", "林业站")
	p.tapped("main", "启封并登记")
	p.sees("密钥") // locked: it says so and leads there
	p.tapped("main", "去解锁")
	p.unlocks()
	p.opensLetter(m, "启封并登记")
	p.sees("管护费发放表上的签字不是本人签的。", "签字那天只有我在场", "赵六六", "13900000000")
	p.keeps("subject_name", "周某某")
	p.keeps("post", "林业站站长")
	if got := p.gets("赵六六的录音.txt"); got != "一段录音" {
		t.Errorf("the file says %q", got)
	}
	p.fill(pairs{"rank", "staff"})
	p.waits("[data-own]")
	p.fill(pairs{"title", "反映石桥镇林业站站长冒领管护费", "summary", "赵六六反映发放表签字不实。", "discipline", "integrity"})
	p.refused().submit()
	p.sees("管护费发放表上的签字不是本人签的。", "签字那天只有我在场")
	p.keeps("title", "反映石桥镇林业站站长冒领管护费")
	p.keeps("summary", "赵六六反映发放表签字不实。")
	p.keeps("rank", "staff")
	p.fill(pairs{"summary", "反映发放表签字不实。"})
	s.App.Custody.Ring.Lock(s.Units["county"].ID.String()) // nobody used it for a while
	p.refused().submit()
	p.sees("您填写的都还在")
	s.Unlock("county")
	p.submit()
	tip := s.only("tipoff")
	if at := p.at(); at != "/m/"+tip.String() {
		p.fail("entered and led to %s", at)
	}
	p.sees("反映发放表签字不实。", "举报材料1", "实名")
	p.seesNot("赵六六", "13900000000", "签字那天只有我在场")
	s.in(m, "entered")
	s.looks(r)
	r.sees("打开看了", "有人打开看了，还没有决定", "10月19日")
	p.move(tip, "accept")
	s.looks(r)
	r.sees("受理")
	p.move(tip, "notify", "on", "2026-10-12", "way", "call", "reached", "yes")
	s.looks(r)
	r.sees("告诉了您受理不受理", "决定受理")
	s.Verify()
}

// short is a letter with nothing in it but what must be.
func (r *reporter) short(post, name string) {
	r.t.Helper()
	r.open("/")
	r.lodges(pairs{"unit", "云渡县石桥镇", "post", post, "subject", name, "text", "管护费发放表上的签字不是本人签的。"}, "", "")
}

// enters writes the summary of a letter that lies open and enters it.
func (p *person) enters() {
	p.t.Helper()
	p.fill(pairs{"rank", "staff"})
	p.waits("[data-own]")
	p.fill(pairs{"title", "反映石桥镇林业站站长冒领管护费", "summary", "反映发放表签字不实。", "discipline", "integrity"})
	p.submit()
}

// TestLetterNobodyOpens: on the day after the legal one a letter stands on the desk of the level above, which opens its own
// copy and enters it; below it can't be opened any more. Its reporter was told beforehand, and reads that it rose.
func TestLetterNobodyOpens(t *testing.T) {
	t.Parallel()
	s := newSides(t)
	r := reporterAt(t, s.public)
	r.short("林业站站长", "周某某")
	m := s.letterIn()
	s.Unlock("county", "city")
	above := s.person("cityintake")
	above.matter(m)
	above.seesNot("启封并登记")
	above.refused().open("/letters/" + m.String())

	s.day("2026-10-20")
	s.night()
	s.looks(r)
	r.sees("到期没有人处理，已经交到上一级", "10月20日", "XX市纪委监委")
	above.signIn()
	above.sees(s.Matter(m).No, "网络来信")
	above.matter(m)
	above.sees("已交到本级")
	above.opensLetter(m, "启封并登记")
	above.sees("管护费发放表上的签字不是本人签的。")
	below := s.person("intake")
	below.sees(s.Matter(m).No, "逾期")
	above.enters()
	tip := s.only("tipoff")
	above.sees("反映发放表签字不实。", "XX市纪委监委")
	s.in(m, "entered")
	below.refused().open("/letters/" + m.String())
	below.refused().matter(tip)
	s.looks(r)
	r.sees("在XX市纪委监委", "交给了上一级", "打开看了", "要有人处理")
	s.Verify()
}

// TestLetterAboutOurOwn: that a letter is about the county's own chief turns out when it is open: the form becomes a slip, and
// then the letter is gone from here and lies with the city. The chief finds neither.
func TestLetterAboutOurOwn(t *testing.T) {
	t.Parallel()
	s := newSides(t)
	r := reporterAt(t, s.public)
	r.short("管林业的", "严主任")
	m := s.letterIn()
	s.Unlock("county", "city")
	p := s.person("intake")
	p.opensLetter(m, "启封并登记")
	p.there("#f-summary")
	p.fill(pairs{"unit_typed", "云渡"})
	p.press(`[name="unit_typed"]`)
	p.writes("县")
	p.waits("#unit-picks button")
	p.takesFirst("#unit-picks")
	p.fill(pairs{"post", "县纪委书记", "rank", "deputy_county"})
	p.waits("[data-slip]")
	p.sees("管护费发放表上的签字不是本人签的。", "登记直报单并移送上级")
	if n := p.count("main form textarea"); n > 0 {
		p.fail("the slip asks for %d texts", n)
	}
	p.look()
	p.submit()
	slip := s.only("slip")
	p.sees("来信已封给上级移送")
	s.in(slip, "sent")
	p.refused().matter(m)
	p.refused().open("/letters/" + m.String())
	p.open("/letters")
	p.seesNot("0001号")
	chief := s.person("principal")
	chief.refused().matter(m)
	chief.refused().matter(slip)
	chief.refused().open("/letters")
	for _, path := range []string{"/", "/slips", "/search?q=网络来信"} {
		chief.open(path)
		chief.seesNot("0001号", "严主任")
	}
	s.looks(r)
	r.sees("在XX市纪委监委", "按管理权限交给了上一级", "某省纪委监委")
	above := s.person("cityintake")
	above.sees("网络来信")
	above.opensLetter(m, "启封并登记")
	above.sees("管护费发放表上的签字不是本人签的。")
	s.Verify()
}

// TestLetterLaidAside: nobody lays a letter aside unread; its reporter is told, and the level above, which finds it in its
// list, reads it and sends it back to be entered.
func TestLetterLaidAside(t *testing.T) {
	t.Parallel()
	s := newSides(t)
	r := reporterAt(t, s.public)
	r.short("林业站站长", "周某某")
	m := s.letterIn()
	s.Unlock("county", "city")
	p := s.person("intake")
	p.matter(m)
	p.sees("先启封看过，才能不予登记")
	p.opensLetter(m, "启封并登记")
	p.tapped("main", "不予登记")
	p.fill(pairs{"ground", "no_report", "reason", "内容是广告。"})
	p.submit()
	s.in(m, "aside")
	s.looks(r)
	r.sees("没有登记办理", "上一级会再看一遍")
	above := s.person("cityintake")
	above.open("/superior")
	above.sees(s.Matter(m).No)
	above.matter(m)
	above.tapped("main", "查看原件")
	above.fill(pairs{"reason", "复看不予登记的来信"})
	above.submit()
	above.sees("管护费发放表上的签字不是本人签的。")
	above.move(m, "reconsider", "reason", "属于检举控告。")
	s.in(m, "sealed")
	s.looks(r)
	r.sees("在云渡县纪委监委", "要有人处理")
	p.open("/")
	p.sees(s.Matter(m).No)
	p.opensLetter(m, "启封并登记")
	p.enters()
	s.in(s.only("tipoff"), "received")
	s.Verify()
}
