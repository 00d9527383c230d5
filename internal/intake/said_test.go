package intake_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/flow"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func report(w *apptest.World, unit, name, body, post, rank string) (intake.Entered, error) {
	return w.App.Intake.Enter(apptest.Ctx, w.As("intake"), intake.Entry{Subject: org.SubjectInput{Unit: w.Units[unit].ID.Key, UnitText: body, Name: name, Post: post, Rank: rank, PartyMember: true},
		Channel: "letter", Received: "2026-10-12", Title: "反映收受礼金", Summary: "来信反映收受礼金。", Discipline: "integrity"})
}

// Whatever name and rank were filled in, the words of the post say that it is the organ's own chief, or a leader of an organ
// above: a slip, with nothing kept of what was written.
func TestTheWordsSayTheChief(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		for _, c := range []struct {
			unit, name, body, post, rank string
			slip                         bool
			hidden                       bool // from the chief
		}{
			{"county", "", "", "县纪委书记", "deputy_county", true, true},
			{"county", "", "", "县纪委书记", "staff", true, true},
			{"county", "", "县纪委监委", "主任", "section", true, true},
			{"county", "严某某", "", "县委常委、县纪委书记", "section", true, true},
			{"full", "", "", "县纪委书记", "section", true, true},
			{"county.office1", "", "", "纪委书记", "section", true, true},
			{"county", "", "", "市纪委副书记", "section", false, false}, // said of the county's unit, whose city is asked below
			{"county", "", "", "县教育局局长", "section", false, false},
		} {
			st, _, err := w.App.Intake.Stand(apptest.Ctx, d.In(apptest.City), w.As("intake"), org.SubjectInput{Unit: w.Units[c.unit].ID.Key, Name: c.name, UnitText: c.body, Post: c.post, Rank: c.rank, Category: "c1", PartyMember: true})
			if err != nil {
				t.Fatal(err)
			}
			if c.post == "市纪委副书记" {
				if !st.Slip || st.Reason != "higher_managed" || st.To.ID != w.Units["city"].ID {
					t.Errorf("%s: %+v", c.post, st)
				}
				continue
			}
			e, err := report(w, c.unit, c.name, c.body, c.post, c.rank)
			if err != nil {
				t.Fatalf("%+v: %v", c, err)
			}
			if e.Slip != c.slip || st.Slip != c.slip {
				t.Errorf("%+v: slip %v, said before %v", c, e.Slip, st.Slip)
			}
			_, err = flow.Get(apptest.Ctx, d.In(apptest.City), w.As("principal"), e.ID.Key)
			if (err != nil) != c.hidden {
				t.Errorf("%+v: the chief sees it: %v", c, err)
			}
		}
		w.Verify()
	})
}

// A leader said by the post alone is kept from the matter and it stands above them: the only one for certain, of several
// each until the organ above has answered.
func TestTheWordsSayALeader(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		town, err := report(w, "full", "", "", "镇纪委书记", "deputy_section")
		if err != nil {
			t.Fatal(err)
		}
		if !w.As("secretary").Barred || w.As("twpdeputy").Barred || w.Matter(town.ID).Level != access.County {
			t.Errorf("of the township: %v %v", w.As("secretary").Barred, w.As("twpdeputy").Barred)
		}
		w.Hire("deputy2", "岑副", "vice", "county")
		e, err := report(w, "county", "", "县纪委", "副书记", "section")
		if err != nil {
			t.Fatal(err)
		}
		if m := w.Matter(e.ID); m.Level != access.City || !e.Gone {
			t.Errorf("it stands at level %d", m.Level)
		}
		if !w.As("deputy").Barred || !w.As("deputy2").Barred || w.As("principal").Barred {
			t.Error("the wrong people are kept out")
		}
		ns, err := w.App.Namesakes.Of(apptest.Ctx, d.In(apptest.City), w.As("citychief"), w.Matter(e.ID))
		if err != nil || len(ns) != 2 || ns[0].Came != "post" {
			t.Errorf("who may be meant: %+v %v", ns, err)
		}
		w.Verify()
	})
}
