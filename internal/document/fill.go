package document

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/record"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// gathered is everything a paper is filled in from: the matter, what its acts said, and what its clue said before it.
type gathered struct {
	M       flow.Matter
	Subject flow.Subject
	Place   string // the subject's unit
	Stage   string // what the subject is called now: reported, verified …
	Issuer  access.Unit
	Author  string // who writes the paper
	Today   calendar.Date
	Said    map[string]flow.Values // by move, what was last filled in for it
	Before  map[string]flow.Values // the same of the clue a case came from
	Clocks  []deadline.Clock
	Clock   *Clock
	Target  string // where it was handed on to
	People  map[id.Key]string
	Known   Known
	Rules   *rulebook.Book
	Gap     string // what stands for a text nobody gave; "" leaves it out
}

// said gathers the last values of every move from acts, newest first; proposals count as said.
func (s *Service) said(ctx context.Context, r db.Reader, m flow.Matter) (map[string]flow.Values, error) {
	t, _ := s.Engine.Table(m.Kind)
	events, err := record.Latest(ctx, r, t, m)
	out := map[string]flow.Values{}
	for _, e := range events {
		parts := strings.Split(e.Action, ".")
		if len(parts) < 2 || len(parts) == 3 && parts[2] != "propose" || out[parts[1]] != nil {
			continue
		}
		v := flow.Values{}
		for k, x := range e.Params {
			switch x := x.(type) {
			case string:
				v[k] = []string{x}
			case []any:
				for _, y := range x {
					if s, ok := y.(string); ok {
						v[k] = append(v[k], s)
					}
				}
			}
		}
		out[parts[1]] = v
	}
	return out, err
}

func (s *Service) gather(ctx context.Context, r db.Reader, who access.Actor, d *flow.Dossier, doc rulebook.Document, clock *Clock) (*gathered, error) {
	m := d.Matter
	made, err := s.said(ctx, r, m)
	if err != nil {
		return nil, err
	}
	g := &gathered{M: m, Author: who.Name, Today: r.Now().Date(), Said: made, Clocks: d.Clocks, Clock: clock, Rules: s.Rules, People: map[id.Key]string{}, Stage: flow.SubjectStage(m)}
	if len(d.Subjects) > 0 {
		g.Subject = d.Subjects[0]
	}
	if err := g.readPeople(ctx, r); err != nil {
		return nil, err
	}
	target := g.Said["forward"].Str("target") + g.Said["assign"].Str("target") + g.Said["hand_out"].Str("target")
	units, err := access.Units(ctx, r, []string{g.Subject.Unit, m.Handler.Key, target})
	if err != nil {
		return nil, err
	}
	g.Place, g.Target = units[g.Subject.Unit].Name, units[target].Commission()
	organ, err := access.GetUnit(ctx, r.For(m.Organ.City), m.Organ.Key)
	if err != nil {
		return nil, err
	}
	g.Issuer = organ
	if h := units[m.Handler.Key]; h.Kind == "township" && doc.Code != "urge_slip" && doc.Code != "review_report" && !s.countyPaper(&m, doc, g.Today) {
		g.Issuer = h
	}
	if s.Known != nil {
		if g.Known, err = s.Known(ctx, r, m); err != nil {
			return nil, err
		}
	}
	if m.Parent == "" {
		return g, nil
	}
	before, err := flow.Get(ctx, r, who, m.Parent)
	if fault.KindOf(err) == fault.NotFound {
		return g, nil // whoever may not see where it came from writes without it
	}
	if err != nil {
		return nil, err
	}
	g.Before, err = s.said(ctx, r, before)
	return g, err
}

// countyPaper says whether a paper goes with a move that the county makes of a township's matter.
func (s *Service) countyPaper(m *flow.Matter, doc rulebook.Document, today calendar.Date) bool {
	t, _ := s.Engine.Table(m.Kind)
	for _, name := range doc.Moves {
		if mv, ok := t.Move(strings.TrimPrefix(name, m.Kind+".")); ok && s.Engine.CountyMakes(m, mv, today) {
			return true
		}
	}
	return false
}

