package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// superior is the list of a level above: what rose to it and what was refused below.
type superior struct {
	t   *testing.T
	w   *apptest.World
	srv *httptest.Server
}

// pass lets everything fall due that has, three times over, and says how many fires there were.
func (s superior) pass() int {
	s.t.Helper()
	n := 0
	for range 3 {
		k, err := s.w.App.Clocks.Pass(apptest.Ctx, s.w.App.Ledger, apptest.City, s.w.App.DB.Today(), s.w.App.Engine.Effects())
		if err != nil {
			s.t.Fatal(err)
		}
		n += k
	}
	return n
}

// lists checks whether somebody's list of what came up holds a matter.
func (s superior) lists(who string, m id.ID, want bool) {
	s.t.Helper()
	code, text := s.w.Get(s.srv, who, "/superior")
	if code != http.StatusOK || strings.Contains(text, m.String()) != want {
		s.t.Errorf("%s finds %s in the list: %v (%d), want %v", who, s.w.Matter(m).No, !want, code, want)
	}
}

// running are a matter's running clocks under a rule.
func (s superior) running(m id.ID, rule string) []deadline.Clock {
	s.t.Helper()
	all, err := deadline.Running(apptest.Ctx, s.w.App.DB.In(m.City), m.Key)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []deadline.Clock
	for _, c := range all {
		if c.Rule == rule {
			out = append(out, c)
		}
	}
	return out
}

func (s superior) seen(who string, m id.ID, c deadline.Clock) error {
	_, err := s.w.App.Engine.Seen(apptest.Ctx, s.w.As(who), m, flow.ClockMove{Clock: c.ID.Key, Version: s.w.Matter(m).Version, Reason: "已阅。"})
	return err
}

// TestNobodyActs is D24: what nobody touches by the legal day stands one level up by itself and once, whatever the
// organ below says; it goes when the level above has read it, or when whoever owes it acts; the lower duty stays late.
func TestNobodyActs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s := superior{t, w, w.Serve()}
		enter := func(title string) id.ID {
			in := entry(w)
			in.Named, in.Title = false, title
			e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
			if err != nil {
				t.Fatal(err)
			}
			return e.ID
		}
		left, acted, answered, refused := enter("无人处理的来信"), enter("迟办的来信"), enter("按期受理的来信"), enter("拟不受理的来信")
		w.Do("intake", answered, "accept", nil)
		w.Do("intake", refused, "decline", vals{"ground": {"litigation"}, "reason": {"属涉法涉诉。"}, "told_where": {"县法院"}})

		w.On("2026-10-19") // the legal day itself
		s.pass()
		s.lists("cityintake", left, false)
		w.On("2026-10-20")
		if s.pass() == 0 {
			t.Fatal("nothing fell due")
		}
		for _, m := range []id.ID{left, acted, refused} { // a refusal that is only proposed is no first action
			up := s.running(m, flow.RuleRisen)
			if len(up) != 1 || up[0].OwedBy != w.Units["city"].ID || up[0].OwedRole != access.Intake {
				t.Fatalf("%s rose as %+v", w.Matter(m).Title, up)
			}
			s.lists("cityintake", m, true)
			s.lists("intake", m, false)
			s.lists("cityoffice", m, false) // reports are between the intake offices
			if low := s.running(m, "tipoff.first_action"); len(low) != 1 || !low[0].Late(d.Today()) {
				t.Errorf("the lower duty: %+v", low)
			}
		}
		s.lists("cityintake", answered, false)
		for _, day := range []calendar.Date{"2026-10-21", "2026-10-29", "2026-11-30"} {
			w.On(day)
			s.pass()
			if up := s.running(left, flow.RuleRisen); len(up) != 1 {
				t.Fatalf("by %s it rose %d times", day, len(up))
			}
		}

		up := s.running(left, flow.RuleRisen)[0]
		for _, who := range []string{"intake", "deputy", "principal", "supervision", "sysadmin", "otherintake", "cityoffice"} {
			if err := s.seen(who, left, up); err == nil {
				t.Errorf("%s took it off the city's list", who)
			}
		}
		first := s.running(left, "tipoff.first_action")[0]
		for _, who := range []string{"intake", "deputy", "principal", "supervision"} {
			_, err := w.App.Engine.Urge(apptest.Ctx, w.As(who), left, flow.ClockMove{Clock: first.ID.Key, Version: w.Matter(left).Version, Reason: "请抓紧。"})
			if who == "intake" && err == nil {
				t.Error("the office that is late urged itself")
			}
			if len(s.running(left, flow.RuleRisen)) != 1 {
				t.Fatalf("%s took it off the city's list by urging", who)
			}
		}
		for _, ask := range []func(flow.ClockMove) (flow.Done, error){
			func(cm flow.ClockMove) (flow.Done, error) {
				return w.App.Engine.Extend(apptest.Ctx, w.As("intake"), left, cm)
			},
			func(cm flow.ClockMove) (flow.Done, error) {
				return w.App.Engine.Pause(apptest.Ctx, w.As("intake"), left, cm)
			},
		} {
			if _, err := ask(flow.ClockMove{Clock: first.ID.Key, Version: w.Matter(left).Version, Length: 5, Reason: "人手紧。", Ground: "other"}); fault.KindOf(err) != fault.Conflict {
				t.Errorf("the county moved the clock of first action: %v", err)
			}
		}
		s.lists("cityintake", left, true)

		if err := s.seen("cityintake", left, up); err != nil {
			t.Fatal(err)
		}
		s.lists("cityintake", left, false)
		if low := s.running(left, "tipoff.first_action"); len(low) != 1 {
			t.Error("being read above ended the duty below")
		}
		w.Do("intake", acted, "accept", nil)
		s.lists("cityintake", acted, false)
		w.Approve("deputy", refused)
		if up := s.running(refused, flow.RuleRisen); len(up) != 0 {
			t.Errorf("refused, and still risen: %+v", up)
		}
		s.lists("cityintake", refused, true) // now as a refusal, by itself
		if got := s.running(refused, flow.RuleSuperior); len(got) != 1 || got[0].About != "decline" {
			t.Errorf("the refusal above: %+v", got)
		} else if err := s.seen("cityintake", refused, got[0]); err != nil {
			t.Error(err)
		}
		s.lists("cityintake", refused, false)
		s.pass()
		s.lists("cityintake", left, false)
		w.Verify()
	})
}

