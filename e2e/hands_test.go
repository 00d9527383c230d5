package e2e

import (
	"context"

	"github.com/chromedp/cdproto/input"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// fillScript answers one field of the page's form: an empty string when it could.
const fillScript = `(name, value) => {
	const els = [...document.querySelectorAll("main form")].flatMap(f => [...f.elements]).filter(e => e.name === name && !e.disabled && !e.closest("[hidden]"));
	if (!els.length) return "is not asked for";
	const fold = els[0].closest("details:not([open])");
	if (fold) fold.querySelector("summary").click();
	const words = e => (e.closest("label") || e).innerText.trim();
	const e = els[0];
	if (e.type === "radio" || e.type === "checkbox") {
		const one = els.find(e => e.value === value || words(e).split("\n")[0].trim() === value);
		if (!one) return "offers only " + els.map(e => e.value + " " + words(e)).join(" | ");
		if (!one.closest("label").checkVisibility()) return "is not shown";
		if (!one.checked) one.click();
		return "";
	}
	if (!e.checkVisibility()) return "is not shown";
	e.focus();
	if (e.tagName === "SELECT") {
		const one = [...e.options].find(o => o.value && (o.value === value || o.text.startsWith(value)));
		if (!one) return "offers only " + [...e.options].map(o => o.value + " " + o.text).join(" | ");
		e.value = one.value;
	} else {
		e.value = value;
		if (e.value !== value) return "does not take it";
		e.dispatchEvent(new Event("input", {bubbles: true}));
	}
	e.dispatchEvent(new Event("change", {bubbles: true}));
	return "";
}`

// fill answers fields of the form by name, each with a code or with the words that are shown for it.
func (p *person) fill(fields pairs) {
	p.t.Helper()
	fields.each(func(name, value string) {
		var wrong string
		p.do(chromedp.Evaluate(`(`+fillScript+`)(`+quote(name)+`,`+quote(value)+`)`, &wrong))
		if wrong != "" {
			p.fail("%s %s", name, wrong)
		}
	})
}

// keeps expects a field to hold what was written into it.
func (p *person) keeps(name, want string) {
	p.t.Helper()
	var now string
	p.do(chromedp.Evaluate(`document.querySelector('main form [name=`+quote(name)+`]').value`, &now))
	if now != want {
		p.fail("%s holds %q, want %q", name, now, want)
	}
}

// submit presses the button that the form is for.
func (p *person) submit() {
	p.t.Helper()
	p.click("main [data-submit]")
}

// move makes a move from the matter's page: the button beside it, the form, and back.
func (p *person) move(m id.ID, name string, fields ...string) {
	p.t.Helper()
	p.matter(m)
	p.click(`[data-move="move-` + name + `"]`)
	p.fill(fields)
	p.submit()
	if at := p.at(); at != "/m/"+m.String() {
		p.fail("%s led to %s", name, at)
	}
	p.there(".flash")
}

// opens the paper that waits for a signature from the list of those that do.
func (p *person) opensPaper(m flow.Matter) {
	p.t.Helper()
	p.open("/approvals")
	var found bool
	p.do(chromedp.Evaluate(`(() => {
		const a = [...document.querySelectorAll("article.brief")].find(a => a.innerText.includes(`+quote(m.No)+`));
		if (a) a.querySelector("[data-open]").setAttribute("data-paper", "");
		return !!a;
	})()`, &found))
	if !found {
		p.fail("%s does not wait for them", m.No)
	}
	p.click("[data-paper]")
}

// decide signs or returns what waits on a matter, with the paper open.
func (c *city) decide(p *person, m id.ID, decision string, fields ...string) {
	p.t.Helper()
	p.opensPaper(c.Matter(m))
	if p.count(`[name="on"]`) > 0 { // a decision taken outside is recorded with its day
		p.fill(pairs{"on", string(c.App.DB.Today()), "note", "会议纪要"})
	}
	p.fill(fields)
	p.click(`[name="decision"][value="` + decision + `"]`)
}

// signed lets everybody sign whose turn it is, one after the other, and says how many did.
func (c *city) signed(at func(name string) *person, m id.ID) int {
	c.t.Helper()
	n := 0
	for {
		names := c.seats(m)
		if len(names) == 0 {
			return n
		}
		c.decide(at(names[0]), m, "approve")
		n++
	}
}

// staff gives people their browsers when they are first needed.
func (c *city) staff() func(name string) *person {
	all := map[string]*person{}
	return func(name string) *person {
		c.t.Helper()
		if all[name] == nil {
			all[name] = c.person(name)
		}
		return all[name]
	}
}

// print is the page as it comes out of the printer.
func (p *person) print() []byte {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 4*patience) // the Chinese fonts are embedded, which takes long on a busy machine
	defer cancel()
	var pdf []byte
	if err := chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = cdp.PrintToPDF().Do(ctx)
		return err
	})); err != nil {
		p.fail("printing: %v", err)
	}
	return pdf
}

