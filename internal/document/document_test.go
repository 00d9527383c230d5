package document_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/document"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

var update = flag.Bool("update", false, "write the goldens anew")

func newClue(t *testing.T, w *apptest.World, unit string) id.ID {
	t.Helper()
	d, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "李某", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true},
		Source: "found", FromKind: "audit", Received: "2026-10-12", Title: "反映上塘村集体资产出租未公开", Summary: "监督检查发现，三处集体房屋出租未公开。", Discipline: "work"})
	if err != nil {
		t.Fatal(err)
	}
	w.Do("supervision", d.ID, "hand_out", flow.Values{"target": {w.Units[unit].ID.Key}, "back": {"no"}})
	return d.ID
}

func planned(t *testing.T, w *apptest.World) id.ID {
	m := newClue(t, w, "county.office1")
	w.Do("handler", m, "propose", flow.Values{"disposal": {"verification"}, "reason": {"问题具体，可查。"}, "studied_on": {"2026-10-12"}, "studied_by": {"姜、戚、谢"}})
	w.Approve("head", m)
	w.Approve("deputy", m)
	team := []string{w.Who["handler2"].Person, w.Who["handler"].Person}
	w.Do("handler", m, "submit_plan", flow.Values{"team": team, "lead": team[1:], "questions": {"租金去向。"}, "steps": {"调账、谈话。"}, "measures": {"talk"}, "safety": {"两人以上。"}})
	return m
}

func issue(t *testing.T, w *apptest.World, who string, m id.ID, code string) document.Paper {
	t.Helper()
	p := w.App.Papers()
	d, err := p.Draft(apptest.Ctx, w.App.DB.In(m.City), w.As(who), m.Key, code, nil)
	if err != nil {
		t.Fatal(err)
	}
	made, err := p.Issue(apptest.Ctx, w.As(who), m, document.Issuing{Code: code, Title: d.Title, Addressee: d.Addressee, Body: d.Body})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := p.Get(apptest.Ctx, w.App.DB.In(m.City), w.As(who), m.Key, made.Key)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// A paper is filled in from what the steps said, numbered, kept, and never changes; a correction is another one.
func TestIssue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := planned(t, w)
		p := w.App.Papers()
		form := issue(t, w, "handler", m, "verify_plan_form")
		for _, want := range []string{"租金去向。", "调账、谈话。", "戚办（组长）、谢办", "云渡纪线〔2026〕0001号", "被核查人：李某", "石桥镇村党组织书记"} {
			if !strings.Contains(form.Body, want) {
				t.Errorf("the form lacks %q:\n%s", want, form.Body)
			}
		}
		if form.No != "" || form.MadeBy != "戚办" {
			t.Errorf("a form is numbered %q, made by %q", form.No, form.MadeBy)
		}
		letters := []document.Paper{issue(t, w, "handler", m, "inquiry_letter"), issue(t, w, "handler", m, "inquiry_letter")}
		for i, want := range []string{"云渡纪函〔2026〕1号", "云渡纪函〔2026〕2号"} {
			if letters[i].No != want {
				t.Errorf("letter %d is %s", i, letters[i].No)
			}
		}
		again := document.Issuing{Code: "inquiry_letter", Title: "关于作出书面说明的函", Addressee: "李某", Body: "更正后的正文。", Replaces: letters[0].ID.Key}
		made, err := p.Issue(apptest.Ctx, w.As("handler"), m, again)
		if err != nil {
			t.Fatal(err)
		}
		if old, _, err := p.Get(apptest.Ctx, d.In(m.City), w.As("handler"), m.Key, letters[0].ID.Key); err != nil || old.Replaced != made.Key || old.Body != letters[0].Body {
			t.Errorf("the corrected one: %+v %v", old, err)
		}
		if _, err := p.Issue(apptest.Ctx, w.As("handler"), m, again); fault.Code(err) != "paper.replaced" {
			t.Errorf("corrected twice: %v", err)
		}
		for name, in := range map[string]document.Issuing{"body": {Code: "inquiry_letter", Title: "函", Addressee: "某"}, "addressee": {Code: "inquiry_letter", Title: "函", Body: "文"}, "title": {Code: "inquiry_letter", Addressee: "某", Body: "文"}} {
			if _, err := p.Issue(apptest.Ctx, w.As("handler"), m, in); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Name != name {
				t.Errorf("without %s: %v", name, err)
			}
		}
		for _, who := range []string{"othersupervision", "secretary", "sysadmin"} {
			if _, err := p.Issue(apptest.Ctx, w.As(who), m, document.Issuing{Code: "inquiry_letter", Title: "函", Addressee: "某", Body: "文"}); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s issues: %v", who, err)
			}
			if _, _, err := p.Get(apptest.Ctx, d.In(m.City), w.As(who), m.Key, form.ID.Key); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s reads: %v", who, err)
			}
		}
		if _, err := p.Issue(apptest.Ctx, w.As("cityoffice"), m, document.Issuing{Code: "inquiry_letter", Title: "函", Addressee: "某", Body: "文"}); fault.Code(err) != "paper.not_yours" {
			t.Errorf("the level above issues: %v", err)
		}
		if _, err := p.Draft(apptest.Ctx, d.In(m.City), w.As("handler"), m.Key, "no_such_paper", nil); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an unknown paper: %v", err)
		}
		w.Verify()
	})
}