// readPeople reads the names of everybody whom a step put on a team.
func (g *gathered) readPeople(ctx context.Context, r db.Reader) error {
	var keys []string
	for _, v := range g.Said {
		keys = append(keys, v.List("team")...)
	}
	if len(keys) == 0 {
		return nil
	}
	text, args := db.Build(`SELECT p.id, p.name FROM people p WHERE p.city_id = $1`).In(` AND `, "p.id", keys).SQL()
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k, n string
		if err := rows.Scan(&k, &n); err != nil {
			return err
		}
		g.People[k] = n
	}
	return rows.Err()
}

// subject is the person's name, or what stands for one that nobody knows.
func (g *gathered) subject() string {
	if g.Subject.Name != "" {
		return g.Subject.Name
	}
	return g.M.Subject
}

// move is the step that a document belongs to here: the last one made of those it names, else the first.
func (g *gathered) move(doc rulebook.Document) string {
	first := ""
	for _, m := range doc.Moves {
		kind, move, _ := strings.Cut(m, ".")
		if kind != g.M.Kind {
			continue
		}
		if g.Said[move] != nil {
			return move
		}
		if first == "" {
			first = move
		}
	}
	return first
}

// numbers says in which step, and under which name, a paper's number was recorded.
var numbers = map[string][2]string{
	"inquiry_letter": {"send_letter", "letter_no"}, "adopt_letter": {"settle", "letter_no"}, "filing_decision": {"submit_filing", "filing_no"}, "sanction_decision": {"decide", "decision_no"}, "party_decision": {"decide", "decision_no"}, "admin_decision": {"decide", "decision_no"},
	"exempt_decision": {"decide", "decision_no"}, "none_decision": {"decide", "decision_no"}, "dismiss_decision": {"decide", "decision_no"},
	"verify_report": {"write_report", "record_no"}, "review_report": {"review_report", "record_no"}, "execution_report": {"report_execution", "record_no"},
}

func (g *gathered) number(doc rulebook.Document) string {
	at := numbers[doc.Code]
	return g.Said[at[0]].Str(at[1])
}

// addressee is whom a letter goes to.
func (g *gathered) addressee(doc rulebook.Document) string {
	if toReporter(doc.Code) {
		return zh("paper.reporter")
	}
	switch doc.Code {
	case "transfer_letter", "assign_letter":
		if to := g.Said["pass_on"].Str("organ_name"); to != "" && doc.Code == "transfer_letter" {
			return to
		}
		return g.Target
	case "urge_slip":
		if g.Clock != nil {
			return g.Clock.OwedBy
		}
	case "inquiry_letter", "adopt_letter", "delivery_receipt":
		return g.subject()
	}
	return g.Known.To
}

// toReporter are the notices that go to whoever reported: there are none where nobody gave a name.
func toReporter(code string) bool { return code == "accept_notice" || code == "decline_notice" }

// made is the day a paper bears: a decision that of the collective decision, any other the day it is issued.
func (g *gathered) made(doc rulebook.Document) calendar.Date {
	if on := g.Said["decide"].Day("decided_on"); on != "" && numbers[doc.Code][0] == "decide" {
		return on
	}
	return g.Today
}

// dues names the rule whose day a document states.
var dues = map[string][]string{"disposal_form": {"clue.opinion"}, "assign_letter": {"tipoff.assigned"}, "execution_report": {"case.execution_report"},
	"handback_letter": {"handback.receive"}, "correction_order": {"order.correct"}}

func (g *gathered) due(doc rulebook.Document) calendar.Date {
	if g.Clock != nil {
		return g.Clock.Due
	}
	for _, rule := range dues[doc.Code] {
		for _, c := range g.Clocks {
			if c.Rule == rule {
				return c.Due
			}
		}
	}
	return ""
}

func (g *gathered) why() []string {
	if g.Clock == nil {
		return nil
	}
	var out []string
	for _, s := range g.Clock.Reasons {
		out = append(out, strings.TrimSuffix(s, "。")+"。")
	}
	return out
}

func (g *gathered) name(list, code string) string {
	if code == "" {
		return ""
	}
	return g.Rules.Name(list, code, "zh")
}

// names joins the names of several codes of a list.
func (g *gathered) names(list string, codes []string) string {
	var out []string
	for _, c := range codes {
		out = append(out, g.name(list, c))
	}
	return strings.Join(out, "、")
}

