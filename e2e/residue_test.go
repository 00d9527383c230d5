package e2e

import (
	"bytes"
	"context"
	"encoding/hex"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	cdp "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// TestNothingLeftInTheBrowser is T53: after somebody wrote a report, handed it in, came back with the receipt and read what
// became of it, and closed the browser, no file of its profile holds anything of what they wrote, nor the receipt. The
// address is there: the page says so.
func TestNothingLeftInTheBrowser(t *testing.T) {
	installedOrSkip(t)
	site, _ := public(t)
	srv := httptest.NewServer(site.Handler())
	t.Cleanup(srv.Close)
	profile := t.TempDir()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.UserDataDir(profile), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("restore-last-session", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	defer stop()
	ctx, done := chromedp.NewContext(alloc)
	defer done()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	wrote := []string{"石桥镇敬老院", "护工排班员", "发放表上的签字不是本人签的", "签字那天只有我在场", "王某某", "傍晚打电话到小卖部"}
	var receipt, page string
	err := chromedp.Run(ctx,
		chromedp.Navigate(srv.URL+"/"), chromedp.WaitVisible("#unit", chromedp.ByQuery),
		chromedp.SendKeys("#unit", "甲县"+wrote[0], chromedp.ByQuery), chromedp.SendKeys("#post", wrote[1], chromedp.ByQuery),
		chromedp.SendKeys("#text", wrote[2], chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelectorAll('details').forEach(d => d.open = true); true`, nil),
		chromedp.SendKeys("#only", wrote[3], chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector('#a2').click(); true`, nil),
		chromedp.SendKeys("#name", wrote[4], chromedp.ByQuery), chromedp.SendKeys("#contact", wrote[5], chromedp.ByQuery),
		chromedp.Evaluate(`const l = document.querySelector('input[name=level][value=county]'); if (l) l.click(); true`, nil),
		chromedp.Click(".send button", chromedp.ByQuery), chromedp.WaitVisible(".receipt", chromedp.ByQuery), chromedp.Text(".receipt", &receipt, chromedp.ByQuery),
		chromedp.Navigate(srv.URL+"/look"), chromedp.WaitVisible("#receipt", chromedp.ByQuery))
	if err != nil {
		var now string
		_ = chromedp.Run(ctx, chromedp.OuterHTML("main", &now, chromedp.ByQuery)) // says where it stopped
		t.Fatalf("%v: %s", err, now)
	}
	digits := strings.Join(strings.Fields(receipt), "")
	if len(digits) != 16 {
		t.Fatalf("the receipt is %q", receipt)
	}
	err = chromedp.Run(ctx, chromedp.SendKeys("#receipt", digits, chromedp.ByQuery), chromedp.Click("main button", chromedp.ByQuery),
		chromedp.WaitVisible("#text", chromedp.ByQuery), chromedp.Text("main", &page, chromedp.ByQuery),
		chromedp.SendKeys("#text", "还有一本流水账在会计那里", chromedp.ByQuery), chromedp.Sleep(2*time.Second)) // long enough for a session to be written
	if err != nil || !strings.Contains(page, "甲县纪委监委") {
		t.Fatalf("%v: %.300s", err, page)
	}
	if err := chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) error { return cdp.Close().Do(ctx) })); err != nil {
		t.Logf("closing: %v", err) // it may be gone before it answers
	}
	stop()
	wrote = append(wrote, "还有一本流水账在会计那里", digits, strings.TrimSpace(receipt))
	files, address := 0, false
	err = filepath.WalkDir(profile, func(path string, x fs.DirEntry, err error) error {
		if err != nil || !x.Type().IsRegular() {
			return nil // what the browser takes away while it ends
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		files++
		address = address || bytes.Contains(b, []byte(strings.TrimPrefix(srv.URL, "http://")))
		for _, text := range wrote {
			for form, p := range map[string][]byte{"itself": []byte(text), "UTF-16": wide(text), "hex": []byte(hex.EncodeToString([]byte(text)))} {
				if bytes.Contains(b, p) {
					t.Errorf("%s holds %q as %s", strings.TrimPrefix(path, profile), text, form)
				}
			}
		}
		return nil
	})
	if err != nil || files < 20 || !address {
		t.Errorf("%d files looked through, the address found: %t, %v: the profile was not kept", files, address, err)
	}
}

func wide(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}
