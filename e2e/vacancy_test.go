package e2e

import (
	"testing"

	"qianshao/internal/id"
	"qianshao/internal/org/staffing"
	"qianshao/internal/platform/db"

	"qianshao/internal/app/apptest"
)

// TestVacancyFilled: a deputy of a township leaves, and the board shows it with who could follow; the county's personnel clerk puts
// one of them forward from there, the chief agrees with the paper, the security administrator confirms once their own post is ended; the clock and the board
// follow by themselves.
func TestVacancyFilled(t *testing.T) {
	t.Parallel()
	c := newCity(t, [4]string{"personnel", "皮组", "personnel_clerk", "county"}, [4]string{"citysec", "卜安", "secadmin", "city"})
	at := c.staff()
	p := at("personnel")
	p.open("/force/vacancies")
	p.sees("空缺看板", "编制内的岗位都有人")

	p.open("/admin/posts/" + postOf(c, "twpdeputy"))
	p.press("main summary")
	p.fill(pairs{"on", "2026-10-12", "leave_reason", "选任到县级机关", "leave_to", "县纪委监委"})
	p.refused().click("main .btn-red")
	p.sees("请填写文件号")
	p.fill(pairs{"leave_paper", "县纪干〔2026〕3号"})
	p.click("main .btn-red")
	p.sees("离任已经登记")
	m := c.only("vacancy")

	p.open("/force/vacancies")
	p.sees("石桥镇", "纪委副书记", "奚干", "彭干", "可接任")
	p.tapped(".vacants", "奚干")
	p.sees("奚干", "提出任职")
	p.fill(pairs{"from", "2026-10-12", "paper", "组〔2026〕8号"})
	p.click("#ask [data-submit]")
	p.sees("已经提出，请另一位确认", "尚未答复")
	c.in(m, staffing.Asked)

	l := at("principal")
	l.open("/")
	l.sees("石桥镇纪委副书记空缺")
	l.move(m, "consent", "paper", "县纪干〔2026〕4号")
	c.in(m, staffing.Agreed)
	l.sees("同意，县纪干〔2026〕4号")

	s := at("citysec")
	s.open("/admin/posts/" + postOf(c, "twpdeputy"))
	s.sees("奚干", "同意，县纪干〔2026〕4号")
	s.refused().click(`[name="do"][value="grant"]`)
	s.sees("这个人还在石桥镇的编制岗位上", "请先登记原岗位的离任")

	p.open("/admin/posts/" + postOf(c, "officer"))
	p.press("main summary")
	p.fill(pairs{"on", "2026-10-12", "leave_reason", "调任其他岗位", "leave_to", "石桥镇纪委副书记", "leave_paper", "县纪干〔2026〕4号"})
	p.click("main .btn-red")
	p.sees("离任已经登记")
	s.open("/admin/posts/" + postOf(c, "twpdeputy"))
	s.click(`[name="do"][value="grant"]`)
	s.sees("任职已经确认")
	c.in(m, staffing.Filled)
	p.open("/force/vacancies")
	p.sees("石桥镇", "专职干事") // whose post is free now
	p.seesNot("纪委副书记空缺")
	p.open("/vacancies?view=filled")
	p.sees("石桥镇纪委副书记空缺")
}

// postOf is the post that somebody held when the city was made.
func postOf(c *city, who string) id.Key {
	c.t.Helper()
	posts, err := db.Column[id.Key](apptest.Ctx, c.App.DB.In(apptest.City), `SELECT h.post_id FROM holdings h WHERE h.city_id = $1 AND h.id = $2`, c.Who[who].Holding)
	if err != nil || len(posts) != 1 {
		c.t.Fatalf("%s holds %d posts: %v", who, len(posts), err)
	}
	return posts[0]
}
