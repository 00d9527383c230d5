package rulebook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/calendar"
	"qianshao/internal/rulebook"
	rules "qianshao/rulebook"
)

const day = calendar.Date("2026-10-12")

func shipped(t *testing.T) *rulebook.Book {
	t.Helper()
	b, err := rulebook.Load(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What code names must be there; a rename would only show at run time.

func TestTimersThatCodeNames(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	for _, id := range strings.Fields(`
		tipoff.first_action tipoff.notice tipoff.result tipoff.up tipoff.accept_forwarded tipoff.assigned
		clue.assign clue.opinion inquiry.start inquiry.answer inquiry.report verify.plan verify.work verify.result
		clue.shelve_review clue.settle
		case.filing case.announce_filing case.investigate case.review_accept case.review case.county_review case.decide
		case.deliver case.announce case.announce_office case.execute_post case.execution_report case.execution_office case.close
		appeal.party appeal.review appeal.rereview
		approve.head approve.deputy approve.principal approve.review_head approve.second approve.record below.prepare
		superior.review risen.act recusal.decide namesake.answer identity.confirm destroy.consent alert.look burden.answer gap.mend gap.recheck gap.above rating.say rating.check callup.pick callup.consent callup.return post.fill post.consent post.rotate register.confirm
		duty.confirm handback.letter handback.receive handback.decide handback.recheck handback.again order.issue order.correct order.talk order.again deviation.answer deviation.judge`) {
		tm, ok := b.Timer(id, day)
		if !ok {
			t.Errorf("timer %s is missing", id)
			continue
		}
		if v, ok := b.TimerVersion(id, tm.Version); !ok || v.Hash() != tm.Hash() {
			t.Errorf("timer %s: version %s is not found by its name", id, tm.Version)
		}
	}
}

func TestApprovalsThatCodeNames(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	for _, id := range strings.Fields(`
		tipoff.decline tipoff.below clue.return clue.disposal inquiry.outcome verify.plan verify.result clue.reopen
		case.file case.transfer case.return case.review_report case.decide case.close
		ext.assigned ext.answer_above clue.pass_on ext.verify ext.investigate ext.review ext.execute_post ext.petition`) {
		if _, _, ok := b.Chain(id, day, nil); !ok {
			t.Errorf("approval %s is missing, or has no case for a matter without facts", id)
		}
	}
}

func TestListsThatCodeNames(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	lists := map[string]string{
		"channel":              "letter visit call web transfer found station",
		"clue_source":          "tipoff found inspection transfer",
		"transfer_from":        "audit police procuratorate court administration organ inspection_office other",
		"below_left_out":       "names contact places times style only report none",
		"decline_ground":       "litigation other_organ no_substance",
		"forward_reason":       "lower_managed other_place other_organ sender",
		"slip_reason":          "higher_managed own_chief",
		"disposal":             "inquiry verification shelve close",
		"close_ground":         "vague unclear_subject deceased implausible concluded",
		"close_kind":           "direct accepted disproved measure false_report",
		"inquiry_form":         "talk letter",
		"talk_by":              "leader department_head entrusted",
		"inquiry_outcome":      "accept first_form again verify false_report",
		"verification_outcome": "file close remind shelve hand_party",
		"first_form":           "remind warn criticise stop return_gains rectify self_criticism meeting apology circular admonish other",
		"discipline":           "political organisation integrity masses work life duty_violation duty_crime",
		"verify_measure":       "talk statement personal_matters accounts assets ask query fetch",
		"decision":             "sanction exempt none dismiss transfer",
		"deciding_body": "township_commission township_party_committee county_commission county_party_committee " +
			"county_supervision city_commission city_party_committee city_supervision",
		"direct_ground":      "secret cross_unit branch_unable county_managed no_quorum escalated other",
		"pause_reason":       "illness appraisal judicial force_majeure",
		"clear_answer":       "not_needed declined wanted",
		"clear_way":          "letter talk meeting notice",
		"recusal_ground":     "kin witness interest other",
		"recusal_by":         "self asked ordered",
		"leaving_reason":     "promoted_county promoted_city transferred rotated merged retired resigned dismissed other",
		"official_category":  "c1 c2 c3 c4 c5 c6",
		"duty_kind":          "portfolio village project leading_group secondment other",
		"duty_role":          "lead main part outside",
		"four_form":          "f1 f2 f3 f4",
		"track":              "party admin both",
		"service_way":        "in_person post public_notice left",
		"late_entry_reason":  "outage visit_outside transfer_late other",
		"return_kind":        "investigation supplement",
		"assigning_organ":    "centre province city",
		"hand_back_reason":   "overreach absence misplacement",
		"skill":              "finance audit law engineering land farming data writing talks",
		"slot_source":        "own resident office township village lent",
		"establishment":      "secretary deputy officer",
		"establishment_rule": "large_township",
		"bench":              "secretary deputy",
		"duty_verdict":       "allowed leave look",
		"duty_work":          "reports review conduct political performance education station special committee approval procurement project land collection business",
		"duty_rule":          "outside leads portfolio village project group secondment rest",
		"duty_reach":         "ask paper day",
		"inspection_found":   "as_filed more ended unfiled stays back unseen",
		"supervision_kind":   "political daily special",
		"check_field":        "decisions conduct assets benefits works land ecology livelihood open other",
		"check_result":       "none mended goes",
		"misconduct": "not_acting not_carrying_out harming_people overload formalism_other " +
			"gifts dining allowances travel ceremonies hedonism_other",
	}
	for list, want := range lists {
		var got []string
		for _, x := range b.Terms(list, day) {
			got = append(got, x.Code)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("list %s has\n%s, want\n%s", list, strings.Join(got, " "), want)
		}
	}
	for _, l := range b.Lists() {
		if _, ok := lists[l.Code]; !ok {
			t.Errorf("list %s is new; name it here", l.Code)
		}
	}
	// What a step leaves behind has a name, and cannot be chosen.
	if name := b.Name("decision", "not_filed", "zh"); name != "不予立案" {
		t.Errorf("a filing that was dropped is called %s", name)
	}
	for list, n := range map[string]int{"decline_ground": 3, "disposal": 4, "verification_outcome": 5, "first_form": 12} {
		if got := len(b.Terms(list, day)); got != n {
			t.Errorf("%s is closed by regulation: %d entries, want %d", list, got, n)
		}
	}
}

func TestRanks(t *testing.T) {
	t.Parallel()
	var got []string
	for _, r := range shipped(t).Ranks() {
		got = append(got, r.Code+":"+r.Managed)
	}
	want := "none:township village:township staff:township deputy_section:county section:county deputy_county:city county:city " +
		"deputy_bureau:province bureau:province ministry:nation"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("ranks, lowest first, with who manages them:\n%s, want\n%s", s, want)
	}
}

// The numbers of the regulations, row by row.
func TestLengths(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	const (
		legal = "legal"
		open  = "open"
	)
	for _, c := range []struct {
		id     string
		length int
		unit   rulebook.Unit
		extend string // length, unit, times, approval
		whose  string
		sure   rulebook.Sure
	}{
		{"tipoff.first_action", 5, "workday", "", legal, "secondary"},
		{"tipoff.notice", 15, "workday", "", legal, "secondary"},
		{"tipoff.result", 15, "workday", "", legal, "secondary"},
		{"tipoff.up", 5, "workday", "", legal, "text"},
		{"tipoff.accept_forwarded", 5, "workday", "", legal, "text"},
		{"tipoff.assigned", 3, "month", "3 month 0 ext.assigned", legal, "secondary"},
		{"clue.opinion", 1, "month", "", legal, "secondary"},
		{"inquiry.answer", 15, "workday", "", legal, "text"},
		{"inquiry.report", 1, "month", "", legal, "text"},
		{"verify.work", 2, "month", "1 month 1 ext.verify", open, "secondary"},
		{"case.investigate", 3, "month", "1 month 0 ext.investigate", open, "secondary"},
		{"case.review", 1, "month", "0 month 0 ext.review", legal, "text"},
		{"case.county_review", 15, "workday", "", open, "local"},
		{"case.announce", 1, "month", "", legal, "text"},
		{"case.execute_post", 1, "month", "5 month 1 ext.execute_post", legal, "text"},
		{"case.execution_report", 6, "month", "", legal, "text"},
		{"appeal.party", 3, "month", "", legal, "text"},
		{"appeal.review", 1, "month", "", legal, "text"},
		{"appeal.rereview", 2, "month", "", legal, "text"},
		{"clue.transfer", 5, "workday", "", legal, "secondary"},
		{"petition.notice", 15, "day", "", legal, "text"},
		{"petition.objection", 5, "workday", "", legal, "text"},
		{"petition.conclude", 60, "day", "30 day 1 ext.petition", legal, "text"},
		{"petition.review", 30, "day", "", legal, "text"},
		{"petition.rereview", 30, "day", "", legal, "text"},
		{"property.release", 3, "day", "", legal, "text"},
		{"property.unfreeze", 3, "day", "", legal, "text"},
		{"complaint.decide", 1, "month", "", legal, "text"},
		{"complaint.review", 2, "month", "", legal, "text"},
		{"clue.feedback", 3, "month", "", legal, "text"},
		{"petition.forward", 15, "day", "", legal, "text"},
		{"petition.ask_review", 30, "day", "", legal, "text"},
		{"petition.ask_rereview", 30, "day", "", legal, "text"},
		{"complaint.ask_review", 1, "month", "", legal, "text"},
		{"appeal.ask_review", 1, "month", "", legal, "text"},
		{"appeal.ask_rereview", 1, "month", "", legal, "text"},
		{"measure.change", 3, "day", "", legal, "text"},
		{"clue.assign", 5, "workday", "", open, "local"},
		{"inquiry.start", 5, "workday", "", open, "local"},
		{"verify.plan", 10, "workday", "", open, "local"},
		{"verify.result", 10, "workday", "", open, "local"},
		{"clue.shelve_review", 6, "month", "", open, "local"},
		{"clue.settle", 15, "workday", "", open, "local"},
		{"case.filing", 15, "workday", "", open, "local"},
		{"case.announce_filing", 5, "workday", "", open, "local"},
		{"case.review_accept", 5, "workday", "", open, "local"},
		{"case.decide", 1, "month", "", open, "local"},
		{"case.deliver", 15, "workday", "", open, "local"},
		{"case.close", 1, "month", "", open, "local"},
		{"case.announce_office", 1, "month", "", open, "local"},
		{"case.execution_office", 6, "month", "", open, "local"},
		{"approve.head", 1, "workday", "", open, "local"},
		{"approve.deputy", 1, "workday", "", open, "local"},
		{"approve.principal", 3, "workday", "", open, "local"},
		{"approve.review_head", 2, "workday", "", open, "local"},
		{"approve.second", 1, "workday", "", open, "local"},
		{"below.prepare", 2, "workday", "", open, "local"},
		{"approve.record", 5, "workday", "", open, "local"},
		{"superior.review", 1, "month", "", open, "local"},
		{"risen.act", 5, "workday", "", open, "local"},
		{"recusal.decide", 3, "workday", "", open, "local"},
		{"namesake.answer", 3, "workday", "", open, "local"},
		{"identity.confirm", 1, "workday", "", open, "local"},
		{"destroy.consent", 10, "workday", "", open, "local"},
		{"alert.look", 5, "workday", "", open, "local"},
		{"callup.pick", 3, "workday", "", open, "local"},
		{"callup.consent", 2, "workday", "", open, "local"},
		{"callup.return", 1, "workday", "", open, "local"},
		{"duty.confirm", 5, "workday", "", open, "unverified"},
		{"handback.letter", 5, "workday", "", open, "unverified"},
		{"handback.receive", 10, "workday", "", open, "unverified"},
		{"handback.decide", 10, "workday", "", open, "unverified"},
		{"handback.recheck", 2, "month", "", open, "unverified"},
		{"handback.again", 5, "workday", "", open, "unverified"},
		{"order.issue", 10, "workday", "", open, "unverified"},
		{"order.correct", 1, "month", "", open, "unverified"},
		{"order.talk", 10, "workday", "", open, "unverified"},
		{"order.again", 1, "month", "", open, "unverified"},
		{"deviation.answer", 5, "workday", "", open, "unverified"},
		{"deviation.judge", 10, "workday", "", open, "unverified"},
	} {
		tm, ok := b.Timer(c.id, day)
		if !ok {
			t.Errorf("%s is missing", c.id)
			continue
		}
		if tm.Length != c.length || tm.Unit != c.unit {
			t.Errorf("%s: %d %s, want %d %s", c.id, tm.Length, tm.Unit, c.length, c.unit)
		}
		extend := ""
		if e := tm.Extend; e != nil {
			extend = fmt.Sprint(e.Length, " ", e.Unit, " ", e.Times, " ", e.Approval)
		}
		if extend != c.extend {
			t.Errorf("%s: extension %q, want %q", c.id, extend, c.extend)
		}
		if tm.Legal != (c.whose == legal) || tm.Sure != c.sure {
			t.Errorf("%s: legal %v, %s; want %s, %s", c.id, tm.Legal, tm.Sure, c.whose, c.sure)
		}
	}
}

// What every clock owes besides its length.
func TestTimersAreWhole(t *testing.T) {
	t.Parallel()
	first := []string{}
	for _, tm := range shipped(t).Timers() {
		if tm.First {
			first = append(first, tm.ID)
		}
		if tm.Transition == "" {
			t.Errorf("%s: must say what a later version does to running clocks", tm.ID)
		}
		if tm.Legal == (tm.Allowed != rulebook.Bounds{}) {
			t.Errorf("%s: a clock of the regulations leaves a county nothing, any other must say what it leaves", tm.ID)
		}
		if len(tm.Basis) == 0 {
			t.Errorf("%s: names no regulation", tm.ID)
		}
		if tm.Unit != rulebook.Workdays && (tm.Roll == (tm.ID == "measure.change") || // where liberty is at stake nothing is put off
			!strings.Contains(tm.Note.Zh, "末日") || !strings.Contains(tm.Note.En, "not checked")) {
			t.Errorf("%s: rolls off a day off, and its note says that this is unverified", tm.ID)
		}
		want := []int{1}
		if tm.Legal || tm.Pause != nil {
			want = []int{7, 3, 1}
			if tm.Unit == rulebook.Workdays && tm.Length < 7 {
				want = []int{3, 1}
			}
			if tm.Unit == rulebook.Days && tm.Length < 7 {
				want = []int{1}
			}
		}
		if !slices.Equal(tm.Warn, want) {
			t.Errorf("%s: warns %v days before, want %v", tm.ID, tm.Warn, want)
		}
	}
	if s := strings.Join(first, " "); s != "tipoff.first_action tipoff.up tipoff.accept_forwarded" {
		t.Errorf("clocks of first action: %s", s)
	}
}

func TestWhoApproves(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	for _, c := range []struct{ id, facts, want string }{
		{"tipoff.decline", "", "deputy"},
		{"clue.return", "", "deputy"},
		{"clue.disposal", "rank=staff choice=verification source=tipoff assigned=no", "head deputy"},
		{"clue.disposal", "rank=deputy_section choice=shelve", "head deputy principal"},
		{"clue.disposal", "rank=village choice=close assigned=yes", "head deputy principal"},
		{"clue.disposal", "rank=village choice=close source=inspection", "head deputy principal"},
		{"clue.disposal", "rank=village choice=inquiry", "head deputy principal"},
		{"clue.disposal", "rank=section choice=inquiry chief=yes secretary=yes", "head deputy principal record_party_secretary"},
		{"clue.disposal", "rank=section choice=inquiry chief=yes secretary=no", "head deputy principal"},
		{"clue.disposal", "rank=staff choice=shelve member=yes", "head deputy principal"},
		{"inquiry.outcome", "choice=accept", "head deputy"},
		{"inquiry.outcome", "choice=again", "head deputy"},
		{"inquiry.outcome", "choice=verify", "head deputy"},
		{"inquiry.outcome", "choice=first_form rank=deputy_section", "head deputy principal"},
		{"inquiry.outcome", "choice=first_form rank=village", "head deputy"},
		{"inquiry.outcome", "choice=false_report level=county", "head deputy principal record_higher"},
		{"inquiry.outcome", "choice=false_report level=township", "head deputy principal record_higher"},
		{"inquiry.outcome", "choice=false_report level=city", "head deputy principal"},
		{"verify.plan", "", "principal"},
		{"verify.plan", "chief=yes", "principal record_party_secretary"},
		{"verify.result", "choice=file", "principal"},
		{"clue.reopen", "", "deputy"},
		{"case.file", "level=county rank=staff track=admin", "head deputy principal"},
		{"case.file", "level=county rank=section track=both", "head deputy principal record_party_secretary"},
		{"case.file", "level=township rank=village track=both", "head deputy principal"},
		{"case.file", "level=township rank=none track=party", "head deputy"},
		{"case.transfer", "", "head deputy"},
		{"case.return", "choice=investigation", "principal"},
		{"case.return", "choice=supplement", "deputy"},
		{"case.review_report", "", "review_head deputy"},
		{"case.decide", "level=township rank=none choice=party_warning", "head"},
		{"case.decide", "level=township rank=village choice=party_probation", "head record_party_committee"},
		{"case.decide", "level=township rank=village choice=party_expulsion", "head record_party_committee principal"},
		{"case.decide", "level=township rank=village choice=party_removal body=county_commission", "head record_party_committee principal"},
		{"case.decide", "level=township rank=village choice=party_removal body=township_party_committee", "head record_party_committee"},
		{"case.decide", "level=county rank=none choice=party_removal", "principal"},
		{"case.decide", "level=county rank=village choice=party_probation", "principal"},
		{"case.decide", "level=county rank=staff choice=party_expulsion", "principal"},
		{"case.decide", "level=county rank=section choice=party_expulsion", "principal record_party_committee"},
		{"case.decide", "level=county rank=section choice=party_serious_warning", "principal"},
		{"case.decide", "level=county rank=section choice=admin_removal", "principal"},
		{"case.decide", "level=township rank=village choice=admin_warning", "principal"},
		{"case.decide", "level=county choice=party_warning member=yes", "record_higher principal record_party_committee"},
		{"case.decide", "level=county choice=dismiss member=yes", "principal"},
		{"case.close", "", "head deputy"},
		{"ext.assigned", "nth=1 level=township", "head"},
		{"ext.assigned", "nth=1 level=county", "principal"},
		{"ext.assigned", "nth=2 level=township", "principal"},
		{"ext.answer_above", "nth=1", "principal"},
		{"ext.answer_above", "nth=2", "record_higher"},
		{"ext.answer_above", "nth=more", "record_higher"},
		{"clue.pass_on", "", "deputy"},
		{"ext.verify", "nth=1", "deputy"},
		{"ext.investigate", "nth=1", "deputy principal"},
		{"ext.review", "nth=1", "deputy"},
		{"ext.execute_post", "nth=1", "principal"},
		{"ext.execute_post", "nth=1 body=county_commission", "principal"},
		{"ext.execute_post", "nth=1 body=county_party_committee", "principal record_party_committee"},
	} {
		chain, k, ok := b.Chain(c.id, day, facts(c.facts))
		if got := strings.Join(k.Steps, " "); !ok || got != c.want {
			t.Errorf("%s (%s): %q, want %q", c.id, c.facts, got, c.want)
		}
		if ok && (k.Sure == "" || k.Sure != rulebook.SureLocal && len(k.Basis) == 0 && chain.Note == (rulebook.Text{})) {
			t.Errorf("%s (%s): says neither on what it rests nor why on nothing", c.id, c.facts)
		}
	}
}

func facts(s string) rulebook.Facts {
	f := rulebook.Facts{}
	for _, x := range strings.Fields(s) {
		k, v, _ := strings.Cut(x, "=")
		f[k] = v
	}
	return f
}

func TestSanctions(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	periods := map[string]string{
		"party_warning": "[12]", "party_serious_warning": "[18]", "party_removal": "[24]", "party_probation": "[12 24]", "party_expulsion": "[]",
		"admin_warning": "[6]", "admin_demerit": "[12]", "admin_major_demerit": "[18]", "admin_demotion": "[24]", "admin_removal": "[24]", "admin_dismissal": "[]",
	}
	post := "party_removal party_probation party_expulsion admin_demotion admin_removal admin_dismissal"
	heavy := "party_removal party_probation party_expulsion admin_demotion admin_removal admin_dismissal"
	tracks := map[string]int{}
	for _, s := range b.Sanctions(day) {
		tracks[s.Track]++
		if got := fmt.Sprint(s.Months); got != periods[s.Code] {
			t.Errorf("%s works %s months, want %s", s.Code, got, periods[s.Code])
		}
		if s.Heavy != slices.Contains(strings.Fields(heavy), s.Code) {
			t.Errorf("%s: heavy %v", s.Code, s.Heavy)
		}
		if (s.Post != nil) != slices.Contains(strings.Fields(post), s.Code) || s.Post != nil && s.Post.Sure != rulebook.SureText {
			t.Errorf("%s: change of post %+v", s.Code, s.Post)
		}
		for _, r := range s.Bodies {
			known := slices.ContainsFunc(r.Basis, func(b rulebook.Basis) bool { return b.Reg == "PZ" && b.Art == "6" }) || r.Body == "city_supervision"
			if known != (r.Sure == rulebook.SureText) {
				t.Errorf("%s by %s is %s", s.Code, r.Body, r.Sure)
			}
		}
	}
	if tracks["party"] != 5 || tracks["admin"] != 6 || len(tracks) != 2 {
		t.Errorf("kinds by track %v, want 5 party and 6 admin", tracks)
	}
	for _, c := range []struct{ code, facts, want string }{
		{"party_warning", "level=township rank=none", "township_commission county_commission"},
		{"party_warning", "level=county rank=section", "county_commission"},
		{"party_warning", "level=township rank=section", "county_commission"},
		{"party_probation", "level=township rank=village", "township_party_committee county_commission"},
		{"party_expulsion", "level=township rank=village", "county_commission"},
		{"party_expulsion", "level=county rank=deputy_section", "county_party_committee"},
		{"party_removal", "level=city rank=county", "city_party_committee"},
		{"party_warning", "level=city rank=bureau", ""},
		{"admin_warning", "level=township rank=none", ""},
		{"admin_major_demerit", "level=township rank=village", "county_supervision"},
		{"admin_demotion", "level=township rank=village", ""},
		{"admin_removal", "level=county rank=village", ""},
		{"admin_dismissal", "level=county rank=village", ""},
		{"admin_demotion", "level=county rank=staff category=c6", ""},
		{"admin_removal", "level=city rank=deputy_county category=c5", ""},
		{"admin_demotion", "level=county rank=staff category=c1", "county_supervision"},
		{"admin_dismissal", "level=city rank=deputy_county category=c3", "city_supervision"},
	} {
		s, ok := b.Sanction(c.code)
		if got := strings.Join(s.Decides(facts(c.facts)), " "); !ok || got != c.want {
			t.Errorf("%s (%s) is decided by %q, want %q", c.code, c.facts, got, c.want)
		}
	}
}

// Whoever the sanctions say decides is whoever the approvals ask: a Party committee's decision is recorded where it
// decides, and nowhere else.
func TestApprovalsFollowTheBodies(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	for _, s := range b.Sanctions(day) {
		if s.Track != "party" {
			continue
		}
		for _, r := range b.Ranks() {
			f := rulebook.Facts{"level": "county", "rank": r.Code, "choice": s.Code, "category": "c1"}
			bodies := s.Decides(f)
			if len(bodies) != 1 {
				continue // above what is handled here
			}
			_, k, _ := b.Chain("case.decide", day, f)
			if asked := slices.Contains(k.Steps, "record_party_committee"); asked != strings.HasSuffix(bodies[0], "_party_committee") {
				t.Errorf("%s for %s is decided by %s and signed by %v", s.Code, r.Code, bodies[0], k.Steps)
			}
		}
	}
}
