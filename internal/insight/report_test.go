package insight_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/insight"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

var update = flag.Bool("update", false, "write the goldens anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at it with -update and git diff", name)
	}
}

func write(t *testing.T, rep *insight.Report, format, lang string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := insight.Write(&b, format, rep, lang); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// part is one file of a Word package.
func part(t *testing.T, docx []byte, name string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(docx), int64(len(docx)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGoldens holds what the report of the small city says, in both languages and in Word, the same from both engines.
func TestGoldens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := small(t, d)
		city := report(t, w, w.As("cityleader"), w.Units["city"].ID)
		county := report(t, w, w.As("principal"), w.Units["county"].ID)
		golden(t, "city.zh.md", write(t, city, "md", locale.Zh))
		golden(t, "city.en.md", write(t, city, "md", locale.En))
		golden(t, "county.zh.md", write(t, county, "md", locale.Zh))
		xml := part(t, write(t, county, "docx", locale.Zh), "word/document.xml")
		golden(t, "county.zh.docx.xml", bytes.ReplaceAll(xml, []byte("</w:p>"), []byte("</w:p>\n")))
		golden(t, "schema.txt", schema(t, write(t, city, "json", locale.En)))
		for _, format := range insight.Formats {
			again := report(t, w, w.As("cityleader"), w.Units["city"].ID)
			if !bytes.Equal(write(t, city, format, locale.Zh), write(t, again, format, locale.Zh)) {
				t.Errorf("%s: the same rows gave other bytes", format)
			}
		}
	})
}

// schema lists every name of a JSON document with its type.
func schema(t *testing.T, doc []byte) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				walk(path+"."+k, x)
			}
			return
		case []any:
			seen[path+" list"] = true
			for _, x := range v {
				walk(path+"[]", x)
			}
			return
		}
		seen[fmt.Sprintf("%s %T", path, v)] = true
	}
	walk("", v)
	var out []string
	for k := range seen {
		out = append(out, k)
	}
	slices.Sort(out)
	return []byte(strings.Join(out, "\n") + "\n")
}

// TestEverySentenceCanBeSaid composes a report in which everything is known and one in which nothing is, in both
// languages: no pattern may be left standing and no key without text.
func TestEverySentenceCanBeSaid(t *testing.T) {
	t.Parallel()
	w := small(t, dbtest.SQLite(t))
	for _, unit := range []string{"city", "county", "other", "othertown", "headless"} {
		for _, lang := range []string{locale.Zh, locale.En} {
			md := string(write(t, report(t, w, access.ByProgram(apptest.City), w.Units[unit].ID), "md", lang))
			for _, bad := range []string{"{", "}", "report.", "measure.", "。。", "，。", "、。"} {
				if i := strings.Index(md, bad); i >= 0 {
					t.Errorf("%s in %s says %q", unit, lang, md[max(0, i-60):min(len(md), i+60)])
				}
			}
		}
	}
	for _, p := range w.App.Insight.Plan.Problems {
		for _, x := range p.Tests {
			if !locale.Has("report.shows." + x.Measure) {
				t.Errorf("there are no words for what %s past its threshold shows", x.Measure)
			}
			d, err := w.App.Measures.Get(x.Measure)
			if err != nil {
				t.Fatal(err)
			}
			if counted := !d.NeverScored && (d.Unit == measure.Number || d.Unit == measure.Share); counted && !locale.Has("report.where."+x.Measure) {
				t.Errorf("there are no words for where %s lies", x.Measure)
			}
		}
		for _, s := range p.Says {
			if !locale.Has("report.say." + s) {
				t.Errorf("there is no sentence %s", s)
			}
		}
		for _, l := range p.Lacks {
			if !locale.Has("report.lack." + l) {
				t.Errorf("there are no words for what is not recorded: %s", l)
			}
		}
	}
	for _, r := range w.App.Insight.Plan.Remedies {
		for _, s := range r.Says {
			if !locale.Has("report.say." + s) {
				t.Errorf("there is no sentence %s", s)
			}
		}
		for _, s := range r.Steps {
			if !locale.Has("report.step." + s.Code) {
				t.Errorf("there is no step %s", s.Code)
			}
		}
		for _, l := range r.Lacks {
			if !locale.Has("report.lack." + l) {
				t.Errorf("there are no words for what is not recorded: %s", l)
			}
		}
	}
}

