package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"qianshao/internal/account"
	"qianshao/internal/id"
	"qianshao/internal/locale"
)

// person is somebody at a browser of their own.
type person struct {
	t    *testing.T
	name string
	url  string
	ctx  context.Context
	lang string
	wide int64 // pixels

	title string // what every page is called, where pages are not to say what they are

	mu       sync.Mutex
	problems []string // what the browser complained of since the last look
	refusal  bool     // the page asked for next is to be refused, which the browser reports
}

// sit opens a browser for somebody who is not signed in.
func sit(t *testing.T, url, name, lang string) *person {
	t.Helper()
	ctx, cancel := window(t)
	p := &person{t: t, name: name, url: url, ctx: ctx, lang: lang, wide: 1280}
	t.Cleanup(func() {
		if t.Failed() {
			p.picture()
		}
		cancel()
	})
	chromedp.ListenTarget(ctx, p.hear)
	p.do(emulation.SetFocusEmulationEnabled(true), p.size(p.wide), network.SetCookie("lang", lang).WithURL(url))
	return p
}

// window opens a window that shares no cookie with the others.
func window(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx := browser(t)
	all := cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
	apart, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(all)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := target.CreateTarget("about:blank").WithBrowserContextID(apart).WithNewWindow(true).Do(all)
	if err != nil {
		t.Fatal(err)
	}
	own, cancel := chromedp.NewContext(ctx, chromedp.WithTargetID(tab))
	if err := chromedp.Run(own); err != nil { // the first run holds the window; a deadline on it would close it
		t.Fatal(err)
	}
	return own, cancel
}

// person signs somebody of the city in, with the name and password typed on the sign-in page.
func (c *city) person(name string) *person {
	c.t.Helper()
	p := sit(c.t, c.url, name, locale.Zh)
	p.signIn()
	return p
}

func (p *person) signIn() {
	p.t.Helper()
	p.open("/sign-in")
	p.focused("user")
	p.keys(p.name)
	p.tab("password")
	p.keys(account.DemoPassword)
	p.enter()
	if at := p.at(); at != "/" {
		p.fail("signed in and led to %s", at)
	}
}

func (p *person) size(wide int64) chromedp.Action {
	return emulation.SetDeviceMetricsOverride(wide, 900, 1, false)
}

// hear keeps what the browser complains of.
func (p *person) hear(ev any) {
	text := ""
	switch e := ev.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			text = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
		p.mu.Lock()
		refused := p.refusal && e.Entry.Source == log.SourceNetwork
		p.mu.Unlock()
		if refused {
			return
		}
	case *runtime.EventExceptionThrown:
		text = "exception: " + e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			for _, a := range e.Args {
				text += " " + string(a.Value)
			}
			text = "console:" + text
			if strings.Contains(text, "htmx:sendAbort") || strings.Contains(text, "htmx:afterRequest") {
				return // candidates that were still being fetched when the page was left
			}
		}
	}
	if text != "" {
		p.mu.Lock()
		p.problems = append(p.problems, text)
		p.mu.Unlock()
	}
}

// do runs actions, and gives up after patience.
func (p *person) do(as ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, as...); err != nil {
		p.fail("%v", err)
	}
}

// goes runs what leads to another page, waits until it is there, and looks at it.
func (p *person) goes(as ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, as...)
	if err != nil {
		p.fail("%v", err)
	}
	p.mu.Lock()
	refusal := p.refusal
	p.mu.Unlock()
	if res == nil {
		p.fail("that leads to no other page")
	}
	if (res.Status == 200) == refusal {
		p.fail("%s answers %d", res.URL, res.Status)
	}
	p.look()
	p.mu.Lock()
	p.refusal = false
	p.mu.Unlock()
}

// refused says that the next page is to be a refusal.
func (p *person) refused() *person {
	p.mu.Lock()
	p.refusal = true
	p.mu.Unlock()
	return p
}