// choice is the word for what was chosen where the rulebook has no list.
func choice(v flow.Values, field string) string {
	if c := v.Str(field); c != "" {
		return zh("choice." + field + "." + c)
	}
	return ""
}

// team names people, the lead first.
func (g *gathered) team(v flow.Values) string {
	lead := v.Str("lead")
	var out []string
	for _, p := range v.List("team") {
		n := g.People[p]
		switch {
		case n == "":
		case p == lead:
			out = append([]string{n + zh("team.lead")}, out...)
		default:
			out = append(out, n)
		}
	}
	return strings.Join(out, "、")
}

// sanctions are the names of what was decided, in the words a decision uses.
func (g *gathered) sanctions() string {
	v := g.Said["decide"]
	var out []string
	for _, f := range []string{"party_sanction", "admin_sanction"} {
		if s, ok := g.Rules.Sanction(v.Str(f)); ok {
			out = append(out, s.Name.Zh)
		}
	}
	return strings.Join(out, "、")
}

// sanction is the name of one sanction as a decision words it, with the length of a probation, and how long it works.
func (g *gathered) sanction(code, probation string) (name, period string) {
	s, ok := g.Rules.Sanction(code)
	if !ok {
		return "", ""
	}
	months := slices.Clone(s.Months)
	if n, err := strconv.Atoi(probation); err == nil && slices.Contains(months, n) {
		return s.Name.Zh + zh("paper.months", strconv.Itoa(n)), ""
	}
	if len(months) == 1 {
		period = zh("paper.months", strconv.Itoa(months[0]))
	}
	return s.Name.Zh, period
}

// served are the papers that the person is handed: those of the decision that was made.
func (g *gathered) served() []string {
	v := g.Said["decide"]
	var out []string
	for _, track := range []string{"party", "admin"} {
		if v.Str(track+"_sanction") != "" {
			out = append(out, track+"_decision")
		}
	}
	if len(out) == 0 {
		code := v.Str("decision") + "_decision"
		if _, ok := g.Rules.Document(code); !ok {
			code = "sanction_decision"
		}
		out = []string{code}
	}
	return out
}

// track is whether it goes by Party discipline, public office or both.
func (g *gathered) track() string {
	code := g.Said["submit_filing"].Str("track")
	if code == "" {
		code = g.Known.Track
	}
	return g.name("track", code)
}

// lines joins what is there, a paragraph each.
func lines(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "\n")
}

var reField = regexp.MustCompile(`\.F\.([a-z_]+)`)

// filled is fields with something in every gap that the text has, where gaps are to be shown.
func (g *gathered) filled(doc rulebook.Document) map[string]string {
	f := g.fields(doc)
	if g.Gap == "" {
		return f
	}
	out := map[string]string{}
	for _, m := range reField.FindAllStringSubmatch(doc.Body, -1) {
		out[m[1]] = g.Gap
	}
	return out
}

