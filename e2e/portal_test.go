package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"golang.org/x/crypto/scrypt"
	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
	"qianshao/internal/portal"
)

// public is a portal before one city and one county, and the county's private key.
func public(t *testing.T) (p *portal.Portal, private string) {
	t.Helper()
	organ := func(n string) id.ID { return id.ID{City: 2, Key: "01HBF766M0X4QKDYVC32GCDE" + n} }
	key := func(name string) (string, envelope.AddressKey) {
		private, public, err := seal.NewKey(seal.Age)
		if err != nil {
			t.Fatal(err)
		}
		return private, envelope.AddressKey{ID: name, Public: public}
	}
	_, up := key("up")
	private, here := key("here")
	d := &envelope.Directory{
		Organs: []envelope.Organ{{ID: organ("1A"), Name: "XX市纪委监委", Place: "XX市", Level: 2, Key: up}, {ID: organ("1B"), Name: "甲县纪委监委", Place: "甲县", Level: 3, Above: organ("1A"), Key: here}},
		Units:  []envelope.Unit{{ID: organ("1B"), Name: "甲县", Organ: organ("1B")}, {ID: organ("2B"), Name: "石桥镇", In: organ("1B"), Organ: organ("1B")}},
		Terms:  []envelope.Term{{What: "first_action", Length: 15, Unit: calendar.Workdays}, {What: "notice", Length: 15, Unit: calendar.Workdays}},
	}
	spool, err := spool.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	skey, _, err := note.GenerateKey(nil, "portal")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return &portal.Portal{Directory: func() *envelope.Directory { return d }, Spool: spool, Calendar: calendar.Shipped(), Signer: signer,
		Now: func() time.Time { return time.Date(2026, 9, 18, 9, 0, 0, 0, calendar.Zone) }}, private
}

