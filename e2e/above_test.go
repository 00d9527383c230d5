package e2e

import (
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/intake"
	"qianshao/internal/org"
)

// TestAbove is a leader of the city and one of the province, each with a paper that waits for them: what names one of the
// level below stands in the register above, where it is worked on, briefed in three lines, and signed.
func TestAbove(t *testing.T) {
	t.Parallel()
	c := newCity(t, [4]string{"provinceintake", "项访", "intake_clerk", "province"}, [4]string{"provinceleader", "庞省", "vice", "province"})
	for _, x := range []struct{ unit, names, enters, takes, leads string }{
		{"county", "supervision", "intake", "cityintake", "cityleader"},
		{"city", "cityoffice", "cityintake", "provinceintake", "provinceleader"},
	} {
		named := c.Who[x.names].Name
		e, err := c.App.Intake.Enter(apptest.Ctx, c.As(x.enters), intake.Entry{
			Subject: org.SubjectInput{Unit: c.Units[x.unit].ID.Key, Name: named, Post: "工作人员", Rank: "staff", Category: "c1", PartyMember: true},
			Channel: "letter", Received: c.App.DB.Today(), Title: "反映" + named + "处理工程款纠纷不公", Summary: "来信反映其在工程款纠纷中偏袒一方，当事人已起诉。", Discipline: "work"})
		if err != nil {
			t.Fatal(err)
		}
		at := c.staff()
		q := at(x.takes)
		q.open("/")
		q.sees("反映" + named + "处理工程款纠纷不公")
		q.move(e.ID, "decline", "ground", "litigation", "reason", "纠纷已由法院受理，应由法院处理。", "told_where", "人民法院")
		m := c.in(e.ID, "decline_review")
		if m.Organ != c.Units[map[string]string{"county": "city", "city": "province"}[x.unit]].ID {
			t.Errorf("%s stands with %s", m.No, m.Organ)
		}
		l := at(x.leads)
		l.open("/")
		l.sees(m.No)
		l.open("/approvals")
		if n := l.count("article.brief .three-lines p"); n != 3 {
			l.fail("the brief has %d lines", n)
		}
		l.sees(m.No, "不予受理", "纠纷已由法院受理，应由法院处理。", c.Who[x.takes].Name)
		c.decide(l, e.ID, "approve")
		c.in(e.ID, "declined")
		q.matter(e.ID)
		q.sees(c.Who[x.leads].Name)
		below := at(x.enters)
		below.refused().matter(e.ID)
	}
	c.Verify()
}
