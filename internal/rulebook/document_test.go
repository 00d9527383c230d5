package rulebook_test

import (
	"slices"
	"strings"
	"testing"
	"text/template"

	"qianshao/internal/rulebook"
)

// paper is what a body may ask for; rooms that draft papers give the same names.
type paper struct {
	Organ, No, MatterNo, Title                      string
	Subject, SubjectPost, SubjectUnit, SubjectStage string
	Received, Due, Handler, Today, Addressee        string
	Why                                             []string
	F                                               map[string]string
}

func sample() paper {
	return paper{
		Organ: "甲县纪委监委", No: "甲纪〔2026〕3号", MatterNo: "2026-0007", Title: "反映乙村补助发放问题",
		Subject: "某某", SubjectPost: "党支部书记", SubjectUnit: "乙镇丙村", SubjectStage: "被反映人",
		Received: "2026年9月16日", Due: "2026年10月12日", Handler: "丁某", Today: "2026年9月20日", Addressee: "乙镇纪委",
		Why: []string{"自收到之日起一个月。", "末日为假日，顺延至次一工作日。"},
	}
}

var drafted = strings.Fields(`urge_slip accept_notice decline_notice transfer_letter assign_letter up_slip result_record disposal_form
	inquiry_letter adopt_letter verify_plan_form verify_report filing_report filing_decision review_report party_decision admin_decision exempt_decision
	none_decision dismiss_decision
	delivery_receipt execution_report closing_form handback_letter correction_order talk_notice deviation_slip`)

func write(t *testing.T, d rulebook.Document, p paper) string {
	t.Helper()
	tmpl, err := template.New(d.Code).Option("missingkey=zero").Parse(d.Body)
	if err != nil {
		t.Fatalf("%s: %v", d.Code, err)
	}
	var out strings.Builder
	if err := tmpl.Execute(&out, p); err != nil {
		t.Fatalf("%s: %v", d.Code, err)
	}
	return out.String()
}

// every gives each field that any body names a value, so that optional lines appear as well.
func every() map[string]string {
	f := map[string]string{}
	for _, k := range strings.Fields(`contact ground where reason requirement way content objection evidence source summary study disposal
		questions copies register_by answered basis team method time scope measures cautions process findings proposal opinion verification facts track
		discipline property department sanction body decided period filed document place delivered announced post archive other result execution demand
		unit what given_by paper duties said`) {
		f[k] = "「" + k + "」"
	}
	return f
}

func TestDraftedPapers(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	for _, d := range b.Documents() {
		if (d.Body != "") != slices.Contains(drafted, d.Code) {
			t.Errorf("%s: text %v, expected %v", d.Code, d.Body != "", d.Body == "")
		}
		if d.Body == "" {
			continue
		}
		for name, f := range map[string]map[string]string{"every field": every(), "no field": {}} {
			p := sample()
			p.F = f
			text := write(t, d, p)
			lines := strings.Split(text, "\n")
			if len(lines) < 3 || strings.HasPrefix(lines[0], "#") || strings.ContainsAny(lines[0], "。，") {
				t.Errorf("%s, %s: the first line %q is no title", d.Code, name, lines[0])
			}
			for i, l := range lines {
				if strings.TrimSpace(l) == "" && name == "every field" {
					t.Errorf("%s, %s: line %d is empty", d.Code, name, i+1)
				}
				if strings.HasPrefix(l, "#") && !strings.HasPrefix(l, "# ") || strings.ContainsAny(l, ",;!?()") || strings.Contains(l, "<no value>") {
					t.Errorf("%s, %s: line %d: %q", d.Code, name, i+1, l)
				}
			}
			if name == "no field" {
				continue
			}
			for _, field := range fieldsOf(d.Body) {
				if _, ok := f[field]; !ok {
					t.Errorf("%s: field %s is not known here", d.Code, field)
				}
				if field != "track" && !strings.Contains(text, f[field]) {
					t.Errorf("%s: field %s does not show", d.Code, field)
				}
			}
		}
	}
}

