package e2e

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"qianshao/internal/flow"
	"qianshao/internal/locale"
)

// TestLeader is the county's chief between two meetings: what waits for a signature in three lines each, and the report,
// of which every number opens to the rows behind it.
func TestLeader(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	at := c.staff()
	for _, title := range []string{"反映石桥镇农业综合服务中心主任虚报管护费", "反映石桥镇民政工作人员优亲厚友"} {
		m := c.found("full", title)
		c.Do("supervision", m, "hand_out", flow.Values{"target": {c.Units["county.office1"].ID.Key}, "back": {"no"}})
		c.Do("handler", m, "propose", flow.Values{"disposal": {"inquiry"}, "inquiry_form": {"letter"}, "inquiry_plan": {"函询发放标准。"}, "reason": {"问题具体但数额不大，宜先由本人说明。"}, "studied_on": {"2026-10-12"}, "studied_by": {"姜、戚、谢"}})
		c.Approve("head", m)
		c.Approve("deputy", m)
	}
	p := at("principal")
	p.open("/")
	p.open("/approvals")
	if n := p.count("article.brief .three-lines"); n != 2 {
		p.fail("%d papers wait, want 2", n)
	}
	p.sees("函询", "问题具体但数额不大，宜先由本人说明。", "第一纪检监察室 戚办")
	p.keys("j")
	p.goes(keyed("y"))
	if n := p.count("article.brief"); n != 1 {
		p.fail("%d papers wait, want 1", n)
	}

	p.open("/report")
	var refused []string
	p.do(chromedp.Evaluate(refusedFigures, &refused, func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	if len(refused) > 0 {
		t.Errorf("numbers of the report that do not open: %v", refused)
	}
	for fig, rows := range map[string]int{"clue.by_channel": 2, "staff.held": 6} {
		p.open("/report")
		p.click(`main a.fig[href*="/measures/` + fig + `?"]`)
		if n := p.count("main tr[data-row]"); n != rows || !strings.HasPrefix(p.textOf(".big b"), strconv.Itoa(rows)) {
			t.Errorf("%s is %s, with %d rows behind it", fig, p.textOf(".big b"), n)
		}
	}
	p.click("main tr[data-row] a[data-open]")

	// The leaders above read the same figures, in the language they chose.
	for _, who := range []string{"citychief", "province"} {
		q := sit(t, c.url, who, locale.En)
		q.signIn()
		for _, path := range []string{"/watch", "/superior", "/force", "/measures", "/report"} {
			q.open(path)
		}
		q.sees("problems")
	}
}

// refusedFigures asks for every page that a number of the report leads to, and names those that do not come.
const refusedFigures = `Promise.all([...new Set([...document.querySelectorAll("main a.fig")].map(a => a.getAttribute("href")).filter(h => h.startsWith("/")))]
	.map(h => fetch(h).then(r => r.ok ? "" : h + " " + r.status))).then(a => a.filter(x => x))`
