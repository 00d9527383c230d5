package app_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

type vals = flow.Values

func entry(w *apptest.World) intake.Entry {
	return intake.Entry{
		Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", PartyMember: true},
		Channel: "letter", Received: "2026-10-12", Named: true, Reporter: intake.Reporter{Name: "赵六", Contact: "13900000000"}, Original: "来信原文",
		Title: "反映石桥镇农业综合服务中心主任虚报管护费", Summary: "来信反映该主任虚报高标准农田管护费，数额不详。", Discipline: "integrity",
	}
}

// TestStraightPath carries one named letter from the counter to the closed case, every signature by another person.
func TestStraightPath(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entry(w))
		if err != nil {
			t.Fatal(err)
		}
		if m := w.Matter(e.ID); m.No != "云渡纪信〔2026〕0001号" || m.Due != "2026-10-19" {
			t.Errorf("entered as %s, due %s", m.No, m.Due)
		}
		told := vals{"on": {"2026-10-12"}, "way": {"call"}, "reached": {"yes"}}
		if _, err := w.Try("intake", e.ID, "notify", told); fault.Code(err) != "move.not_now" {
			t.Errorf("told before anything was decided: %v", err)
		}
		w.Do("intake", e.ID, "accept", nil)
		w.Do("intake", e.ID, "notify", told)
		clue := child(t, w, e.ID, "clue")
		if m := w.Matter(clue); m.State != "pool" {
			t.Fatalf("clue is %s", m.State)
		}
		w.Do("supervision", clue, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
		w.On("2026-10-14")
		w.Do("handler", clue, "propose", vals{"disposal": {"verification"}, "reason": {"问题具体，可查。"}, "studied_on": {"2026-10-14"}, "studied_by": {"姜、戚、谢三人"}})
		w.Approve("head", clue)
		w.Approve("deputy", clue)
		if m := w.Matter(clue); m.State != "verify_plan" {
			t.Fatalf("clue is %s, waits %s", m.State, m.Due)
		}
		team := []string{w.Who["handler"].Person, w.Who["handler2"].Person}
		w.Do("handler", clue, "submit_plan", vals{"team": team, "lead": team[:1], "questions": {"管护费去向"}, "steps": {"调账、谈话"}, "measures": {"talk"}, "safety": {"预案"}})
		w.Approve("principal", clue)
		w.On("2026-11-02")
		w.Do("handler", clue, "write_report", vals{"facts": {"虚报三万元。"}, "finding": {"true"}, "record_no": {"核〔2026〕1号"}})
		if _, err := w.Try("handler3", clue, "sign", nil); err == nil {
			t.Error("somebody outside the team signed")
		}
		w.Do("handler", clue, "sign", nil)
		if m := w.Matter(clue); m.State != "signing" {
			t.Errorf("one signature of two and the report is %s", m.State)
		}
		w.Do("handler2", clue, "sign", nil)
		w.Do("handler", clue, "propose_result", vals{"outcome": {"file"}, "reason": {"涉嫌违纪，应予立案。"}, "track": {"party"}})
		w.Approve("principal", clue)
		kase := child(t, w, clue, "case")
		w.Do("handler", kase, "submit_filing", vals{"team": team, "lead": team[:1], "facts": {"虚报三万元"}, "reason": {"符合立案条件"}, "track": {"party"}, "filing_no": {"立〔2026〕1号"}})
		for _, who := range approvers(t, w, kase) {
			w.Approve(who, kase)
		}
		w.Do("handler", kase, "announce_filing", vals{"on": {"2026-11-02"}, "announced_by": {"戚、谢"}, "unit_told": {"石桥镇党委"}, "rights_told": {"yes"}})
		w.On("2026-12-01")
		w.Do("handler", kase, "show_facts", vals{"on": {"2026-12-01"}, "person_says": {"agrees"}, "defence_checked": {"none"}, "record_no": {"见〔2026〕1号"}})
		w.Do("handler", kase, "write_report", vals{"facts": {"事实清楚"}, "suggestion": {"党内警告"}, "record_no": {"报〔2026〕1号"}})
		w.Do("handler", kase, "sign", nil)
		w.Do("handler2", kase, "sign", nil)
		w.Do("handler", kase, "submit_review", vals{"volumes": {"一卷"}})
		for _, who := range approvers(t, w, kase) {
			w.Approve(who, kase)
		}
		panel := []string{w.Who["reviewer"].Person, w.Who["reviewer2"].Person}
		w.Do("reviewer", kase, "accept_review", vals{"on": {"2026-12-01"}, "panel": panel, "lead": panel[:1]})
		w.Do("reviewer", kase, "review_report", vals{"talk": {"held"}, "talk_on": {"2026-12-01"}, "facts": {"清楚"}, "qualification": {"廉洁纪律"}, "decision": {"sanction"}, "record_no": {"审〔2026〕1号"}})
		for _, who := range approvers(t, w, kase) {
			w.Approve(who, kase)
		}
		decide := vals{"decision": {"sanction"}, "decided_on": {"2026-12-01"}, "party_body": {"county_commission"}, "minutes_no": {"纪要1号"}, "party_sanction": {"party_warning"},
			"branch": {"held"}, "branch_on": {"2026-12-01"}, "form": {"f2"}, "decision_no": {"处〔2026〕1号"}, "reason": {"集体研究决定"}}
		w.Do("reviewer", kase, "decide", decide)
		for _, who := range approvers(t, w, kase) {
			w.Approve(who, kase)
		}
		w.Do("handler", kase, "deliver", vals{"on": {"2026-12-01"}, "service": {"in_person"}, "receipt_no": {"回1号"}, "person_says": {"agrees"}})
		w.Do("handler", kase, "announce", vals{"on": {"2026-12-01"}, "place": {"镇会议室"}, "attended": {"支部党员"}})
		w.Do("handler", kase, "report_execution", vals{"on": {"2026-12-01"}, "archived": {"yes"}, "property": {"done"}, "what": {"已执行"}, "record_no": {"执1号"}})
		w.Do("handler", kase, "propose_close", vals{"volumes": {"两卷"}})
		for _, who := range approvers(t, w, kase) {
			w.Approve(who, kase)
		}
		if m := w.Matter(kase); m.State != "closed" || m.Open {
			t.Errorf("case is %s", m.State)
		}
		if m := w.Matter(e.ID); m.State != "result_due" || m.Due != "2026-12-22" {
			t.Errorf("tip-off is %s, due %s", m.State, m.Due)
		}
		w.Do("intake", e.ID, "tell_result", vals{"on": {"2026-12-01"}, "way": {"call"}, "reached": {"yes"}, "objects": {"no"}})
		w.Verify()
		if bad, err := measureCheck(w); err != nil || len(bad) > 0 {
			t.Errorf("rollups: %v %v", bad, err)
		}
	})
}

