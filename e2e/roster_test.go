package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestRosterMended: the county's personnel clerk uploads a roster with two rows that are wrong, reads which columns were recognised
// and what is wrong, fetches the table with the reasons, uploads it mended, confirms, and finds who came on the unit's page. The same
// table once more changes nothing.
func TestRosterMended(t *testing.T) {
	t.Parallel()
	c := newCity(t, [4]string{"personnel", "皮组", "personnel_clerk", "county"})
	p := c.staff()("personnel")
	upload := func(text string) {
		t.Helper()
		p.open("/import")
		p.fill(pairs{"kind", "乡镇纪委名册"})
		p.do(chromedp.SetUploadFiles("#i-file", []string{held(t, "名册.csv", text)}, chromedp.ByQuery))
		p.click("main .stackform .btn-1")
	}
	const head = "云渡县乡镇纪委名册\n单位,职务,姓名,出生年月,任职时间,备注\n"
	upload(head + "柏岭乡,纪委主任,岑来,1994-08,2026-09-20,新任\n柏岭乡,纪委副书记,范副,,,\n柏岭乡,专职干事,柴新,2099-05,2026-10-01,替彭干\n")
	p.sees("已识别", "任职时间（按“任现职日期”读取）", "未识别，不读取", "备注", "有2行需要修改，没有写入任何内容", "第3行", "没有“纪委主任”这一项", "第5行", "现在不满16周岁")
	p.seesNot("确认写入")
	if x := p.gets("下载标注表格"); !strings.HasPrefix(x, "PK") {
		t.Errorf("the table with the reasons is no workbook: %.20q", x)
	}
	mended := head + "柏岭乡,纪委书记,岑来,1994-08,2026-09-20,新任\n柏岭乡,纪委副书记,范副,,,\n柏岭乡,专职干事,柴新,1999-05,2026-10-01,替彭干\n"
	upload(mended)
	p.sees("没有发现问题", "新增", "岑来", "变更", "彭干", "柴新", "备注")
	p.open("/units/" + c.Units["headless"].ID.String())
	p.seesNot("岑来", "柴新") // not before it is confirmed
	p.sees("彭干")
	upload(mended)
	p.click(`main form[action="/import/confirm"] .btn-1`)
	p.sees("已经写入")
	p.open("/units/" + c.Units["headless"].ID.String())
	p.sees("岑来", "范副", "柴新")
	upload(mended)
	p.sees("与现有数据一致，没有需要写入的变化")
	p.seesNot("确认写入")
}