// fields fills the gaps of one document from the acts that said it.
func (g *gathered) fields(doc rulebook.Document) map[string]string {
	at := func(move string) flow.Values { return g.Said[move] }
	var f map[string]string
	switch doc.Code {
	case "decline_notice":
		f = map[string]string{"ground": g.name("decline_ground", at("decline").Str("ground")), "where": at("decline").Str("told_where")}
	case "transfer_letter":
		f = map[string]string{"reason": g.name("forward_reason", at("pass_on").Str("forward_reason"))}
		if f["reason"] == "" {
			f["reason"] = zh("paper.by_authority")
		}
	case "assign_letter":
		f = map[string]string{"requirement": lines(at("assign").Str("verify_note"), at("hand_out").Str("verify_note"))}
	case "urge_slip":
		if v := at("urge"); g.Clock != nil && v.Day("due") == g.Clock.Due {
			f = map[string]string{"demand": v.Str("note")}
		}
	case "result_record":
		v := at("tell_result")
		f = map[string]string{"way": choice(v, "way"), "objection": v.Str("objection")}
	case "disposal_form":
		v := at("propose")
		f = map[string]string{"source": g.name("clue_source", g.M.Source), "summary": g.Known.Summary, "disposal": g.name("disposal", v.Str("disposal")), "reason": v.Str("reason"),
			"study": zh("paper.studied", day(v.Day("studied_on")), v.Str("studied_by"))}
		if v.Str("studied_on") == "" {
			f["study"] = ""
		}
	case "inquiry_letter":
		f = map[string]string{"questions": g.Known.Summary, "copies": at("send_letter").Str("copied_to")}
	case "adopt_letter":
		on := at("record_answer").Day("on")
		if on == "" {
			on = at("hold_talk").Day("on")
		}
		f = map[string]string{"answered": day(on)}
	case "verify_plan_form":
		v := at("submit_plan")
		f = map[string]string{"basis": zh("paper.plan_basis", g.M.No), "team": g.team(v), "questions": v.Str("questions"), "method": v.Str("steps"), "measures": g.names("verify_measure", v.List("measures")), "cautions": v.Str("safety")}
	case "verify_report":
		v := at("write_report")
		f = map[string]string{"findings": v.Str("facts"), "process": zh("paper.team_was", g.team(at("submit_plan"))), "opinion": at("propose_result").Str("reason")}
		if c := choice(v, "finding"); c != "" {
			f["proposal"] = zh("paper.finding", c)
		}
	case "filing_report":
		v := at("submit_filing")
		f = map[string]string{"verification": g.Before["write_report"].Str("facts"), "facts": v.Str("facts"), "track": g.track()}
	case "filing_decision":
		f = map[string]string{"discipline": g.name("discipline", g.Known.Discipline), "track": g.track()}
	case "review_report":
		v := at("review_report")
		f = map[string]string{"facts": v.Str("facts"), "department": at("write_report").Str("suggestion"), "opinion": lines(v.Str("qualification"), g.name("decision", v.Str("decision"))),
			"process": zh("paper.case_process", day(at("announce_filing").Day("on")), day(at("accept_review").Day("on")))}
	case "party_decision", "admin_decision", "exempt_decision", "none_decision", "dismiss_decision":
		v := at("decide")
		f = map[string]string{"facts": at("review_report").Str("facts"), "basis": zh("paper.fill_basis"), "decided": day(v.Day("decided_on")), "opinion": choice(at("show_facts"), "person_says"),
			"body": g.name("deciding_body", v.Str("body")), "reason": v.Str("reason"), "track": g.track(), "filed": day(g.Known.Filed)}
		if track, ok := strings.CutSuffix(doc.Code, "_decision"); ok && (track == "party" || track == "admin") {
			f["body"] = g.name("deciding_body", v.Str(track+"_body"))
			f["sanction"], f["period"] = g.sanction(v.Str(track+"_sanction"), v.Str("probation"))
		}
	case "delivery_receipt":
		v, served := at("deliver"), g.served()
		if g.M.Kind == "clue" {
			v, served = at("deliver_letter"), []string{"inquiry_letter"}
		}
		var names []string
		for _, code := range served {
			d, _ := g.Rules.Document(code)
			names = append(names, d.Name.Zh+g.number(d))
		}
		f = map[string]string{"document": strings.Join(names, "、"), "way": g.name("service_way", v.Str("service")), "delivered": day(v.Day("on"))}
	case "execution_report":
		v := at("report_execution")
		f = map[string]string{"sanction": g.sanctions(), "decided": day(at("decide").Day("decided_on")), "announced": zh("paper.announced", day(at("announce").Day("on")), at("announce").Str("place"), at("announce").Str("attended")),
			"post": at("execute_post").Str("what"), "archive": choice(v, "archived"), "property": choice(v, "property"), "other": v.Str("what")}
		if at("announce") == nil {
			f["announced"] = ""
		}
	case "handback_letter", "correction_order", "talk_notice", "deviation_slip":
		f = map[string]string{"requirement": at("issue").Str("requirement"), "said": at("answer").Str("said")}
		maps.Copy(f, g.Known.Fields)
	case "closing_form":
		v, x := at("propose_close"), at("report_execution")
		f = map[string]string{"summary": g.Known.Summary, "result": lines(g.name("decision", at("decide").Str("decision")), g.sanctions()), "execution": x.Str("what"), "property": choice(x, "property"), "archive": v.Str("volumes")}
	}
	return f
}