func (p *person) open(path string) {
	p.t.Helper()
	p.goes(chromedp.Navigate(p.url + path))
}

func (p *person) matter(m id.ID) {
	p.t.Helper()
	p.open("/m/" + m.String())
}

// at is the path of the page that is shown.
func (p *person) at() string {
	p.t.Helper()
	var s string
	p.do(chromedp.Evaluate(`location.pathname`, &s))
	return s
}

// page is what is looked at on every page.
type page struct {
	Title, Lang, Text string
	Width, Screen     int
	Wide              []string // what reaches beyond the screen
}

const lookScript = `(() => {
	const e = document.documentElement, wide = [];
	if (e.scrollWidth > e.clientWidth) for (const x of document.body.querySelectorAll("*")) {
		const b = x.getBoundingClientRect();
		if (b.right > e.clientWidth + 1 && b.width > 0 && wide.length < 5) wide.push(x.tagName + "." + x.className + " " + Math.round(b.right));
	}
	return {Title: document.title, Lang: e.lang, Text: document.body.innerText, Width: e.scrollWidth, Screen: e.clientWidth, Wide: wide};
})()`

// textName matches the name of a text that was not found; the first part is one that package locale knows.
var textName = regexp.MustCompile(`\b[a-z]+(\.[a-z0-9_]+)+\b`)

// look checks the page that is shown, wide and on a telephone.
func (p *person) look() {
	p.t.Helper()
	for _, wide := range []int64{390, p.wide} {
		var v page
		p.do(p.size(wide), chromedp.Evaluate(lookScript, &v))
		if v.Width > v.Screen {
			p.t.Errorf("%s: %s is %d wide on a screen of %d: %s", p.name, p.at(), v.Width, wide, strings.Join(v.Wide, ", "))
		}
		if wide != p.wide {
			continue
		}
		named := strings.Contains(v.Title, " · ") && !strings.HasPrefix(v.Title, " ")
		if v.Lang != p.lang || p.title == "" && !named || p.title != "" && v.Title != p.title {
			p.t.Errorf("%s: %s is titled %q in %q", p.name, p.at(), v.Title, v.Lang)
		}
		for _, s := range textName.FindAllString(v.Text, -1) {
			if locale.Has(s) || families[strings.Split(s, ".")[0]] {
				p.t.Errorf("%s: %s shows %q", p.name, p.at(), s)
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.problems {
		p.t.Errorf("%s: the browser says on the way: %s", p.name, s)
	}
	p.problems = nil
}

// families are how the names of texts begin that are put together from a name of the program's.
var families = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields("field move state choice fault rule role post clock entry act measure done view nav filter col mark moved stage subject proposal sealed") {
		m[s] = true
	}
	return m
}()

// sees expects the page to say all of these.
func (p *person) sees(texts ...string) {
	p.t.Helper()
	said := p.says()
	for _, s := range texts {
		if !strings.Contains(said, s) {
			p.fail("the page does not say %q", s)
		}
	}
}

func (p *person) seesNot(texts ...string) {
	p.t.Helper()
	said := p.says()
	for _, s := range texts {
		if strings.Contains(said, s) {
			p.fail("the page says %q", s)
		}
	}
}

// says is the text of the page's main part as it is shown.
func (p *person) says() string {
	p.t.Helper()
	var s string
	p.do(chromedp.Evaluate(`(document.querySelector("main") || document.body).innerText`, &s))
	return s
}

// textOf is the text of the first element that a selector finds.
func (p *person) textOf(sel string) string {
	p.t.Helper()
	p.there(sel)
	var s string
	p.do(chromedp.Evaluate(`document.querySelector(`+quote(sel)+`).innerText.trim()`, &s))
	return s
}

// count is how many elements that are shown a selector finds.
func (p *person) count(sel string) int {
	p.t.Helper()
	var n int
	p.do(chromedp.Evaluate(`[...document.querySelectorAll(`+quote(sel)+`)].filter(e => e.checkVisibility()).length`, &n))
	return n
}

// awaits waits for words that come a moment after what was typed.
func (p *person) awaits(text string) {
	p.t.Helper()
	p.do(chromedp.Poll(fmt.Sprintf("document.querySelector('main').innerText.includes(%q)", text), nil))
}

// waits waits until a selector finds something that is shown.
func (p *person) waits(sel string) {
	p.t.Helper()
	p.do(chromedp.Poll(`[...document.querySelectorAll(`+quote(sel)+`)].some(e => e.checkVisibility())`, nil))
}

// click clicks what leads to another page.
func (p *person) click(sel string) {
	p.t.Helper()
	p.there(sel)
	p.goes(p.mouse(sel))
}

// press clicks what changes this page only.
func (p *person) press(sel string) {
	p.t.Helper()
	p.there(sel)
	p.do(p.mouse(sel))
}

// mouse clicks the middle of the first thing that a selector finds. It asks the page where that is: chromedp's own copy of
// the page can miss a change while the machine is busy, and then waits for something that is long there.
func (p *person) mouse(sel string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var at [2]float64
		if err := chromedp.Evaluate(`(() => {
			const e = document.querySelector(`+quote(sel)+`);
			e.scrollIntoView({block: "center", behavior: "instant"});
			const b = e.getBoundingClientRect();
			return [b.x + b.width / 2, b.y + b.height / 2];
		})()`, &at).Do(ctx); err != nil {
			return err
		}
		return chromedp.MouseClickXY(at[0], at[1]).Do(ctx)
	})
}

