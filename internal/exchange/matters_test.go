package exchange_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/sheet"
)

const (
	commonHead = "no,received,title,summary,unit,subject_name,subject_post,rank,party_member,discipline,state,ended,"
	tipoffHead = commonHead + "channel,ground\n"
	clueHead   = commonHead + "source,from_no,disposal,disposed,close_kind\n"
	caseHead   = commonHead + "source,from_no,track,filed,decision,decided,form\n"
)

// common is what stands first in a row, about somebody at a unit; state and ended follow.
func common(no, received, unit, name string) string {
	return no + "," + received + ",反映" + name + "虚报,虚报管护费," + unit + "," + name + ",农业综合服务中心主任,staff,是,integrity,"
}

// past are three kinds of table with a family that runs through them; the second county uses the same numbers.
var past = []struct {
	kind, text string
	n          int
}{
	{"tipoffs", tipoffHead +
		common("信〔2024〕1号", "2024-02-01", "石桥镇", "吴某") + "closed,2024-03-10,letter,\n" +
		common("信〔2024〕2号", "2024-02-03", "柏岭乡", "郑某") + "declined,2024-02-20,web,litigation\n" +
		common("信〔2026〕9号", "2026-10-09", "石桥镇", "冯某") + "received,,call,\n" +
		common("信〔2024〕1号", "2024-02-02", "东坪镇", "卫某") + "closed,2024-03-11,visit,\n", 4},
	{"clues", clueHead +
		common("线〔2024〕1号", "2024-02-08", "石桥镇", "吴某") + "to_case,2024-06-01,tipoff,信〔2024〕1号,verification,2024-03-01,\n" +
		common("线〔2024〕2号", "2024-03-05", "柏岭乡", "郑某") + "closed,2024-06-01,found,,verification,2024-04-02,disproved\n" +
		common("线〔2026〕3号", "2026-10-09", "柏岭乡", "冯某") + "pool,,found,,,,\n" +
		common("线〔2024〕1号", "2024-02-09", "东坪镇", "卫某") + "closed,2024-05-02,tipoff,信〔2024〕1号,inquiry,2024-03-02,accepted\n", 4},
	{"cases", caseHead +
		common("案〔2024〕1号", "2024-06-01", "石桥镇", "吴某") + "closed,2024-11-20,tipoff,线〔2024〕1号,party,2024-06-10,sanction,2024-11-01,f2\n" +
		common("案〔2023〕7号", "2023-06-01", "柏岭乡", "褚某") + "closed,2023-11-20,,,both,2023-06-10,dismiss,2023-11-01,\n" +
		common("案〔2023〕7号", "2023-05-01", "东坪镇", "陈某") + "closed,2023-10-20,,,admin,2023-05-10,exempt,2023-10-01,\n" +
		common("案〔2026〕3号", "2026-10-08", "石桥镇", "褚某") + "filing,,found,,party,,,,\n", 4},
}

// standing reads the matters of a kind by number and county: their own key, what they came from, and their family.
func standing(t *testing.T, w *apptest.World, kind string) map[string]flow.Matter {
	t.Helper()
	ms, err := db.All(apptest.Ctx, w.App.DB.In(apptest.City), func(rows *db.Rows) (m flow.Matter, err error) { return m, rows.Scan(m.Dest()...) },
		`SELECT `+flow.Columns+` FROM matters m WHERE m.city_id = $1 AND m.kind = $2 ORDER BY m.id`, kind)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]flow.Matter{}
	for _, m := range ms {
		at := "city"
		for _, c := range []string{"county", "other"} {
			if m.Organ == w.Units[c].ID {
				at = c
			}
		}
		if _, twice := out[m.No+" "+at]; twice {
			t.Errorf("%s stands twice in the register of %s", m.No, at)
		}
		out[m.No+" "+at] = m
	}
	return out
}

