package portal_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"qianshao/internal/locale"
	"qianshao/internal/portal"
)

// TestEveryPage: every page, good or bad, in both languages, is whole without a script, says nothing in its title, is kept
// by no browser, loads nothing from elsewhere, and is small with its sheet.
func TestEveryPage(t *testing.T) {
	w := newWorld(t)
	full, several, unknown := typed("named", "yes", "name", "王某", "contact", "晚上"), typed("unit", "城关镇", "text", ""), typed("unit", "某厂", "named", "yes")
	for _, q := range []string{"", "?lang=en"} {
		send := func(f map[string]string) answer {
			body, kind := multi(f)
			return w.ask(http.MethodPost, "/"+q, kind, body)
		}
		look := func(r string) answer {
			return w.ask(http.MethodPost, "/look"+q, urlencoded, strings.NewReader("receipt="+r))
		}
		say := func(f map[string]string) answer {
			body, kind := spokenForm(f)
			return w.ask(http.MethodPost, "/look/say"+q, kind, body)
		}
		find := func(f map[string]string, more ...string) answer {
			return w.ask(http.MethodPost, "/find"+q, urlencoded, strings.NewReader(walking(f, more...)))
		}
		receipt := send(full)
		for what, a := range map[string]answer{
			"form": w.get("/" + q), "several": send(several), "unknown": send(unknown), "receipt": receipt, "look": w.get("/look" + q), "nothing": look("1"), "status": look(string(receipt.receipt(t))),
			"places": find(full), "a place": find(full, "at", unitID(13).String()), "picked": find(full, "pick", unitID(13).String()),
			"said": say(spoken(receipt.receipt(t))), "nothing said": say(spoken(receipt.receipt(t), "text", "", "kind", "objection")), "said without": say(spoken("1")),
			"protect": w.get("/protect" + q), "no page": w.get("/x" + q), "no note": w.ask(http.MethodPost, "/note"+q, urlencoded, http.NoBody),
		} {
			title, lang := "<title>表单</title>", `<html lang="zh-CN">`
			if q != "" {
				title, lang = "<title>Form</title>", `<html lang="en">`
			}
			if !strings.Contains(a.body, title) || !strings.Contains(a.body, lang) {
				t.Errorf("%s%s: %.300s", what, q, a.body)
			}
			if m := regexp.MustCompile(`(?i)<script|<iframe|<img|\son[a-z]+=|style=|javascript:|https?://`).FindString(a.body); m != "" {
				t.Errorf("%s%s has %s", what, q, m)
			}
			if m := regexp.MustCompile(`>(portal|fault|page|punct)\.[a-z_.]+|\{\d`).FindString(a.body); m != "" {
				t.Errorf("%s%s shows a key: %s", what, q, m)
			}
			h := a.Header()
			if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Set-Cookie") != "" ||
				h.Get("Content-Security-Policy") != "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'" {
				t.Errorf("%s%s: %v", what, q, h)
			}
			sheet := regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)">`).FindStringSubmatch(a.body)
			if sheet == nil {
				t.Fatalf("%s has no sheet", what)
			}
			css := w.get(sheet[1])
			if css.Code != http.StatusOK || css.Header().Get("Cache-Control") != "no-store" || strings.Contains(css.body, "url(") {
				t.Errorf("%s: %d %s", sheet[1], css.Code, css.Header().Get("Cache-Control"))
			}
			if n := len(a.body) + len(css.body); n > 60_000 {
				t.Errorf("%s%s takes %d bytes with its sheet", what, q, n)
			}
			if q != "" {
				for _, m := range regexp.MustCompile(`(?:href|action|formaction)="(/[a-z/]*)"([^>]*)`).FindAllStringSubmatch(a.body, -1) {
					if !strings.Contains(m[2], "zh-CN") {
						t.Errorf("%s: %s leads out of the language", what, m[1])
					}
				}
			}
		}
	}
	for _, path := range []string{"/", "/look", "/protect"} {
		if a := w.ask(http.MethodDelete, path, "", http.NoBody); a.Code == http.StatusOK {
			t.Errorf("DELETE %s is answered", path)
		}
	}
}

// TestClaims: whatever the page on protection promises is held by a test that is named there, and there is one.
func TestClaims(t *testing.T) {
	b, err := os.ReadFile("view.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests string
	for _, name := range []string{"lodge_test.go", "look_test.go", "pages_test.go", "say_test.go", "own_test.go", "watch_test.go", "traces_test.go"} {
		x, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tests += string(x)
	}
	page := newWorld(t).get("/protect")
	for _, c := range portal.Claims {
		m := regexp.MustCompile(`"` + c + `",\s*// (Test.+)\n`).FindStringSubmatch(string(b))
		if m == nil {
			t.Fatalf("the claim %s is held by no test", c)
		}
		for _, name := range strings.Split(m[1], ", ") {
			if !strings.Contains(tests, "func "+name+"(t *testing.T)") {
				t.Errorf("the claim %s is held by %s, which there is not", c, name)
			}
		}
		page.has(t, locale.T(locale.Zh, "portal.claim."+c), locale.T(locale.Zh, "portal.claim."+c+".text"))
	}
	if n := strings.Count(page.body, "<li><b>"); n != len(portal.Claims) || n == 0 {
		t.Errorf("%d claims on the page, %d in the table", n, len(portal.Claims))
	}
}