// TestRowsMakeTheNumbers opens every figure of the report and adds its rows up.
func TestRowsMakeTheNumbers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := small(t, d)
		for _, unit := range []string{"city", "county", "full"} {
			rep := report(t, w, access.ByProgram(apptest.City), w.Units[unit].ID)
			for name, f := range rep.Figures {
				rows, err := f.Def.Rows(apptest.Ctx, d.In(apptest.City), measure.Query{Unit: rep.Unit, From: rep.Period.From, To: rep.Period.To}, access.ByProgram(apptest.City), measure.Turn{Limit: 10000})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				var sum int64
				for _, l := range rows.Rows {
					if l.Counts {
						sum += l.N
					}
				}
				if f.Now.Known && sum != f.Now.Numerator {
					t.Errorf("%s of %s is %d, its rows make %d", name, unit, f.Now.Numerator, sum)
				}
			}
		}
	})
}

// TestAnotherRosterAnotherText lets one after another leave: each time the number, the sentence and the verdict follow.
func TestAnotherRosterAnotherText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		at := func() (*insight.Report, string) {
			rep := report(t, w, access.ByProgram(apptest.City), w.Units["city"].ID)
			return rep, string(write(t, rep, "md", locale.Zh))
		}
		rep, before := at()
		if v := rep.Findings[1].Verdict; v != insight.Clear {
			t.Fatalf("with everybody in post the force is %s", v)
		}
		if !strings.Contains(before, "各乡镇纪检干部均已配齐") || strings.Contains(before, "缺配书记") {
			t.Error("a full establishment is not told as one")
		}
		short := map[string]bool{}
		for i, who := range []string{"secretary", "officer", "othersecretary", "hldeputy"} {
			act(t, w, func(tx *ledger.Tx) error {
				return w.App.Org.Leave(apptest.Ctx, tx, w.Who[who].Holding, "2026-10-01", "promoted_city", "市纪委监委")
			})
			rep, text := at()
			unit := map[string]string{"secretary": "石桥镇", "officer": "石桥镇", "othersecretary": "东坪镇", "hldeputy": "柏岭乡"}[who]
			short[unit] = true
			if f := rep.Figures["staff.townships_short"]; f.Now.Numerator != int64(len(short)) {
				t.Errorf("after %d left %d townships are short, want %d", i+1, f.Now.Numerator, len(short))
			}
			if rep.Findings[1].Verdict != insight.Found || !strings.Contains(text, fmt.Sprintf("没有配齐纪检干部的乡镇%d个", len(short))) || !strings.Contains(text, fmt.Sprintf("选任到市级以上机关的%d名", i+1)) || text == before {
				t.Errorf("after %s left the text does not say so", who)
			}
			before = text
		}
		w.Verify()
	})
}

// TestNeverScoredJudgesNobody: what is never scored may be called a problem of a city or a province, never of one county or
// township, whatever their numbers are; and a plan that would is refused.
func TestNeverScoredJudgesNobody(t *testing.T) {
	t.Parallel()
	w := small(t, dbtest.SQLite(t))
	whole := 0
	for unit, judged := range map[string]bool{"province": true, "city": true, "county": false, "other": false, "full": false, "othertown": false} {
		rep := report(t, w, access.ByProgram(apptest.City), w.Units[unit].ID)
		for _, f := range rep.Findings {
			for _, r := range f.Results {
				switch {
				case r.Figure.Def.NeverScored && !judged:
					t.Errorf("%s is judged by %s, which is never scored", unit, r.Measure)
				case r.Figure.Def.NeverScored:
					whole++
				}
			}
			if f.Code == "assess" && (f.Verdict == insight.OfWhole) == judged {
				t.Errorf("of %s problem %s is %s", unit, f.Code, f.Verdict)
			}
		}
	}
	if whole == 0 {
		t.Error("no test asks about what is never scored: there is nothing to hold")
	}
	plan := *w.App.Insight.Plan
	plan.Problems = []insight.Problem{{Code: "x", Tests: []insight.Test{{Measure: "clue.filed_per_disposed"}}}}
	if err := plan.Check(w.App.Measures); err == nil || !strings.Contains(err.Error(), "of_whole") {
		t.Errorf("a plan that judges counties by what is never scored: %v", err)
	}
}

