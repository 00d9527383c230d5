package e2e

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/seal"
)

// TestTalk: the office and the reporter write to each other, each in a browser and with nothing between them but the spool; then the
// reporter saves the proof, the office deletes what it holds of the letter and the act that took it in, and the proof still holds on the
// page that needs nothing but a browser. Whoever runs verify finds what is missing.
func TestTalk(t *testing.T) {
	t.Parallel()
	s := newSides(t)
	key, err := seal.NewDeployment(filepath.Join(t.TempDir(), "k"))
	if err != nil {
		t.Fatal(err)
	}
	r := reporterAt(t, s.public)
	r.short("林业站站长", "周某某")
	var note string
	r.do(chromedp.Evaluate(`document.querySelector('textarea[name="note"]').value`, &note))
	m := s.letterIn()
	s.Unlock("county")
	p := s.person("intake")
	p.opensLetter(m, "启封并登记")
	p.enters()
	tip := s.only("tipoff")
	p.move(tip, "accept")
	p.move(tip, "say", "words", "发放表的原件您见过吗？")
	s.looks(r)
	r.sees("发放表的原件您见过吗？")
	r.writesInto("text", "没有，但会计见过。")
	r.click(".send button")
	r.sees("您说的收到了")
	s.works()
	p.open("/")
	p.sees("举报人补充")
	p.matter(tip)
	p.tapped("main", "补充情况")
	p.click("main [data-submit]")
	p.sees("没有，但会计见过。")

	later := s.now.Load().Add(time.Hour)
	s.now.Store(&later)
	q := s.App.NewWorkers(slog.New(slog.DiscardHandler), key).Queue
	for did := true; did; {
		if did, err = q.Due(apptest.Ctx); err != nil {
			t.Fatal(err)
		}
	}
	s.looks(r)
	r.sees("入账证明", "存下证明", "就是有人把记录删掉，这份证明照样成立")
	kept := saves(t, s.public, r.receipt) // what the button sends: the browser would put it among its downloads

	d := s.App.DB
	for _, text := range []string{`DELETE FROM words WHERE city_id = $1 AND letter_id = $2`, `DELETE FROM letters WHERE city_id = $1 AND id = $2`, `DELETE FROM acts WHERE city_id = $1 AND matter_id = $2 AND action = 'letter.take'`} {
		res, err := d.Raw().ExecContext(apptest.Ctx, text, apptest.City, m.Key)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			t.Fatalf("%s: %d, %v", text, n, err)
		}
	}
	page := checks(t)
	page.wide = 390
	got := strings.Join(page.gives(map[string]string{"proof": kept, "note": note, "receipt": r.receipt, "publics": key.Public()}, ""), ", ")
	if !strings.Contains(got, "holds included") || !strings.Contains(got, "holds note.same") || !strings.Contains(got, "holds receipt.same") || strings.Contains(got, "fails") || !strings.Contains(got, "holds good") {
		t.Errorf("after the office deleted the row: %s\n%s", got, kept)
	}
	rep, err := ledger.Verify(apptest.Ctx, d.In(apptest.City), app.Covered(), nil, nil)
	if err != nil || len(rep.Findings) == 0 {
		t.Errorf("nobody finds that it is gone: %+v, %v", rep, err)
	}
	if res, err := http.Get(s.public + "/check"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("the page to check with: %v", err)
	} else if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
}

// saves is what the form with the proof gives for a receipt: a file of a name that says nothing.
func saves(t *testing.T, public, receipt string) string {
	t.Helper()
	res, err := http.PostForm(public+"/proof", url.Values{"receipt": {receipt}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil || res.Header.Get("Content-Disposition") != `attachment; filename="form.txt"` {
		t.Fatalf("%d %s: %v", res.StatusCode, res.Header, err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(b)
}