// A township numbers its papers in its own name; a letter of inquiry goes out in the county's, which sends it.
func TestTownshipIssues(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	m := newClue(t, w, "full")
	w.Do("officer", m, "receive", nil)
	if p := issue(t, w, "officer", m, "adopt_letter"); p.No != "石桥镇纪函〔2026〕1号" || p.Issuer.Commission() != "石桥镇纪委" {
		t.Errorf("%s by %s", p.No, p.Issuer.Commission())
	}
	if p := issue(t, w, "officer", m, "inquiry_letter"); p.No != "云渡纪函〔2026〕1号" || p.Issuer.Commission() != "云渡县纪委监委" {
		t.Errorf("%s by %s", p.No, p.Issuer.Commission())
	}
}

// The text of every document of the rulebook, its gaps open, as it goes to the printer.
func TestSamples(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	p := w.App.Papers()
	for _, doc := range w.App.Rules.Documents() {
		if doc.Body == "" {
			continue
		}
		s, err := p.Sample(doc.Code, w.Units["county"], "2026-10-12")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "sample/"+doc.Code, s.Text())
	}
}

func golden(t *testing.T, name, have string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != have {
		t.Errorf("%s differs; write it anew with -update:\n%s", name, have)
	}
}

// A notice goes to whoever reported under a name; there is none where nobody did.
func TestNoticeNeedsReporter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		for _, named := range []bool{true, false} {
			in := intake.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", PartyMember: true},
				Channel: "letter", Received: "2026-10-12", Original: "来信原文", Title: "反映石桥镇农业综合服务中心主任虚报管护费", Summary: "来信反映该主任虚报高标准农田管护费，数额不详。", Discipline: "integrity"}
			if in.Named = named; named {
				in.Reporter = intake.Reporter{Name: "赵六", Contact: "13900000000"}
			}
			e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
			if err != nil {
				t.Fatal(err)
			}
			w.Do("intake", e.ID, "accept", nil)
			r := w.App.DB.In(e.ID.City)
			open, err := w.App.Engine.Open(apptest.Ctx, r, w.As("intake"), e.ID.Key)
			if err != nil {
				t.Fatal(err)
			}
			list, err := w.App.Papers().Offers(apptest.Ctx, r, open)
			if err != nil {
				t.Fatal(err)
			}
			offered := slices.ContainsFunc(list, func(o document.Offered) bool { return o.Doc.Code == "accept_notice" })
			_, err = w.App.Papers().Draft(apptest.Ctx, r, w.As("intake"), e.ID.Key, "accept_notice", nil)
			if offered != named || named != (err == nil) || !named && fault.Code(err) != "paper.no_reporter" {
				t.Errorf("named %v: offered %v, drafted with %v", named, offered, err)
			}
		}
	})
}
