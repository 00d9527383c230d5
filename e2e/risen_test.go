package e2e

import (
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/intake"
	"qianshao/internal/org"
)

// TestRisen is a report that nobody takes up: on the day after the legal one it stands in the list of the level above by
// itself, and stays late below.
func TestRisen(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	e, err := c.App.Intake.Enter(apptest.Ctx, c.As("intake"), intake.Entry{
		Subject: org.SubjectInput{Unit: c.Units["full"].ID.Key, Name: "吴某", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", PartyMember: true},
		Channel: "letter", Received: "2026-10-12", Original: "来信原文", Title: "反映石桥镇农业综合服务中心主任虚报管护费", Summary: "来信反映该主任虚报管护费，数额不详。", Discipline: "integrity"})
	if err != nil {
		t.Fatal(err)
	}
	no := c.Matter(e.ID).No
	above := c.person("cityintake")
	above.open("/superior")
	above.seesNot(no)
	for _, d := range []calendar.Date{"2026-10-14", "2026-10-19"} { // the working days left are five, then none
		c.day(d)
		c.night()
		above = c.person("cityintake")
		above.open("/superior")
		above.seesNot(no)
	}
	leader := c.person("deputy") // warned before the day
	leader.open("/watch")
	leader.sees(no)

	c.day("2026-10-20")
	c.night()
	c.night() // a pass that comes twice lets nothing rise twice
	for _, who := range []string{"cityintake", "citychief"} {
		above = c.person(who)
		above.open("/superior")
		above.sees(no, "云渡县纪委监委", "10月20日列入")
		if n := above.count(".superiorlist li"); n != 1 {
			above.fail("%d matters rose, want 1", n)
		}
	}
	above = c.person("cityintake")
	above.open("/")
	above.sees(no)
	above.matter(e.ID)
	below := c.person("intake")
	below.open("/")
	below.sees(no, "逾期")
	c.in(e.ID, "received")
}
