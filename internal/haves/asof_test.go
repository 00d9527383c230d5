package haves_test

import (
	"maps"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/haves"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestBoardOfADay: a round is said, checked and closed, another begins, and a township is merged. Asked as of any day the boards have what
// had been said and checked by then over the townships of then, the city's as the county's own, and nobody does anything there.
func TestBoardOfADay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("personnel", "孟组", "personnel_clerk", "county")
		s, r := w.App.Haves, d.In(apptest.City)
		first, err := s.Make(ctx, w.As("principal"), id.ID{}, "六有标准", false)
		must(t, err)
		must(t, s.Issue(ctx, w.As("principal"), first, 1))
		l := list(t, w, "principal", first)
		round, err := s.Open(ctx, w.As("principal"), "头一轮", "2026-10-30")
		must(t, err)
		w.On("2026-10-13")
		must(t, rate(t, w, "officer", round, "full", rated(w, l, "rules.core")))
		w.On("2026-10-14")
		must(t, rate(t, w, "hlofficer", round, "headless", rated(w, l, "rules.core")))
		w.On("2026-10-16")
		must(t, check(t, w, "principal", round, "headless", judged(l, "rules.core"))) // it was there after all
		w.On("2026-10-20")
		must(t, s.Close(ctx, w.As("principal"), round, 1))
		w.On("2026-10-22")
		second, err := s.Open(ctx, w.As("principal"), "第二轮", "2026-11-30")
		must(t, err)
		w.On("2026-10-24")
		key, err := w.App.Org.Reorganise(ctx, w.As("personnel"), org.Reorganisation{Kind: org.UnitMerge, Unit: w.Units["headless"].ID.Key, Into: w.Units["single"].ID.Key, On: "2026-10-24", Paper: "省政函〔2026〕88号"})
		must(t, err)
		must(t, w.App.Org.DecideReorganisation(ctx, w.As("secadmin"), key, 1, true, ""))
		w.On("2026-10-26")

		for _, c := range []struct {
			on            calendar.Date
			round         id.ID
			towns         int
			said, checked string
			rules         haves.Standing
			gaps          int
			closed        bool
		}{
			{"2026-10-11", round, 0, "", "", haves.Standing{}, 0, false},
			{"2026-10-12", round, 3, "", "", haves.Standing{}, 0, false},
			{"2026-10-13", round, 3, "石桥镇", "", haves.Standing{Of: 1}, 0, false},
			{"2026-10-15", round, 3, "石桥镇 柏岭乡", "", haves.Standing{Of: 2}, 0, false},
			{"2026-10-16", round, 3, "石桥镇 柏岭乡", "柏岭乡", haves.Standing{Met: 1, Of: 2}, 1, false},
			{"2026-10-21", round, 3, "石桥镇 柏岭乡", "柏岭乡", haves.Standing{Met: 1, Of: 2}, 1, true},
			{"2026-10-23", second, 3, "", "", haves.Standing{}, 1, false},
			{"2026-10-24", second, 2, "", "", haves.Standing{}, 0, false},
		} {
			b, err := s.BoardOn(ctx, r, w.As("principal"), c.round.Key, c.on)
			must(t, err)
			var said, checked []string
			gaps := 0
			for _, x := range b.Towns {
				if gaps += x.Gaps; x.Said {
					said = append(said, x.Unit.Name)
				}
				if x.Checked {
					checked = append(checked, x.Unit.Name)
				}
			}
			if len(b.Towns) != c.towns || strings.Join(said, " ") != c.said || strings.Join(checked, " ") != c.checked || b.All["rules"] != c.rules || gaps != c.gaps || (b.Round.Closed != "") != c.closed || b.Runs {
				t.Errorf("%s: %d townships, said %v, checked %v, %+v, %d gaps, closed %q, runs %v", c.on, len(b.Towns), said, checked, b.All, gaps, b.Round.Closed, b.Runs)
			}
			latest, ok, err := s.LatestOn(ctx, r, w.Units["county"].ID.Key, c.on)
			if must(t, err); ok != (c.towns > 0) || ok && latest.ID != c.round {
				t.Errorf("%s: the latest is %v %v", c.on, latest, ok)
			}
			rows, all, err := s.CountiesOn(ctx, r, w.As("cityorg"), c.on)
			if must(t, err); len(rows) != 2 || rows[0].Round.Zero() != (c.towns == 0) || !maps.Equal(rows[0].By, b.All) || !maps.Equal(all, b.All) {
				t.Errorf("%s: the city sees %+v, the county %+v", c.on, rows[0], b.All)
			}
		}
		if _, err := s.BoardOn(ctx, r, w.As("otherprincipal"), round.Key, "2026-10-16"); code(err) != "not_found" {
			t.Errorf("another county: %v", err)
		}

		srv := w.Serve()
		at := func(who, path string, want int, has, lacks []string) {
			t.Helper()
			code, text := w.Get(srv, who, path)
			for _, x := range has {
				if code != want || !strings.Contains(text, x) {
					t.Errorf("%s by %s (%d) lacks %s", path, who, code, x)
				}
			}
			for _, x := range lacks {
				if strings.Contains(text, x) {
					t.Errorf("%s by %s shows %s", path, who, x)
				}
			}
		}
		forms := []string{`method="post" action="/haves`}
		at("principal", "/haves", 200, []string{"第二轮", `name="on"`, `value="close"`}, []string{"柏岭乡", "的情况：乡镇和队伍"})
		at("principal", "/haves?on=2026-10-16", 200, []string{"头一轮", "柏岭乡", "已核对", "2026年10月16日的情况：乡镇和队伍"}, append(forms, "第二轮"))
		at("principal", "/haves?on=2026-10-23", 200, []string{"第二轮", "柏岭乡", "/haves/rounds/" + round.String() + "?on=2026-10-23"}, forms)
		at("principal", "/haves/rounds/"+second.String()+"?on=2026-10-16", 200, []string{"10月22日才开展"}, append(forms, "柏岭乡"))
		at("principal", "/haves?on=2026-10-11", 200, []string{"还没有开展过"}, forms)
		at("cityorg", "/haves?on=2026-10-16", 200, []string{"/haves/rounds/" + round.String() + "?on=2026-10-16"}, nil)
		for _, bad := range []string{"2026-02-30", "2026-12-01", "x"} {
			at("cityorg", "/haves?on="+bad, 422, []string{"html"}, nil)
			at("principal", "/haves?on="+bad, 422, []string{"html"}, nil)
			at("principal", "/haves/rounds/"+round.String()+"?on="+bad, 422, []string{"html"}, nil)
		}
	})
}
