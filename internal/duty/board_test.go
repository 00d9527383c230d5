package duty_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestBoardOfADay: a hand-back goes all the way round, is kept in the end, and another is withdrawn. Asked as of any day the board has
// each where it stood at the end of that day, with the day it was held to and the township's name of then, for the same readers as now.
func TestBoardOfADay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := enter(t, w, refused(w)).HandBack
		w.Do("supervision", m, "send", vals{"on": {"2026-10-12"}})
		w.On("2026-10-14")
		other := refused(w)
		other.Name, other.Work, other.From = "收费专项整治牵头", "collection", "2026-10-14"
		n := enter(t, w, other).HandBack
		w.On("2026-10-16")
		w.Do("supervision", n, "withdraw", vals{"reason": {"登记有误。"}})
		w.On("2026-10-20")
		w.Do("officer", m, "receive", vals{"signed_by": {"交易站"}, "on": {"2026-10-20"}})
		w.On("2026-10-25")
		if _, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "rows.import", Organ: w.Units["county"].ID}, org.RenameUnit(apptest.Ctx, tx, w.Units["full"], "石桥新镇", "2026-10-25")
		}); err != nil {
			t.Fatal(err)
		}
		w.On("2026-10-28")
		w.Do("supervision", m, "verify", vals{"result": {"stays"}, "on": {"2026-10-28"}, "note": {"现场核看。"}})
		w.On("2026-11-05")
		w.Do("supervision", m, "creep", vals{"on": {"2026-11-05"}, "note": {"仍由纪委见证。"}})
		w.On("2026-11-06")
		w.Do("supervision", m, "send", vals{"on": {"2026-11-06"}})
		w.On("2026-11-07")
		w.Do("officer", m, "refuse", vals{"reason": {"人手不够。"}, "on": {"2026-11-07"}})
		w.On("2026-11-09")
		w.Do("principal", m, "decide", vals{"decision": {"keep"}, "reason": {"阶段性由纪委监督。"}})
		w.On("2026-11-20")

		stood := func(who string, on calendar.Date) (out []string) {
			t.Helper()
			by, err := w.App.Duties.BoardOn(apptest.Ctx, w.As(who), on, 10)
			if err != nil {
				t.Fatal(err)
			}
			for state, xs := range by {
				for _, x := range xs {
					out = append(out, map[bool]string{true: "m ", false: "n "}[x.ID == m]+state)
				}
			}
			slices.Sort(out)
			return out
		}
		for on, want := range map[calendar.Date][]string{"2026-10-11": nil, "2026-10-12": {"m sent"}, "2026-10-13": {"m sent"}, "2026-10-14": {"m sent", "n proposed"}, "2026-10-16": {"m sent"}, "2026-10-20": {"m received"},
			"2026-10-27": {"m received"}, "2026-10-28": {"m verified"}, "2026-11-04": {"m verified"}, "2026-11-05": {"m crept"}, "2026-11-06": {"m sent"},
			"2026-11-07": {"m county"}, "2026-11-08": {"m county"}, "2026-11-09": nil, "2026-11-19": nil} {
			for _, who := range []string{"supervision", "officer", "cityoffice"} {
				if got := stood(who, on); !slices.Equal(got, want) {
					t.Errorf("on %s for %s: %v, want %v", on, who, got, want)
				}
			}
			for _, who := range []string{"othersupervision", "lone"} {
				if got := stood(who, on); len(got) > 0 {
					t.Errorf("on %s %s sees %v", on, who, got)
				}
			}
		}

		s := newSite(t, w)
		under := func(body, state string) string { // what stands in a column
			_, body, _ = strings.Cut(body, ">"+state+"</h2>")
			body, _, _ = strings.Cut(body, "</section>")
			return body
		}
		for _, c := range []struct{ on, state, has, lacks string }{
			{"2026-10-13", "已发函", "石桥镇", "石桥新镇"},
			{"2026-10-13", "已发函", "10月26日", ""}, // ten working days from the letter, the day that it was held to then
			{"2026-10-14", "拟交还", "收费专项整治牵头", "工程招标现场见证"},
			{"2026-10-28", "已核实", "石桥新镇", ""},
			{"2026-11-05", "回头转", "工程招标现场见证", ""},
			{"", "已发函", "", "工程招标现场见证"},
		} {
			path := "/handbacks/board"
			if c.on != "" {
				path += "?on=" + c.on
			}
			body := s.sees("supervision", path, `name="on"`)
			if col := under(body, c.state); col == "" || !strings.Contains(col, c.has) || c.lacks != "" && strings.Contains(col, c.lacks) {
				t.Errorf("%s on %q: %s", c.state, c.on, col)
			}
			if strings.Contains(body, "的情况：交还事项") != (c.on != "") || c.on != "" && strings.Contains(body, "/handbacks?view=") {
				t.Errorf("the board of %q does not say which day it is of, or leads to today's lists", c.on)
			}
		}
		for _, bad := range []string{"2026-02-30", "2026-12-01", "x"} {
			if res := s.ask("supervision", http.MethodGet, "/handbacks/board?on="+bad, nil); res.Code != http.StatusUnprocessableEntity && res.Code != http.StatusBadRequest {
				t.Errorf("on %s: %d", bad, res.Code)
			}
		}
	})
}