// TestWhoMayRead: one's own organ and what lies under it; anything else is absent.
func TestWhoMayRead(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, dbtest.SQLite(t))
	for _, c := range []struct {
		who, unit string
		may       bool
	}{
		{"principal", "county", true}, {"principal", "full", true}, {"principal", "other", false}, {"principal", "othertown", false}, {"principal", "city", false}, {"principal", "village", false},
		{"cityorg", "city", true}, {"cityoffice", "other", true}, {"cityleader", "province", false}, {"province", "province", true}, {"province", "city", true}, {"province", "county", true},
		{"secretary", "full", false}, {"handler", "county", false}, {"sysadmin", "county", false}, {"auditor", "county", false}, {"supervision", "county", true},
	} {
		_, err := w.App.Insight.Report(apptest.Ctx, w.As(c.who), w.Units[c.unit].ID, insight.Period{From: "2026-01-01", To: "2026-09-30"})
		if got := err == nil; got != c.may || err != nil && fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s reads the report of %s: %v", c.who, c.unit, err)
		}
	}
	for _, p := range []insight.Period{{"2026-01-01", "2026-12-31"}, {"2026-10-02", "2026-10-01"}, {"x", "2026-10-01"}, {"2026-10-01", ""}} {
		if _, err := w.App.Insight.Report(apptest.Ctx, w.As("principal"), w.Units["county"].ID, p); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v: %v", p, err)
		}
	}
}

// TestLargeCity reports on 160 townships, and on the province above with two cities: the numbers of the field report,
// and within five seconds.
func TestLargeCity(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, top := large(t, d)
		start := time.Now()
		rep := report(t, w, w.As("province"), top.ID)
		write(t, rep, "docx", locale.Zh)
		took := time.Since(start)
		t.Logf("city: %v", took)
		if took > 5*time.Second {
			t.Errorf("the report of a city took %v", took)
		}
		for name, want := range map[string]int64{"staff.posts": 480, "staff.held": 455, "staff.townships_short": 25, "staff.vacant.secretary": 20, "staff.vacant.deputy": 1, "staff.vacant.officer": 4} {
			if got := rep.Figures[name].Now.Numerator; got != want {
				t.Errorf("%s is %d, want %d", name, got, want)
			}
		}
		if len(rep.Short()) != 25 || len(rep.Gaps) != 160 || rep.Counties != 11 || rep.Towns != 160 {
			t.Errorf("%d short of %d townships in %d counties", len(rep.Short()), len(rep.Gaps), rep.Counties)
		}
		whole := report(t, w, w.As("province"), w.Units["province"].ID)
		own := report(t, w, w.As("cityleader"), w.Units["city"].ID)
		for name, f := range whole.Figures {
			if a, b := rep.Figures[name].Now, own.Figures[name].Now; f.Now.Numerator != a.Numerator+b.Numerator || f.Now.Denominator != a.Denominator+b.Denominator {
				t.Errorf("%s of the province is %d/%d, of its cities %d/%d and %d/%d", name, f.Now.Numerator, f.Now.Denominator, a.Numerator, a.Denominator, b.Numerator, b.Denominator)
			}
		}
	})
}

// TestBefore: whole months are held against whole months, other spans against as many days.
func TestBefore(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]insight.Period{
		{{"2026-07-01", "2026-09-30"}, {"2026-04-01", "2026-06-30"}}, {{"2026-01-01", "2026-12-31"}, {"2025-01-01", "2025-12-31"}}, {{"2025-10-13", "2026-10-12"}, {"2024-10-13", "2025-10-12"}},
		{{"2026-02-01", "2026-02-28"}, {"2026-01-01", "2026-01-31"}}, {{"2026-10-10", "2026-10-12"}, {"2026-10-07", "2026-10-09"}}, {{"2026-10-12", "2026-10-12"}, {"2026-10-11", "2026-10-11"}},
	} {
		if got := c[0].Before(); got != c[1] {
			t.Errorf("before %v comes %v, want %v", c[0], got, c[1])
		}
	}
}