// there fails at once where a click would wait for something that never comes.
func (p *person) there(sel string) {
	p.t.Helper()
	if p.count(sel) == 0 {
		p.fail("there is no %s", sel)
	}
}

// tapped clicks a link or button by what is written on it, within a part of the page.
func (p *person) tapped(within, text string) {
	p.t.Helper()
	var found bool
	p.do(chromedp.Evaluate(`(() => {
		document.querySelectorAll("[data-tap]").forEach(e => e.removeAttribute("data-tap"));
		const e = [...document.querySelectorAll(`+quote(within)+`)].flatMap(w => [...w.querySelectorAll("a,button")]).find(e => e.checkVisibility() && e.innerText.includes(`+quote(text)+`));
		if (e) e.setAttribute("data-tap", "");
		return !!e;
	})()`, &found))
	if !found {
		p.fail("nothing in %s is called %q", within, text)
	}
	p.click("[data-tap]")
}

func (p *person) fail(format string, args ...any) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	var at, said string
	_ = chromedp.Run(ctx, chromedp.Location(&at), chromedp.Evaluate(`(document.querySelector("main") || document.body).innerText.slice(0, 1500)`, &said)) // of a page that is gone nothing can be said
	p.t.Fatalf("%s at %s: %s\n%s", p.name, at, fmt.Sprintf(format, args...), said)
}

// shots is where the pictures of failures are kept; it outlives the test.
var shots = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "qianshao-journeys-") })

// picture keeps what the person sees now.
func (p *person) picture() {
	dir, err := shots()
	if err != nil {
		p.t.Log(err)
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	var b []byte
	if err := chromedp.Run(ctx, chromedp.FullScreenshot(&b, 100)); err != nil {
		p.t.Logf("%s: no picture: %v", p.name, err)
		return
	}
	file := filepath.Join(dir, strings.ReplaceAll(p.t.Name(), "/", "-")+"-"+p.name+".png")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		p.t.Log(err)
		return
	}
	p.t.Logf("%s saw %s", p.name, file)
}

// quote writes a string as the browser's scripts do.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b)
}

// pairs are names and values in the order a form is filled in.
type pairs []string

func (f pairs) each(do func(name, value string)) {
	for x := range slices.Chunk(f, 2) {
		do(x[0], x[1])
	}
}