// child is a matter, the open one first, of a kind that came of another.
func child(t *testing.T, w *apptest.World, parent id.ID, kind string) id.ID {
	t.Helper()
	ks, err := db.Column[string](apptest.Ctx, w.App.DB.In(parent.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.parent_id = $2 AND m.kind = $3 ORDER BY m.open DESC`, parent.Key, kind)
	if err != nil || len(ks) == 0 {
		t.Fatalf("%d children of kind %s: %v", len(ks), kind, err)
	}
	return id.ID{City: parent.City, Key: ks[0]}
}

// approvers names the people who sign the open proposal of a matter, step by step.
func approvers(t *testing.T, w *apptest.World, m id.ID) []string {
	t.Helper()
	ps, err := flow.Proposals(apptest.Ctx, w.App.DB.In(m.City), m.Key)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range ps {
		if p.State != "open" {
			continue
		}
		for _, s := range p.Steps[p.Step:] {
			switch s.Role {
			case "head":
				out = append(out, "head")
			case "deputy":
				out = append(out, "deputy")
			case "principal":
				out = append(out, "principal")
			case "review_head":
				out = append(out, "reviewhead")
			default:
				out = append(out, "supervision")
			}
		}
	}
	return out
}

func measureCheck(w *apptest.World) ([]string, error) {
	return checkRollups(apptest.Ctx, w.App.DB.In(apptest.City))
}

var _ = access.Nation