// keys types.
func (p *person) keys(text string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(text))
}

// writes puts text where the cursor is, as an input method does.
func (p *person) writes(text string) {
	p.t.Helper()
	p.do(input.InsertText(text), chromedp.KeyEvent(kb.Shift)) // an input method ends with a key that writes nothing
}

// keyed is one key, for goes.
func keyed(k string) chromedp.Action { return chromedp.KeyEvent(k) }

// enter presses the key that leads on to another page.
func (p *person) enter() {
	p.t.Helper()
	p.goes(chromedp.KeyEvent(kb.Enter))
}

// sends presses Ctrl and Enter, which sends a form from any of its fields. The key goes down in one event, as on a
// keyboard: what the page prevents then does not happen.
func (p *person) sends() {
	p.t.Helper()
	key := input.DispatchKeyEvent(input.KeyDown).WithModifiers(input.ModifierCtrl).WithKey("Enter").WithCode("Enter").WithWindowsVirtualKeyCode(13).WithText("\r")
	up := *key
	up.Type, up.Text = input.KeyUp, ""
	p.goes(key, &up)
}

// focused expects the cursor to stand in a field.
func (p *person) focused(name string) {
	p.t.Helper()
	if at := p.cursor(); at != name {
		p.fail("the cursor stands in %q, want %q", at, name)
	}
}

// cursor is the name of the field or move the cursor stands on.
func (p *person) cursor() string {
	p.t.Helper()
	var s string
	p.do(chromedp.Evaluate(`(e => e.name || e.dataset.move || (e.dataset.submit !== undefined ? "submit" : "") || e.tagName)(document.activeElement)`, &s))
	return s
}

// farthest is how many times one may have to press Tab to reach something.
const farthest = 60

// tab goes on to a field, a move or the form's button with the Tab key alone.
func (p *person) tab(name string) {
	p.t.Helper()
	for range farthest {
		p.keys(kb.Tab)
		if p.cursor() == name {
			return
		}
	}
	p.fail("Tab does not lead to %q", name)
}

// lists waits for the candidates beside a field and takes the first of them with the arrow and Enter.
func (p *person) takesFirst(list string) {
	p.t.Helper()
	p.waits(list + " button")
	p.keys(kb.ArrowDown)
	p.keys(kb.Enter)
}

// dials chooses in a list or in a row of buttons with the arrow keys, until the value is chosen.
func (p *person) dials(name, value string) {
	p.t.Helper()
	chosen := `(els => els.length && els[0].tagName === "SELECT" ? els[0].value : (els.find(e => e.checked) || {}).value)([...document.querySelectorAll('[name=` + quote(name) + `]')])`
	p.focused(name)
	for range farthest {
		var now string
		p.do(chromedp.Evaluate(chosen+` || ""`, &now))
		if now == value {
			return
		}
		if now == "" && p.count(`input[name="`+name+`"]`) > 0 {
			p.keys(" ") // the first button of a row; from there the arrows choose
			continue
		}
		p.keys(kb.ArrowDown)
	}
	p.fail("the arrows do not lead to %s of %s", value, name)
}

// rowsOf reads one column of a query, for what no page shows.
func (c *city) rowsOf(text string, args ...any) []string {
	c.t.Helper()
	out, err := db.Column[string](c.t.Context(), c.App.DB.In(c.Units["city"].ID.City), text, args...)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}
