package exchange_test

import (
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/exchange"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// wrongs is what is wrong in each row, with the column, by its place in the file.
func wrongs(t *testing.T, rep exchange.Report) map[int]string {
	t.Helper()
	out := map[int]string{}
	for _, l := range rep.Lines {
		for _, p := range l.Problems {
			out[l.Row] += p.Column + ":" + p.Code + " "
			for _, lang := range []string{locale.Zh, locale.En} {
				if x := p.Text(lang); strings.Contains(x, "fault.") || strings.Contains(x, "sheet.") || strings.Contains(x, "{") {
					t.Errorf("no words for %+v: %s", p, x)
				}
			}
		}
	}
	return out
}

const rosterHead = "单位,职务,姓名,出生年月,任现职日期,此前从事纪检工作月数,人员编号\n"

// held are the holdings of the establishment by people of a name: unit, post, from and to.
func held(t *testing.T, d *db.DB, name string) []string {
	t.Helper()
	out, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT u.name || ' ' || h.kind || ' ' || h.from_on || ' ' || h.to_on || ' ' || h.person_id FROM holdings h JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id
		JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id WHERE h.city_id = $1 AND p.name = $2 ORDER BY h.from_on, h.id`, name)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestNobodyHoldsTwoPosts: a roster never has one person in two posts of the establishment: not by a row that stands there twice,
// not beside a post they hold elsewhere; who moves leaves the one post by the same roster, on the day they take the other.
func TestNobodyHoldsTwoPosts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		who := w.As("cityorg")
		before := acts(t, w)
		for _, c := range []struct {
			what, rows string
			want       map[int]string
		}{
			{"the same row twice", "柳湾乡,书记,郎书,1985-03,2023-01-01,,\n柳湾乡,干事,新来,1990-03,2026-09-01,,\n柳湾乡,干事,新来,1990-03,2026-09-01,,\n", map[int]string{4: "name:sheet.twice "}},
			{"without a month of birth", "柳湾乡,干事,新来,,,,\n柳湾乡,干事,新来,,,,\n", map[int]string{3: "name:sheet.twice "}},
			{"two posts of one township", "柳湾乡,书记,新来,,,,\n柳湾乡,干事,新来,,,,\n", map[int]string{3: "name:sheet.person_twice "}},
			{"two townships", "柳湾乡,干事,新来,1990-03,,,\n柏岭乡,书记,新来,1990-03,,,\n", map[int]string{3: "name:sheet.person_twice "}},
			{"one number, two townships", "柳湾乡,干事,新来,1990-03,,,R-1\n柏岭乡,书记,新来,1990-04,,,R-1\n", map[int]string{3: "name:sheet.person_twice "}},
			{"a post elsewhere that the roster does not end", "柏岭乡,书记,葛副,1985-03,2026-09-20,,\n", map[int]string{2: "name:sheet.person_holds "}},
			{"a post elsewhere that the roster keeps", "石桥镇,副书记,葛副,,,,\n柏岭乡,书记,葛副,1985-03,2026-09-20,,\n", map[int]string{3: "name:sheet.person_holds "}},
			{"come here before they came there", "石桥镇,副书记,空缺,,,,\n柏岭乡,书记,葛副,1985-03,2022-09-20,,\n", map[int]string{3: "since:sheet.before_own "}},
		} {
			rep := bring(t, w, who, "people", rosterHead+c.rows, false)
			if got := wrongs(t, rep); rep.Done || len(got) != len(c.want) {
				t.Errorf("%s: done %v, %v", c.what, rep.Done, got)
			} else {
				for row, want := range c.want {
					if got[row] != want {
						t.Errorf("%s, row %d: %q, want %q", c.what, row, got[row], want)
					}
				}
			}
		}
		if n := acts(t, w); n != before {
			t.Errorf("wrong tables made %d acts", n-before)
		}
		// Two people of one name in two townships are two.
		right(t, w, who, "people", rosterHead+"柳湾乡,书记,郎书,,,,\n柳湾乡,干事,新来,1990-03,,,\n柳湾乡,副书记,新来,1991-03,,,\n", map[string]int{exchange.New: 2, exchange.Same: 1})
		// The deputy of the one becomes secretary of the other.
		right(t, w, who, "people", rosterHead+"石桥镇,书记,潘书,,,,\n石桥镇,副书记,空缺,,,,\n石桥镇,干事,奚干,,,,\n柏岭乡,书记,葛副,1985-03,2026-09-20,,\n柏岭乡,副书记,范副,,,,\n柏岭乡,干事,彭干,,,,\n",
			map[string]int{exchange.New: 1, exchange.Change: 1, exchange.Same: 4})
		person := w.Who["twpdeputy"].Person
		want := []string{"石桥镇 deputy 2023-01-01 2026-09-20 " + person, "柏岭乡 secretary 2026-09-20  " + person}
		if got := held(t, d, "葛副"); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q, want %q", got, want)
		}
		w.Verify()
	})
}

// TestImpossibleYears: what can't be of anybody's years stands in the column of reasons, and nothing is written.
func TestImpossibleYears(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	for _, c := range []struct{ born, since, months, want string }{
		{"2099-05", "2026-09-01", "", "born:person.young "},
		{"0001-01", "2026-09-01", "", "born:person.old "},
		{"1926-10", "2026-09-01", "", "born:person.old "},
		{"1926-11", "2026-09-01", "", ""},
		{"2010-11", "2026-10-01", "", "born:person.young "},
		{"2010-09", "2026-10-01", "", ""},
		{"1990-03", "1989-09-01", "", "born:person.began_young "},
		{"1990-03", "2006-02-28", "", "born:person.began_young "},
		{"1990-03", "2026-09-01", "9000", "discipline_months:person.months "},
		{"1990-03", "2026-09-01", "246", ""}, // 16 in March 2006, and twenty and a half years from there
		{"1990-03", "2026-09-01", "247", "discipline_months:person.months "},
		{"", "2026-09-01", "9000", "discipline_months:person.months "},
	} {
		rep := bring(t, w, w.As("cityorg"), "people", rosterHead+"柏岭乡,书记,新来,"+c.born+","+c.since+","+c.months+",\n", true)
		if got := wrongs(t, rep)[2]; got != c.want {
			t.Errorf("born %s, from %s, %s months: %q, want %q", c.born, c.since, c.months, got, c.want)
		}
	}
	// Of somebody who stays, the row is held against what is known of them.
	for rows, want := range map[string]string{"柳湾乡,书记,郎书,1985-03,,400,\n": "discipline_months:person.months ", "柳湾乡,书记,郎书,,1999-01-01,,\n": "born:person.began_young "} {
		if got := wrongs(t, bring(t, w, w.As("cityorg"), "people", rosterHead+rows, true))[2]; got != want {
			t.Errorf("%s%q, want %q", rows, got, want)
		}
	}
}