// TestReporterOnAPhone: on a phone, without script, somebody finds the place by walking down to it, forgets what matters, is
// told so, loses nothing they wrote, hands it in with a photo and their name, comes back with the receipt, reads how it
// stands, adds something, is answered and says that the answer is wrong. The county can open it all.
func TestReporterOnAPhone(t *testing.T) {
	site, private := public(t)
	srv := httptest.NewServer(site.Handler())
	t.Cleanup(srv.Close)
	p := sit(t, srv.URL, "reporter", locale.Zh)
	p.wide, p.title = 390, "表单"
	p.do(emulation.SetScriptExecutionDisabled(true))
	photo := filepath.Join(t.TempDir(), "账本.jpg")
	if err := os.WriteFile(photo, []byte("a page of the book"), 0o600); err != nil {
		t.Fatal(err)
	}

	p.open("/")
	p.writesInto("post", "主任")
	p.click(`[formaction="/find"]`)
	p.sees("甲县下面的", "石桥镇")
	p.click(`button[name=pick][value="2.01HBF766M0X4QKDYVC32GCDE2B"]`)
	p.keeps("post", "主任")
	p.keeps("unit", "甲县石桥镇")
	p.press("#unit")
	p.do(chromedp.KeyEvent(kb.End))
	p.writes("农业综合服务中心")
	p.keeps("unit", "甲县石桥镇农业综合服务中心")
	p.press("label[for=a2]")
	p.writesInto("name", "王某某")
	p.writesInto("contact", "傍晚打电话")
	p.refused().click(".send button")
	p.sees("请写发生了什么", "您写的都还在")
	p.keeps("unit", "甲县石桥镇农业综合服务中心")
	p.keeps("contact", "傍晚打电话")
	p.writesInto("text", "发放表上的签字不是本人签的")
	p.do(chromedp.SetUploadFiles("#files", []string{photo}, chromedp.ByQuery))
	p.click(".send button")
	p.sees("存好了", "请抄下这个号码")
	p.seesNot("纪委监委", "举报", "受理")
	p.press("details.after summary")
	p.sees("甲县纪委监委", "最迟10月15日（周四）告诉您受理不受理")
	receipt, err := envelope.ParseReceipt(strings.Join(strings.Fields(p.textOf(".receipt")), ""))
	if err != nil {
		t.Fatal(err)
	}
	e, ok, err := site.Spool.Envelope(receipt.Secrets().Name)
	if err != nil || !ok {
		t.Fatalf("nothing is there: %v", err)
	}
	if l, _, err := e.Open(private); err != nil || l.Text != "发放表上的签字不是本人签的" || l.Name != "王某某" || len(l.Files) != 1 || l.Files[0].Name != "账本.jpg" {
		t.Errorf("%+v, %v", l, err)
	}

	p.click(`a[href="/look"]`)
	p.writesInto("receipt", "1234")
	p.refused().click(".send button")
	p.sees("查不到")
	p.writesInto("receipt", receipt.String())
	p.click(".send button")
	p.sees("2026年9月18日（周五）收到", "在甲县纪委监委", "还没有人打开", "最迟10月15日")
	if said := p.says(); regexp.MustCompile(`\d{4} ?\d{4} ?\d{4}`).MatchString(said) {
		t.Errorf("the receipt stands on the page: %s", said)
	}

	p.sees("到那天没有人处理，会自动交给XX市纪委监委", "原来的机关照样要办")
	p.writesInto("text", "原件在会计手里")
	p.do(chromedp.SetUploadFiles("#files", []string{photo}, chromedp.ByQuery))
	p.click(".send button")
	p.sees("您说的收到了，已封好", "等待送达（1份）")
	words, err := site.Spool.Words(10)
	if err != nil || len(words) != 1 {
		t.Fatalf("%q, %v", words, err)
	}
	w, _, err := site.Spool.Word(words[0])
	if err != nil {
		t.Fatal(err)
	}
	if said, _, err := w.Open(private); err != nil || said.Text != "原件在会计手里" || len(said.Files) != 1 {
		t.Errorf("%+v, %v", said, err)
	}
	if err := site.Spool.Heard(w); err != nil {
		t.Fatal(err)
	}
	told, err := e.SealStatus(envelope.Status{Day: e.Day, Organ: "甲县纪委监委", To: e.To, Above: e.Above, Stage: "declined", Events: []envelope.Event{{Day: e.Day, What: "said"}, {Day: e.Day, What: "declined", Text: "签字经核对是本人的。"}}}, 2)
	if err == nil {
		err = site.Spool.PutStatus(told)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.open("/look")
	p.writesInto("receipt", receipt.String())
	p.click(".send button")
	p.sees("您补充了情况。", "决定不受理：“签字经核对是本人的。”", "对答复有异议")
	p.press("label[for=k2]")
	p.refused().click(".send button")
	p.sees("请写上您要说的话")
	p.writesInto("text", "不是本人的，可以对笔迹")
	p.click(".send button")
	p.sees("您说的收到了，已封好")
	if words, err = site.Spool.Words(10); err != nil || len(words) != 1 {
		t.Fatalf("%q, %v", words, err)
	}
	if w, _, err = site.Spool.Word(words[0]); err != nil || w.Kind != envelope.Objection {
		t.Errorf("%+v, %v", w, err)
	}
	if at := p.at(); at != "/p" {
		t.Errorf("the address says %s", at)
	}
}

// TestReporterInACrowd: while many reports come, a script works out what is asked, here at a sixth of this machine's speed,
// and nobody is asked to do anything: whoever presses before it is ready waits for it. How long the most takes is logged; on
// a machine with nothing else to do it is less than two seconds.
func TestReporterInACrowd(t *testing.T) {
	site, _ := public(t)
	site.Calm = 1
	srv := httptest.NewServer(site.Handler())
	t.Cleanup(srv.Close)
	lodge(t, srv.URL)
	p := sit(t, srv.URL, "reporter", locale.Zh)
	p.wide, p.title = 390, "表单"
	p.do(emulation.SetCPUThrottlingRate(6))
	p.open("/")
	p.writesInto("unit", "石桥镇")
	p.writesInto("post", "站长")
	p.writesInto("text", "签字不对")
	p.click(".send button")
	p.press("details.after summary")
	p.sees("存好了", "甲县纪委监委")
	var took float64
	for range 8 {
		lodge(t, srv.URL)
	}
	p.open("/") // with what is asked at the most
	p.do(chromedp.Poll(`document.querySelector("[name=proof]").value ? performance.now() : 0`, &took, chromedp.WithPollingTimeout(patience)))
	var work string
	p.do(chromedp.Evaluate(`document.querySelector("[name=proof]").dataset.work`, &work))
	if t.Logf("the page and its work took %.0f ms", took); work != "5" {
		t.Errorf("%s bits are asked", work)
	}
}

// lodge hands a report in as a program does, with the work that is asked of it.
func lodge(t *testing.T, site string) {
	t.Helper()
	var answer struct {
		Work struct {
			Token, Pass, Salt string
			Bits              int
		}
	}
	send := func(with map[string]any) int {
		for k, v := range map[string]any{"unit": "石桥镇", "level": "county", "text": "x", "subject": map[string]string{"post": "站长"}} {
			with[k] = v
		}
		b, err := json.Marshal(with)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.Post(site+"/portal/api/v1/tipoffs", "application/json", bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	code := send(map[string]any{})
	if w := answer.Work; code == http.StatusServiceUnavailable {
		var proof []string
		for n := 0; len(proof) < 4; n++ {
			k, err := scrypt.Key([]byte(strconv.Itoa(n)), []byte(w.Salt+strconv.Itoa(len(proof))), 1024, 1, 1, 32)
			if err != nil {
				t.Fatal(err)
			}
			if k[0]>>(8-w.Bits) == 0 {
				proof = append(proof, strconv.Itoa(n))
			}
		}
		code = send(map[string]any{"token": w.Token, "pass": w.Pass, "proof": strings.Join(proof, " ")})
	}
	if code != http.StatusCreated {
		t.Fatalf("%d", code)
	}
}

// writesInto types into a field of the form.
func (p *person) writesInto(name, text string) {
	p.t.Helper()
	p.press(`[name="` + name + `"]`)
	p.focused(name)
	p.writes(text)
	p.keeps(name, text)
}

// TestPublicPagesFit: every page of the public side, in both languages and without script, fits screens of 360, 390 and 1280, and one of
// 360 whose reader has the letters twice as large.
func TestPublicPagesFit(t *testing.T) {
	t.Parallel()
	site, _ := public(t)
	srv := httptest.NewServer(site.Handler())
	t.Cleanup(srv.Close)
	for _, lang := range []string{locale.Zh, locale.En} {
		p := sit(t, srv.URL, "reporter", lang)
		p.title = locale.T(lang, "portal.title")
		p.do(emulation.SetScriptExecutionDisabled(true))
		fits := func() {
			t.Helper()
			for _, p.wide = range []int64{1280, 360} {
				p.look()
			}
			var wide bool
			p.do(chromedp.Evaluate(`document.documentElement.style.fontSize = "200%", document.documentElement.scrollWidth > document.documentElement.clientWidth`, &wide))
			if wide {
				p.fail("with letters twice as large it is wider than the screen")
			}
		}
		at := func(path string) {
			t.Helper()
			p.open(path + "?lang=" + lang)
			fits()
		}
		at("/look")
		at("/protect")
		at("/")
		p.open("/?lang=" + lang)
		p.refused().click(".send button")
		fits()
		p.open("/?lang=" + lang)
		for name, text := range map[string]string{"unit": "石桥镇", "post": "站长", "text": "签字不对"} {
			p.writesInto(name, text)
		}
		p.click(".send button")
		p.press("details.after summary")
		fits()
		receipt := strings.Join(strings.Fields(p.textOf(".receipt")), "")
		p.open("/look?lang=" + lang)
		p.writesInto("receipt", receipt)
		p.click(".send button")
		fits()
	}
}
