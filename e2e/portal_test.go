package e2e

import (
	"qianshao/internal/platform/spool"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/portal"
)

// public is a portal before one city and one county, and the county's private key.
func public(t *testing.T) (p *portal.Portal, private string) {
	t.Helper()
	organ := func(n string) id.ID { return id.ID{City: 2, Key: "01HBF766M0X4QKDYVC32GCDE" + n} }
	key := func(name string) (string, envelope.AddressKey) {
		private, public, err := seal.NewKey()
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

// TestReporterOnAPhone: on a phone, without script, somebody forgets what matters, is told so, loses nothing they wrote,
// hands it in with a photo and their name, comes back with the receipt and reads how it stands. The county can open it.
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
	p.writesInto("unit", "甲县石桥镇农业综合服务中心")
	p.writesInto("post", "主任")
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
	p.sees("收到了", "甲县纪委监委", "最迟10月15日（周四）告诉您受理不受理")
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
}

// writesInto types into a field of the form.
func (p *person) writesInto(name, text string) {
	p.t.Helper()
	p.press(`[name="` + name + `"]`)
	p.focused(name)
	p.writes(text)
	p.keeps(name, text)
}