func fieldsOf(body string) []string {
	var out []string
	for _, part := range strings.Split(body, ".F.")[1:] {
		end := strings.IndexFunc(part, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' })
		out = append(out, part[:end])
	}
	return out
}

// A matter of the higher level leaves nothing of itself behind.
func TestUpSlipSaysNothingOfTheReport(t *testing.T) {
	t.Parallel()
	d, _ := shipped(t).Document("up_slip")
	p := sample()
	p.F = every()
	text := write(t, d, p)
	for _, secret := range []string{p.Subject, p.SubjectPost, p.SubjectUnit, p.Title, p.Handler, "「"} {
		if strings.Contains(text, secret) {
			t.Errorf("the slip says %q", secret)
		}
	}
	for _, must := range []string{p.MatterNo, p.Received, p.Addressee} {
		if !strings.Contains(text, must) {
			t.Errorf("the slip lacks %q", must)
		}
	}
}

// A Party appeal may have neither a time limit nor a top level; the other route states both ways and times.
func TestAppealRoutes(t *testing.T) {
	t.Parallel()
	routes := func(code, track, title string) string {
		d, _ := shipped(t).Document(code)
		p := sample()
		p.F = map[string]string{"track": shipped(t).Name("track", track, "zh"), "sanction": "警告"}
		text := write(t, d, p)
		if !strings.HasPrefix(text, title+"\n") {
			t.Errorf("title of %s", text)
		}
		_, after, _ := strings.Cut(text, "途径\n")
		return after
	}
	exempt := "关于免予某某处分的决定"
	for _, party := range []string{routes("party_decision", "party", "关于给予某某警告处分的决定"), routes("exempt_decision", "party", exempt)} {
		if !strings.Contains(party, "中共中央") || strings.ContainsAny(party, "日月年") || strings.Contains(party, "复审") {
			t.Errorf("Party: %s", party)
		}
	}
	for _, admin := range []string{routes("admin_decision", "admin", "政务处分决定书"), routes("exempt_decision", "admin", exempt)} {
		if !strings.Contains(admin, "一个月内") || !strings.Contains(admin, "复审") || !strings.Contains(admin, "复核") || strings.Contains(admin, "中共中央") {
			t.Errorf("admin: %s", admin)
		}
	}
	both := routes("exempt_decision", "both", exempt)
	if len(strings.Split(both, "\n")) != 2 || !strings.Contains(both, "中共中央") || !strings.Contains(both, "复核") {
		t.Errorf("both: %s", both)
	}
	if routes("exempt_decision", "", exempt) != both {
		t.Error("without a track both routes must be named")
	}
}

// Where a text states a length in words, the timer says the same.
func TestTextsAgreeWithTimers(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	d, _ := b.Document("inquiry_letter")
	if tm, _ := b.Timer("inquiry.answer", day); tm.Length != 15 || tm.Unit != rulebook.Workdays || !strings.Contains(d.Body, "十五个工作日") {
		t.Error("inquiry_letter and inquiry.answer differ")
	}
}

func TestPapersOfAMove(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	for move, want := range map[string]string{
		"tipoff.accept": "register_form", "tipoff.decline": "decline_notice", "tipoff.forward": "transfer_letter",
		"tipoff.assign": "assign_letter", "tipoff.notify": "accept_notice", "tipoff.tell_result": "result_record",
		"slip.send": "up_slip", "clue.hand_out": "clue_handover", "clue.propose": "disposal_form", "clue.send_letter": "inquiry_letter",
		"clue.deliver_letter": "delivery_receipt", "clue.hold_talk": "talk_record", "clue.record_answer": "statement",
		"clue.propose_outcome": "inquiry_report", "clue.submit_plan": "verify_plan_form", "clue.write_report": "verify_report",
		"clue.settle": "adopt_letter", "case.submit_filing": "filing_report", "case.announce_filing": "filing_decision",
		"case.show_facts": "fact_material", "case.submit_review": "investigation_report", "case.accept_review": "review_register",
		"case.review_report": "review_report", "case.return_case": "return_notice", "case.decide": "party_decision",
		"case.deliver": "delivery_receipt", "case.announce": "announce_record", "case.report_execution": "execution_report",
		"case.propose_close": "closing_form",
	} {
		has := slices.ContainsFunc(b.DocumentsOf(move), func(d rulebook.Document) bool { return d.Code == want })
		if !has {
			t.Errorf("%s has no %s", move, want)
		}
	}
	for _, d := range b.Documents() {
		if d.Sure == rulebook.SureText && len(d.Basis) == 0 {
			t.Errorf("%s rests on no article", d.Code)
		}
	}
}

// Of the papers of a decision those are offered that fit it, each track's in its own name.
func TestPapersFitTheDecision(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	for _, c := range []struct {
		move   string
		chosen map[string][]string
		want   string
	}{
		{"case.decide", nil, "branch_record minutes party_decision admin_decision exempt_decision none_decision dismiss_decision"},
		{"case.decide", map[string][]string{"decision": {"sanction"}, "track": {"party"}}, "branch_record minutes party_decision"},
		{"case.decide", map[string][]string{"decision": {"sanction"}, "track": {"admin"}}, "minutes admin_decision"},
		{"case.decide", map[string][]string{"decision": {"sanction"}, "track": {"party", "admin"}}, "branch_record minutes party_decision admin_decision"},
		{"case.decide", map[string][]string{"decision": {"exempt"}, "track": {"party"}}, "minutes exempt_decision"},
		{"case.decide", map[string][]string{"decision": {"none"}}, "minutes none_decision"},
		{"case.decide", map[string][]string{"decision": {"dismiss"}}, "minutes dismiss_decision"},
		{"case.decide", map[string][]string{"decision": {"transfer"}}, "minutes"},
		{"clue.settle", map[string][]string{"close_kind": {"accepted"}, "clear_answer": {"declined"}}, "adopt_letter revisit_record"},
		{"clue.settle", map[string][]string{"close_kind": {"disproved"}, "clear_answer": {"wanted"}}, "clearing_proposal clearing_application clearing_plan revisit_record"},
	} {
		var got []string
		for _, d := range b.DocumentsOf(c.move) {
			if d.Fits(c.chosen) {
				got = append(got, d.Code)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s, %v: %s, want %s", c.move, c.chosen, s, c.want)
		}
	}
}