// TestClueRises: what lies in the county, in the pool or with one of its offices, rises to the city's office, what lies in a
// township to the county's leader in charge; what was shelved stands in the city's list.
func TestClueRises(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s := superior{t, w, w.Serve()}
		office, township, shelved := handed(t, w, "full", "county.office1"), handed(t, w, "single", "single"), handed(t, w, "full", "county.office2")
		pool := child(t, w, pooled(t, w), "clue")
		w.Do("handler3", shelved, "propose", disposal("shelve"))
		w.Approve("head2", shelved)
		w.Approve("deputy", shelved)
		s.lists("cityoffice", shelved, true)
		if up := s.running(shelved, flow.RuleSuperior); len(up) != 1 || s.seen("principal", shelved, up[0]) == nil {
			t.Errorf("the county reads its own shelving: %+v", up)
		}

		w.On("2026-11-13") // a month and a day
		s.pass()
		for m, want := range map[id.ID]struct {
			unit string
			role access.Role
		}{pool: {"city", access.Observer}, office: {"city", access.Observer}, township: {"county", access.Deputy}} {
			var at []string
			for _, c := range s.running(m, flow.RuleRisen) {
				if c.OwedBy == w.Units[want.unit].ID && c.OwedRole == want.role {
					at = append(at, c.About)
				}
			}
			if len(at) == 0 {
				t.Errorf("%s didn't rise to %s of %s: %+v", w.Matter(m).No, want.role, want.unit, s.running(m, flow.RuleRisen))
			}
			before := len(s.running(m, flow.RuleRisen))
			s.pass()
			if n := len(s.running(m, flow.RuleRisen)); n != before {
				t.Errorf("it rose again: %d, then %d", before, n)
			}
		}
		s.lists("cityoffice", pool, true)
		s.lists("cityoffice", office, true)
		s.lists("deputy", office, false)
		s.lists("deputy", township, true)
		s.lists("deputy", pool, false)
		w.Do("supervision", pool, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
		// Handing it out late is no disposal: that is what the law gave a month for, and it stays owed and above.
		s.lists("cityoffice", pool, true)
		w.Do("handler", pool, "propose", disposal("verification"))
		w.Approve("head", pool)
		w.Approve("deputy", pool)
		s.lists("cityoffice", pool, false)
		w.Verify()
	})
}

// pooled is a tip-off whose clue lies in the county's pool.
func pooled(t *testing.T, w *apptest.World) id.ID {
	t.Helper()
	in := entry(w)
	in.Named = false
	e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
	if err != nil {
		t.Fatal(err)
	}
	w.Do("intake", e.ID, "accept", nil)
	return e.ID
}