// what each row does.
func does(rep exchange.Report) string {
	var out []string
	for _, l := range rep.Lines {
		s := fmt.Sprintf("%d %s", l.Row, l.What)
		for _, p := range l.Problems {
			s += " " + p.Column + ":" + p.Code
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func fresh(t *testing.T, d *db.DB) *db.DB {
	if strings.HasPrefix(d.URL(), "sqlite:") {
		return dbtest.SQLite(t)
	}
	return dbtest.Postgres(t)
}

// TestPastComesInAndGoesOut imports tip-offs, clues and cases of two counties, gives them out, and takes them into a
// fresh city: numbers, days, results and families stay, and nothing is taken twice.
func TestPastComesInAndGoesOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		op := access.ByOperator(apptest.City)
		for _, p := range past {
			before := acts(t, w)
			rep := bring(t, w, op, p.kind, p.text, true)
			if rep.Done || rep.Counts[exchange.New] != p.n || len(rep.Lines) != p.n || acts(t, w) != before || len(standing(t, w, p.kind[:len(p.kind)-1])) != 0 {
				t.Fatalf("%s: the dry run says %s", p.kind, does(rep))
			}
			right(t, w, op, p.kind, p.text, map[string]int{exchange.New: p.n})
			if n := acts(t, w); n != before+1 {
				t.Errorf("%s: an import made %d acts", p.kind, n-before)
			}
			right(t, w, op, p.kind, p.text, map[string]int{exchange.Same: p.n})
			if n := acts(t, w); n != before+1 {
				t.Errorf("%s: importing the same again made %d acts", p.kind, n-before-1)
			}
		}
		check := func(w *apptest.World) {
			t.Helper()
			tipoffs, clues, cases := standing(t, w, "tipoff"), standing(t, w, "clue"), standing(t, w, "case")
			if len(tipoffs) != 4 || len(clues) != 4 || len(cases) != 4 {
				t.Fatalf("%d tip-offs, %d clues, %d cases", len(tipoffs), len(clues), len(cases))
			}
			for _, at := range []string{"county", "other"} {
				if up, c := tipoffs["信〔2024〕1号 "+at], clues["线〔2024〕1号 "+at]; up.ID.Key == "" || c.Parent != up.ID.Key || c.Root != up.Root {
					t.Errorf("%s: the clue came from %+v", at, c)
				}
			}
			if up, c := clues["线〔2024〕1号 county"], cases["案〔2024〕1号 county"]; c.Parent != up.ID.Key || c.Root != up.Root || c.Ended != "2024-11-20" {
				t.Errorf("the case came from %+v", c)
			}
			if m := tipoffs["信〔2026〕9号 county"]; !m.Open || m.Due == "" || m.Received != "2026-10-09" {
				t.Errorf("the open tip-off is %+v", m)
			}
			if bad, err := measure.Check(apptest.Ctx, w.App.DB.In(apptest.City)); err != nil || len(bad) > 0 {
				t.Errorf("rollups: %v %v", bad, err)
			}
		}
		check(w)
		w2 := apptest.New(t, fresh(t, d))
		for i, p := range past {
			f, lang := []sheet.Format{sheet.XLSX, sheet.CSV}[i%2], []string{locale.Zh, locale.En}[i%2]
			out := given(t, w, op, p.kind, f, lang)
			right(t, w, op, p.kind, out, map[string]int{exchange.Same: p.n})
			right(t, w2, op, p.kind, out, map[string]int{exchange.New: p.n})
			if a, b := given(t, w, op, p.kind, sheet.CSV, locale.Zh), given(t, w2, op, p.kind, sheet.CSV, locale.Zh); a != b {
				t.Errorf("%s: given out\n%s\nand from the fresh city\n%s", p.kind, a, b)
			}
		}
		check(w2)
		w.Verify()
		w2.Verify()
	})
}

func given(t *testing.T, w *apptest.World, who access.Actor, kind string, f sheet.Format, lang string) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := w.App.Exchange.Export(apptest.Ctx, who, kind, &b, f, lang); err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return b.String()
}

