package document

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/rulebook"
	rules "qianshao/rulebook"
)

// TestFilled writes every document from one matter whose steps said everything they can say.
func TestFilled(t *testing.T) {
	book, err := rulebook.Load(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range book.Documents() {
		if doc.Body == "" {
			continue
		}
		p, err := full(book, doc).write(doc)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "filled", doc.Code+".golden")
		if flag.Lookup("update").Value.String() == "true" {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(p.Text()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != p.Text() {
			t.Errorf("%s differs; write it anew with -update:\n%s", doc.Code, p.Text())
		}
	}
}

func full(book *rulebook.Book, doc rulebook.Document) *gathered {
	v := func(pairs ...string) flow.Values {
		out := flow.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			out[pairs[i]] = append(out[pairs[i]], pairs[i+1])
		}
		return out
	}
	g := &gathered{M: flow.Matter{Kind: "case", No: "云渡纪案〔2026〕0007号", Title: "虚报管护费", Received: "2026-10-12", Source: "found"}, Subject: flow.Subject{Name: "吴某", Post: "主任", UnitText: "农业综合服务中心"},
		Place: "石桥镇", Stage: "investigated", Issuer: access.Unit{Kind: "county", Name: "云渡县", Short: "云渡"}, Author: "戚办", Today: "2026-12-01", Target: "石桥镇纪委", Rules: book,
		People: map[string]string{"a": "戚办", "b": "谢办"}, Known: Known{Summary: "反映虚报高标准农田管护费。", Discipline: "integrity", Track: "party"},
		Clocks: []deadline.Clock{{Rule: "clue.opinion", Due: "2026-11-12"}, {Rule: "tipoff.assigned", Due: "2027-01-12"}, {Rule: "case.execution_report", Due: "2027-03-01"}},
		Before: map[string]flow.Values{"write_report": v("facts", "核实发现虚报三万元。")}}
	if doc.Code == "urge_slip" {
		g.Clock = &Clock{Name: "提出处置意见", Due: "2026-11-12", OwedBy: "石桥镇纪委", Reasons: []string{"10月12日收到线索，次日起算1个月，到11月12日。", "依据：《监督执纪工作规则》第二十一条"}}
	}
	if doc.Code == "inquiry_letter" || doc.Code == "adopt_letter" {
		g.M.Kind = "clue"
	}
	g.Said = map[string]flow.Values{
		"urge": v("due", "2026-11-12", "note", "请于三个工作日内提出处置意见。"), "decline": v("ground", "litigation", "told_where", "县人民法院"), "pass_on": v("forward_reason", "other_place", "organ_name", "白河县纪委监委"), "assign": v("verify_note", "先查账，不接触举报人。"),
		"tell_result": v("way", "call", "objection", "认为数额偏少。"), "propose": v("disposal", "verification", "reason", "问题具体，可查。", "studied_on", "2026-10-14", "studied_by", "姜、戚、谢"),
		"send_letter": v("letter_no", "云函询〔2026〕3号", "copied_to", "石桥镇党委"), "record_answer": v("on", "2026-10-30"), "submit_plan": v("team", "a", "team", "b", "lead", "a", "questions", "管护费去向。", "steps", "调账、谈话。", "measures", "talk", "safety", "两人以上。"),
		"write_report": v("facts", "虚报三万元，自用一万元。", "finding", "true", "record_no", "核〔2026〕1号", "suggestion", "建议给予党内警告处分。"), "propose_result": v("reason", "建议立案审查。"),
		"submit_filing": v("facts", "涉嫌虚报管护费三万元。", "track", "party", "filing_no", "云立〔2026〕1号"), "announce_filing": v("on", "2026-11-02"), "show_facts": v("person_says", "agrees"), "accept_review": v("on", "2026-11-20"),
		"review_report": v("facts", "虚报三万元，事实清楚。", "qualification", "违反廉洁纪律。", "decision", "sanction", "record_no", "审〔2026〕1号"),
		"decide":        v("decision", "sanction", "party_sanction", "party_warning", "body", "county_commission", "decided_on", "2026-12-01", "decision_no", "云纪处〔2026〕1号"),
		"deliver":       v("on", "2026-12-02", "service", "in_person"), "announce": v("on", "2026-12-03", "place", "镇会议室", "attended", "支部党员"), "execute_post": v("what", "不涉及。"),
		"report_execution": v("archived", "yes", "property", "done", "what", "已执行。", "record_no", "执1号"), "propose_close": v("volumes", "两卷，已归档。"), "settle": v("letter_no", "采〔2026〕1号"),
	}
	return g
}
