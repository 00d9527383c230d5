package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"qianshao/internal/id"
)

// TestCounter is the county's intake: a named letter is entered and accepted without a mouse, and what is owed to the
// reporter stands there with its day.
func TestCounter(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	p := c.person("intake")
	p.keys("g")
	p.goes(keyed("t"))
	p.goes(keyed("n"))
	if asked := p.count("main form .f"); asked > mostAsked {
		p.fail("the form asks for %d things before anything is opened", asked)
	}
	p.level("unit_typed", "subject_name", "post")
	p.about("letter")
	p.tab("title")
	p.writes("反映石桥镇农业综合服务中心主任虚报管护费")
	p.tab("summary")
	p.writes("来信反映该主任虚报高标准农田管护费，数额不详，附发放表复印件。")
	p.tab("discipline")
	p.dials("discipline", "integrity")
	p.tab("named")
	p.dials("named", "yes")
	p.tab("reporter_name")
	p.writes("赵六")
	p.tab("reporter_contact")
	p.keys("13900000000")
	p.sends()

	p.sees("云渡纪信〔2026〕0001号", "10月19日", "告知实名举报人受理情况", "11月2日")
	p.seesNot("赵六", "13900000000")
	p.tab("move-accept")
	p.enter()
	p.tab("submit")
	p.enter()
	p.there(".flash")
	p.sees("告知实名举报人受理情况", "11月2日")
	m := c.in(c.only("tipoff"), "in_hand")
	if m.Due != "2026-11-02" { // fifteen working days
		t.Errorf("the reporter is owed word by %s", m.Due)
	}
	c.in(c.child(m.ID, "clue"), "pool")
	p.open("/")
	p.sees("告知实名举报人受理情况", "11月2日")
}

// mostAsked is how many things a form asks for at first; the rest is behind a fold.
const mostAsked = 9

// level expects fields that stand in one row to stand at one height.
func (p *person) level(names ...string) {
	p.t.Helper()
	var tops []float64
	p.do(chromedp.Evaluate(`[`+strings.Join(quoted(names), ",")+`].map(n => document.querySelector('main form [name="' + n + '"]').getBoundingClientRect().top)`, &tops))
	for i := range tops {
		if tops[i] != tops[0] {
			p.fail("%v stand at %v", names, tops)
		}
	}
}

func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quote(n)
	}
	return out
}

// about fills in whom a report is about and how it came, as far as every report is alike, with the keys alone.
func (p *person) about(channel string) {
	p.t.Helper()
	p.focused("unit_typed")
	p.writes("石桥")
	p.takesFirst("#unit-picks")
	p.focused("subject_name")
	p.writes("吴某")
	p.tab("post")
	p.writes("农业综合服务中心主任")
	p.tab("rank")
	p.dials("rank", "staff")
	p.waits("[data-own]")
	p.tab("channel")
	p.dials("channel", channel)
}

// chooses goes to a move beside the matter and opens its form.
func (p *person) chooses(move string) {
	p.t.Helper()
	p.tab("move-" + move)
	p.enter()
}

// TestCounterSlip is somebody whom a higher level manages: the form becomes a slip that has no place for a text.
func TestCounterSlip(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	p := c.person("intake")
	p.open("/tipoffs/new")
	p.fill(pairs{"unit_typed", "云渡"})
	p.keys(kb.End)
	p.takesFirst("#unit-picks")
	p.fill(pairs{"subject_name", "钱某", "post", "副县长"})
	p.there("#f-summary")
	p.fill(pairs{"rank", "deputy_county"})
	p.waits("[data-slip]")
	if n := p.count(`main form textarea, main form [name="title"], main form [name="reporter_name"]`); n > 0 {
		p.fail("the slip asks for %d texts", n)
	}
	p.look()
	p.fill(pairs{"channel", "letter", "received", "2026-10-11"})
	p.click(`button[name="again"]`)
	p.seesNot("钱某反映")
	p.keeps("received", "2026-10-11") // the next of the pile came the same way, on the same day
	p.there(`[name="channel"][value="letter"]:checked`)
	m := c.in(c.only("slip"), "registered")
	p.matter(m.ID)
	p.sees("XX市")
	if n := len(c.rowsOf(`SELECT t.id FROM tipoffs t WHERE t.city_id = $1`)); n > 0 {
		t.Errorf("%d tip-offs were entered beside the slip", n)
	}
}

// only is the one matter of a kind that there is.
func (c *city) only(kind string) id.ID {
	c.t.Helper()
	ks := c.rowsOf(`SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = $2`, kind)
	if len(ks) != 1 {
		c.t.Fatalf("there are %d of kind %s", len(ks), kind)
	}
	return id.ID{City: c.Units["city"].ID.City, Key: ks[0]}
}