// TestTransferNamesItsOrgan: a table says which organ passed something on, what the inspection office did is an inspection's
// clue as at the counter, and what was told goes out again and comes back as nothing new.
func TestTransferNamesItsOrgan(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		op := access.ByOperator(apptest.City)
		head := strings.TrimSuffix(tipoffHead, "\n") + ",移送机关\n"
		term := w.App.Rules.Name("transfer_from", "inspection_office", locale.Zh)
		table := head + common("信〔2024〕11号", "2024-02-01", "石桥镇", "吴某") + "closed,2024-03-10,transfer,," + term + "\n" +
			common("信〔2024〕12号", "2024-02-03", "石桥镇", "郑某") + "closed,2024-03-10,transfer,,audit\n" +
			common("信〔2024〕13号", "2024-02-03", "石桥镇", "冯某") + "closed,2024-03-10,transfer,,\n" +
			common("信〔2024〕14号", "2024-02-03", "石桥镇", "卫某") + "closed,2024-03-10,letter,,\n"
		right(t, w, op, "tipoffs", table, map[string]int{exchange.New: 4})
		for no, want := range map[string]string{"信〔2024〕11号": "inspection inspection_office", "信〔2024〕12号": "transfer audit", "信〔2024〕13号": "transfer ", "信〔2024〕14号": "tipoff "} {
			got, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT m.source || ' ' || o.from_kind FROM matters m JOIN tipoffs o ON o.city_id = m.city_id AND o.id = m.id WHERE m.city_id = $1 AND m.no = $2`, no)
			if err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("%s came in as %q, want %q: %v", no, got, want, err)
			}
		}
		out := given(t, w, op, "tipoffs", sheet.CSV, locale.Zh)
		if !strings.Contains(out, term) {
			t.Errorf("the organ does not go out again:\n%s", out)
		}
		right(t, w, op, "tipoffs", out, map[string]int{exchange.Same: 4})
		rep := bring(t, w, op, "tipoffs", head+common("信〔2024〕15号", "2024-02-03", "石桥镇", "卫某")+"closed,2024-03-10,letter,,audit\n"+
			common("信〔2024〕16号", "2024-02-03", "石桥镇", "卫某")+"closed,2024-03-10,transfer,,nobody\n", false)
		if got := does(rep); got != "2 wrong from_kind:sheet.no_transfer; 3 wrong from_kind:sheet.choice" {
			t.Errorf("said %s", got)
		}
		w.Verify()
	})
}

// TestPastIsCheckedRowByRow holds that what is wrong in a row of the past is said of that row, dry and for real alike,
// and that nothing is written.
func TestPastIsCheckedRowByRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, text, want string }{
		{"tipoffs", tipoffHead +
			common("信1", "2024-02-01", "石桥镇", "吴某") + "closed,2024-03-10,letter,\n" +
			common("信2", "2024-02-03", "柏岭乡", "郑某") + "declined,2024-02-01,web,\n" +
			common("信3", "2024-02-03", "无此镇", "郑某") + "received,,telepathy,\n" +
			common("信3", "2027-02-03", "柏岭乡", "郑某") + "received,2024-03-01,web,\n" +
			common("信1", "2024-02-03", "柏岭乡", "郑某") + "received,,web,\n" +
			strings.ReplaceAll(common("信4", "2024-02-03", "柏岭乡", "郑某"), "staff", "county") + "received,,web,\n",
			"2 new; 3 wrong ended:day.before ground:required; 4 wrong unit:sheet.unit_unknown channel:sheet.choice; 5 wrong received:day.future ended:sheet.still_open; 6 wrong no:sheet.twice; 7 wrong rank:sheet.higher"},
		{"clues", clueHead +
			common("线1", "2024-02-01", "石桥镇", "吴某") + "closed,2024-03-10,,,verification,,\n" +
			common("", "2024-02-01", "石桥镇", "吴某") + "opinion,,found,无此号,,,\n" +
			common("线2", "2024-02-01", "石桥镇", "吴某") + "pool,,found,,,,\n" +
			common("线2", "2024-02-01", "石桥镇", "吴某") + "pool,,found,,,,\n",
			"2 wrong source:required disposed:required close_kind:required; 3 wrong no:required state:sheet.choice from_no:sheet.from_no; 4 new; 5 wrong no:sheet.twice"},
		{"cases", caseHead +
			common("案1", "2024-02-01", "石桥镇", "吴某") + "closed,2024-03-10,,,,,,,\n" +
			common("案2", "2024-02-01", "石桥镇", "吴某") + "closed,2024-03-10,,线1,party,2024-02-02,sanction,2024-03-01,f9\n" +
			common("案3", "2026-10-08", "石桥镇", "吴某") + "filing,,,,party,2026-10-09,,,\n" +
			common("案4", "2026-10-08", "石桥镇", "吴某") + "filing,,,,party,,,,\n",
			"2 wrong track:required filed:required decision:required decided:required; 3 wrong from_no:sheet.from_no form:sheet.choice; 4 wrong filed:sheet.not_filed; 5 new"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := apptest.New(t, d)
				before := acts(t, w)
				for _, dry := range []bool{true, false} {
					rep := bring(t, w, access.ByOperator(apptest.City), c.kind, c.text, dry)
					if got := does(rep); got != c.want || rep.Done {
						t.Errorf("dry=%v:\n%s\nwant\n%s", dry, got, c.want)
					}
				}
				if acts(t, w) != before || len(standing(t, w, c.kind[:len(c.kind)-1])) != 0 {
					t.Error("a wrong table was taken")
				}
			})
		})
	}
}

// TestNumbersOfAnotherRegister holds that every register counts its own numbers: a county's row is taken though another
// county uses its number, joins no matter of another county, and nothing says which numbers another register has.
func TestNumbersOfAnotherRegister(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		ours, theirs := w.As("supervision"), w.As("othersupervision")
		clue := func(unit, name, from string) string {
			return clueHead + common("线〔2024〕1号", "2024-02-08", unit, name) + "closed,2024-06-01,found," + from + ",verification,2024-03-01,disproved\n"
		}
		right(t, w, ours, "clues", clue("石桥镇", "吴某", ""), map[string]int{exchange.New: 1})
		right(t, w, theirs, "clues", clue("东坪镇", "卫某", ""), map[string]int{exchange.New: 1})
		right(t, w, theirs, "clues", clue("东坪镇", "卫某", ""), map[string]int{exchange.Same: 1})
		cs := standing(t, w, "clue")
		if len(cs) != 2 {
			t.Fatalf("%d clues", len(cs))
		}
		row := func(unit, from string) string {
			return caseHead + common("案〔2024〕5号", "2024-06-01", unit, "卫某") + "closed,2024-11-20,," + from + ",party,2024-06-10,sanction,2024-11-01,f2\n"
		}
		// A number that only the other county has is as unknown as one that nobody has.
		right(t, w, ours, "clues", strings.ReplaceAll(clue("石桥镇", "吴某", ""), "1号", "2号"), map[string]int{exchange.New: 1})
		for _, from := range []string{"线〔2024〕2号", "线〔2024〕99号"} {
			if got := does(bring(t, w, theirs, "cases", row("东坪镇", from), true)); got != "2 wrong from_no:sheet.from_no" {
				t.Errorf("from %s: %s", from, got)
			}
		}
		right(t, w, theirs, "cases", row("东坪镇", "线〔2024〕1号"), map[string]int{exchange.New: 1})
		if up, c := cs["线〔2024〕1号 other"], standing(t, w, "case")["案〔2024〕5号 other"]; c.Parent != up.ID.Key || c.Root != up.Root {
			t.Errorf("the case joined %s, not %s", c.Parent, up.ID.Key)
		}
		// Who supervises cases reads no tip-offs, yet says which of its own register's a clue came from.
		right(t, w, access.ByOperator(apptest.City), "tipoffs", past[0].text, map[string]int{exchange.New: 4})
		from := func(no, tip string) string {
			return strings.ReplaceAll(clue("石桥镇", "吴某", tip), "线〔2024〕1号", no)
		}
		right(t, w, ours, "clues", from("线〔2024〕3号", "信〔2024〕1号"), map[string]int{exchange.New: 1})
		tip, c := standing(t, w, "tipoff")["信〔2024〕1号 county"], standing(t, w, "clue")["线〔2024〕3号 county"]
		if c.Parent != tip.ID.Key || c.Root != tip.Root {
			t.Errorf("the clue joined %s, not %s", c.Parent, tip.ID.Key)
		}
		if _, err := flow.Get(apptest.Ctx, d.In(apptest.City), ours, tip.ID.Key); fault.KindOf(err) != fault.NotFound {
			t.Errorf("joining it opened the tip-off: %v", err)
		}
		if out := given(t, w, ours, "clues", sheet.CSV, locale.Zh); strings.Contains(out, "信〔") || !strings.Contains(out, "线〔2024〕3号") {
			t.Errorf("given out: %s", out)
		}
		theirRow := strings.ReplaceAll(clue("东坪镇", "卫某", "信〔2026〕9号"), "线〔2024〕1号", "线〔2024〕5号")
		if got := does(bring(t, w, theirs, "clues", theirRow, true)); got != "2 wrong from_no:sheet.from_no" {
			t.Errorf("another county's clue from the tip-off: %s", got)
		}
		right(t, w, w.As("supervision"), "clues", from("线〔2024〕6号", "信〔2026〕9号"), map[string]int{exchange.New: 1})
		// Whoever is barred from the family is told that there is no such number.
		kin := flow.NewRecusal{Person: w.Who["supervision"].Person, Ground: "kin", Relation: "系被反映人表弟。", Order: true}
		if _, err := w.App.Engine.Recuse(apptest.Ctx, w.As("principal"), id.ID{City: apptest.City, Key: standing(t, w, "tipoff")["信〔2026〕9号 county"].ID.Key}, kin); err != nil {
			t.Fatal(err)
		}
		last := from("线〔2024〕4号", "信〔2026〕9号")
		if got := does(bring(t, w, w.As("supervision"), "clues", last, true)); got != "2 wrong from_no:sheet.from_no" {
			t.Errorf("who stepped aside joins it: %s", got)
		}
		w.Verify()
	})
}

// TestWhatNamesTheReaderIsNotTold imports a clue about one of the organ's own people: it goes to the register above, and
// from then on whoever imports here, the person named or a colleague, is told what they would be told had it never come.
func TestWhatNamesTheReaderIsNotTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		ours := w.As("supervision")
		table := clueHead + strings.ReplaceAll(common("线〔2024〕1号", "2024-02-08", "云渡县", "戚办"), "农业综合服务中心主任", "纪检监察员") + "closed,2024-06-01,found,,verification,2024-03-01,disproved\n"
		right(t, w, ours, "clues", table, map[string]int{exchange.New: 1})
		up, ok := standing(t, w, "clue")["线〔2024〕1号 city"]
		if !ok {
			t.Fatal("it did not go up")
		}
		right(t, w, ours, "clues", table, map[string]int{exchange.New: 1}) // as if it had never come
		if ms := standing(t, w, "clue"); len(ms) != 1 {
			t.Errorf("it was written twice: %+v", ms)
		}
		right(t, w, access.ByOperator(apptest.City), "clues", table, map[string]int{exchange.Same: 1})
		// Its number is free in this register, and no case joins it from here.
		other := clueHead + common("线〔2024〕1号", "2024-03-08", "石桥镇", "吴某") + "pool,,found,,,,\n"
		cases := caseHead + common("案1", "2024-06-01", "石桥镇", "吴某") + "closed,2024-11-20,,线〔2024〕1号,party,2024-06-10,sanction,2024-11-01,f2\n"
		if got := does(bring(t, w, ours, "cases", cases, true)); got != "2 wrong from_no:sheet.from_no" {
			t.Errorf("a case joins what went up: %s", got)
		}
		right(t, w, ours, "clues", other, map[string]int{exchange.New: 1})
		right(t, w, ours, "clues", other, map[string]int{exchange.Same: 1})
		// The same where a bar, not the register, takes the sight away.
		mine := standing(t, w, "clue")["线〔2024〕1号 county"]
		if _, err := w.App.Engine.Recuse(apptest.Ctx, w.As("principal"), id.ID{City: apptest.City, Key: mine.ID.Key}, flow.NewRecusal{Person: w.Who["supervision"].Person, Ground: "kin", Relation: "系被反映人表弟。", Order: true}); err != nil {
			t.Fatal(err)
		}
		ours = w.As("supervision")
		right(t, w, ours, "clues", other, map[string]int{exchange.New: 1})
		if got := does(bring(t, w, ours, "cases", cases, true)); got != "2 wrong from_no:sheet.from_no" {
			t.Errorf("a case joins what its clerk stepped aside from: %s", got)
		}
		if ms := standing(t, w, "clue"); len(ms) != 2 || ms["线〔2024〕1号 city"].Root != up.Root {
			t.Errorf("%d clues", len(ms))
		}
		w.Verify()
	})
}

// TestNumbersOfOfficials holds the same for the register of officials: two counties may use one number.
func TestNumbersOfOfficials(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		row := func(unit, name string) string {
			return "单位,姓名,职务,职级,监察对象类别,对象编号\n" + unit + "," + name + ",副镇长,副科级,c1,A-1\n"
		}
		op := access.ByOperator(apptest.City)
		for _, r := range []string{row("石桥镇", "甲"), row("东坪镇", "乙")} {
			right(t, w, op, "officials", r, map[string]int{exchange.New: 1})
			right(t, w, op, "officials", r, map[string]int{exchange.Same: 1})
		}
		right(t, w, op, "officials", row("石桥镇", "丙"), map[string]int{exchange.Change: 1})
		if got := does(bring(t, w, op, "officials", row("柏岭乡", "丙"), true)); got != "2 wrong unit:sheet.moved" {
			t.Errorf("within the county: %s", got)
		}
		w.Verify()
	})
}

// TestNamesakes: two officials called alike in one unit are told apart by their days, those who have left included; what
// goes out comes in, a second time as the first.
func TestNamesakes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		op := access.ByOperator(apptest.City)
		const head = "单位,姓名,职务,职级,监察对象类别,纳入日期,退出日期,对象编号\n"
		row := func(from, to, no string) string {
			return "石桥镇,甲,副镇长,副科级,c1," + from + "," + to + "," + no + "\n"
		}
		if got := does(bring(t, w, op, "officials", head+row("2020-01-01", "", "")+row("2021-01-01", "", ""), true)); got != "2 new; 3 wrong name:sheet.namesake" {
			t.Errorf("two of one name, neither with a number: %s", got)
		}
		right(t, w, op, "officials", head+row("2020-01-01", "", "A-1")+row("2021-01-01", "", "A-2"), map[string]int{exchange.New: 2})
		plain := head + row("2021-01-01", "", "") + row("2020-01-01", "", "")
		right(t, w, op, "officials", plain, map[string]int{exchange.Same: 2})
		left := head + row("2021-01-01", "2025-06-30", "") + row("2020-01-01", "", "")
		right(t, w, op, "officials", left, map[string]int{exchange.Change: 1, exchange.Same: 1})
		right(t, w, op, "officials", left, map[string]int{exchange.Same: 2})
		if got := does(bring(t, w, op, "officials", left+row("2020-01-01", "", ""), true)); !strings.Contains(got, "4 wrong name:sheet.namesake") {
			t.Errorf("one row twice: %s", got)
		}
		w.Verify()
	})
}

// TestLongNumbers: eighteen digits are kept to the last; a number that a spreadsheet has rounded is refused, never kept.
func TestLongNumbers(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, dbtest.SQLite(t))
	op := access.ByOperator(apptest.City)
	row := func(no string) string {
		return "单位,姓名,职务,职级,监察对象类别,对象编号\n石桥镇,甲,副镇长,副科级,c1," + no + "\n"
	}
	const no = "990101199003071234"
	right(t, w, op, "officials", row(no), map[string]int{exchange.New: 1})
	var b strings.Builder
	if _, err := w.App.Exchange.Export(apptest.Ctx, op, "officials", &b, sheet.CSV, locale.Zh); err != nil || !strings.Contains(b.String(), no) {
		t.Errorf("%v: it goes out as %s", err, b.String())
	}
	for _, lost := range []string{"9.90101199003071E+17", "9.9010119900307101E17"} {
		if got := does(bring(t, w, op, "officials", row(lost), true)); got != "2 wrong official_no:sheet.rounded" {
			t.Errorf("%s: %s", lost, got)
		}
	}
}
