// Package document drafts, numbers and keeps the official papers of a matter (文书).
//
// The words: a document is what the rulebook lists, a name and perhaps a text with gaps; a draft is that text filled in
// from the matter's own acts, for somebody to mend; a paper is a draft that was issued: numbered in its issuer's name,
// kept word for word. A corrected paper is another one that says which it replaces.
//
// Invariants: nothing is typed twice that the matter already says; a paper once issued never changes; its number is
// taken in the transaction that keeps it, without gaps, from the issuer's series of the year, unless the step itself
// recorded a number; no paper names a reporter (whoever it goes to is "举报人" here, and written on the envelope by
// hand); papers are Chinese whatever language the page is in.
//
// Start at Service.Draft and Service.Issue; fill.go says which gap is filled from which act.
package document

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Engine *flow.Engine
	Rules  *rulebook.Book
	// Known is what the area of a matter knows of it beyond its acts. The reader has been checked.
	Known func(ctx context.Context, r db.Reader, m flow.Matter) (Known, error)
}

// Known is what an area tells of its matter.
type Known struct {
	Summary    string
	Discipline string // code of the list discipline
	Track      string // code of the list track
	Filed      calendar.Date
	Close      string // how a clue was closed
	Clear      string // whether the name is to be cleared
	To         string // whom its letters go to
	Fields     map[string]string
}

var paperTable = &ledger.Table{Name: "papers", Key: []string{"id"}, Cols: []string{"matter_id", "code", "no", "issuer_id", "made_on", "move", "title", "addressee", "copies",
	"body", "made_by", "replaces"}}

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{paperTable} }

// Paper is a paper as drafted or as issued. Body is its lines after the title: "# " begins a heading, every other line
// is a paragraph.
type Paper struct {
	ID        id.ID // zero for a draft
	Code      string
	Kind      string // letter, form, record, decision, report
	No        string
	Title     string
	Addressee string
	Copies    string
	Body      string
	Issuer    access.Unit
	Made      calendar.Date
	Move      string
	MadeBy    string // name
	Replaces  id.Key
	Replaced  id.Key // the paper that corrects this one
}

// Lines are the paragraphs of the body.
func (p Paper) Lines() []string {
	var out []string
	for _, l := range strings.Split(p.Body, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// approvals is the heading of the part that stays empty until it is signed.
const approvals = "审批意见"

// byHand is what is written on the printed paper, so that an empty line is no omission.
var byHand = []string{"签名", "签字", "盖章", "负责人", "备注"}

// reHint is what a text says in brackets where the matter has nothing to put.
var reHint = regexp.MustCompile(`\{\{else\}\}(（[^）]*）)`)

// hints are those of a document that still stand in a paper.
func hints(doc rulebook.Document, title, body string) []string {
	var out []string
	for _, m := range reHint.FindAllStringSubmatch(doc.Body, -1) {
		if (strings.Contains(body, m[1]) || strings.Contains(title, m[1])) && !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// Blanks are the labels of a form or record behind which nothing stands yet, though it is not for whoever signs.
func (p Paper) Blanks() []string {
	if p.Kind != "form" && p.Kind != "record" {
		return nil
	}
	var out []string
	lines, head := p.Lines(), ""
	for i, l := range lines {
		if h, ok := strings.CutPrefix(l, "# "); ok {
			if head = h; h != approvals && (i+1 == len(lines) || strings.HasPrefix(lines[i+1], "# ")) {
				out = append(out, h)
			}
			continue
		}
		label, ok := strings.CutSuffix(l, "：")
		if ok && head != approvals && !slices.ContainsFunc(byHand, func(x string) bool { return strings.Contains(label, x) }) {
			out = append(out, label)
		}
	}
	return out
}

// Text is the whole paper as plain text, as it would be read aloud.
func (p Paper) Text() string {
	parts := []string{p.Title}
	if p.No != "" {
		parts = append(parts, p.No)
	}
	parts = append(parts, p.Lines()...)
	if p.Kind != "form" && p.Kind != "record" {
		parts = append(parts, p.Issuer.Commission(), day(p.Made))
	}
	if p.Copies != "" {
		parts = append(parts, "抄送："+p.Copies)
	}
	return strings.Join(parts, "\n") + "\n"
}

func day(d calendar.Date) string {
	if !d.Valid() {
		return ""
	}
	return fmt.Sprintf("%d年%d月%d日", d.Year(), d.Month(), d.Day())
}

func zh(key string, args ...string) string { return locale.T(locale.Zh, key, args...) }

// Offered is a document that fits where a matter stands: its step was made, or may be made now.
type Offered struct {
	Doc   rulebook.Document
	Move  string // the step it belongs to
	Done  bool   // the step was made
	Draft bool   // there is a text to draft it from
}

// Offers lists the papers of the steps a matter has been through and of those open now, in the rulebook's order; of those
// that hang on what was chosen, the ones that fit it.
func (s *Service) Offers(ctx context.Context, r db.Reader, d *flow.Dossier) ([]Offered, error) {
	table, ok := s.Engine.Table(d.Matter.Kind)
	if !ok {
		return nil, nil
	}
	made, err := s.said(ctx, r, d.Matter)
	if err != nil {
		return nil, err
	}
	var known Known
	if s.Known != nil {
		var err error
		if known, err = s.Known(ctx, r, d.Matter); err != nil {
			return nil, err
		}
	}
	chosen := chosen(made, known)
	var out []Offered
	for _, doc := range s.Rules.Documents() {
		if !doc.Fits(chosen) || toReporter(doc.Code) && !d.Matter.Is(flow.FlagNamed) {
			continue
		}
		for _, m := range doc.Moves {
			kind, move, _ := strings.Cut(m, ".")
			if kind != d.Matter.Kind {
				continue
			}
			_, done := made[move]
			mv, ok := table.Move(move)
			if done || ok && slices.Contains(mv.From, d.Matter.State) {
				out = append(out, Offered{Doc: doc, Move: move, Done: done, Draft: doc.Body != ""})
				break
			}
		}
	}
	return out, nil
}

// chosen is what papers may hang on: the decision, proposed or made, the tracks it was made in, how a clue was closed,
// whether a name is to be cleared.
func chosen(made map[string]flow.Values, known Known) map[string][]string {
	out := map[string][]string{}
	put := func(key string, codes ...string) {
		for _, c := range codes {
			if c != "" {
				out[key] = append(out[key], c)
			}
		}
	}
	decide := made["decide"]
	put("decision", cmp.Or(decide.Str("decision"), made["review_report"].Str("decision")))
	for _, track := range []string{"party", "admin"} {
		if decide.Str(track+"_sanction") != "" {
			put("track", track)
		}
	}
	if len(out["track"]) == 0 {
		if t := cmp.Or(known.Track, made["submit_filing"].Str("track")); t == "both" {
			put("track", "party", "admin")
		} else {
			put("track", t)
		}
	}
	put("close_kind", known.Close)
	put("clear_answer", known.Clear)
	return out
}

// Clock is the deadline a paper is about, for the one that urges.
type Clock struct {
	Name    string
	Due     calendar.Date
	OwedBy  string
	Reasons []string // why that day, sentence by sentence
}

// Draft fills a document in from a matter that the actor may see. clock is the deadline it is about, nil for most.
func (s *Service) Draft(ctx context.Context, r db.Reader, who access.Actor, matter id.Key, code string, clock *Clock) (Paper, error) {
	doc, ok := s.Rules.Document(code)
	if !ok || doc.Body == "" {
		return Paper{}, fault.Hidden()
	}
	d, err := s.Engine.Open(ctx, r, who, matter)
	if err != nil {
		return Paper{}, err
	}
	if toReporter(code) && !d.Matter.Is(flow.FlagNamed) {
		return Paper{}, fault.New(fault.Conflict, "paper.no_reporter")
	}
	g, err := s.gather(ctx, r, who, d, doc, clock)
	if err != nil {
		return Paper{}, err
	}
	p, err := g.write(doc)
	if err != nil {
		return p, err
	}
	if !mayIssue(who, d.Matter) {
		return p, fault.New(fault.Forbidden, "paper.not_yours")
	}
	return p, nil
}

// write executes the document's text.
func (g *gathered) write(doc rulebook.Document) (Paper, error) {
	t, err := template.New(doc.Code).Option("missingkey=zero").Parse(doc.Body)
	if err != nil {
		return Paper{}, fmt.Errorf("paper %s: %w", doc.Code, err)
	}
	p := Paper{Code: doc.Code, Kind: doc.Kind, Addressee: g.addressee(doc), Issuer: g.Issuer, Made: g.made(doc), Move: g.move(doc), No: g.number(doc)}
	var b strings.Builder
	data := map[string]any{"Organ": g.Issuer.Commission(), "No": p.No, "MatterNo": g.M.No, "Title": g.M.Title, "Subject": g.subject(), "SubjectPost": g.Subject.Post, "SubjectUnit": g.Place + g.Subject.UnitText,
		"SubjectStage": zh("subject." + g.Stage), "Handler": g.Author, "Addressee": p.Addressee, "Received": day(g.M.Received), "Due": day(g.due(doc)), "Today": day(g.Today), "Why": g.why(), "F": g.filled(doc)}
	if err := t.Execute(&b, data); err != nil {
		return Paper{}, fmt.Errorf("paper %s: %w", doc.Code, err)
	}
	title, body, _ := strings.Cut(strings.TrimSpace(b.String()), "\n")
	p.Title = strings.TrimSpace(title)
	p.Body = strings.Join(Paper{Body: body}.Lines(), "\n")
	return p, nil
}

// mayIssue says whether the actor may issue papers of a matter they see: those who handle it and those who work for the
// organ whose register it is in, not who looks on from above.
func mayIssue(who access.Actor, m flow.Matter) bool {
	u := who.Unit()
	return who.Can(access.MatterMove) && (u.ID == m.Handler || u.OrganID() == m.Organ)
}

// Issuing is a paper to be issued, as mended by whoever drafted it.
type Issuing struct {
	Code      string
	Title     string
	Addressee string
	Copies    string
	Body      string
	Replaces  id.Key // the paper it corrects
	Clock     *Clock
}

// The longest parts of a paper, in characters.
const (
	maxTitle = 100
	maxTo    = 200
	maxBody  = 20000
)

// Issue numbers a paper and keeps it.
func (s *Service) Issue(ctx context.Context, who access.Actor, matter id.ID, in Issuing) (id.ID, error) {
	doc, ok := s.Rules.Document(in.Code)
	if !ok || doc.Body == "" {
		return id.ID{}, fault.Hidden()
	}
	if err := in.clean(doc); err != nil {
		return id.ID{}, err
	}
	var made id.ID
	rc, err := s.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		p, err := s.Draft(ctx, tx, who, matter.Key, in.Code, in.Clock)
		if err != nil {
			return ledger.Act{}, err
		}
		m, err := flow.Get(ctx, tx, who, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if in.Replaces != "" {
			if err := replaceable(ctx, tx, matter.Key, in); err != nil {
				return ledger.Act{}, err
			}
		}
		if p.No == "" {
			if p.No, err = number(ctx, tx, p.Issuer, doc.Kind); err != nil {
				return ledger.Act{}, err
			}
		}
		made = tx.NewID()
		params := map[string]any{"paper": in.Code}
		if p.No != "" {
			params["paper_no"] = p.No
		}
		if in.Replaces != "" {
			params["replaces"] = in.Replaces
		}
		return ledger.Act{Action: "paper.issue", Organ: m.Organ, Matter: m.ID, About: "paper/" + made.String(), Params: params, Answer: made.String()},
			tx.Insert(ctx, paperTable, made.Key, matter.Key, in.Code, p.No, p.Issuer.ID.Key, p.Made, p.Move, in.Title, in.Addressee, in.Copies, in.Body, who.Person, in.Replaces)
	})
	if rc.Replayed {
		made, err = id.Parse(rc.Answer)
	}
	return made, err
}

func (in *Issuing) clean(doc rulebook.Document) error {
	var form typed.Form
	for _, f := range []struct {
		name  string
		text  *string
		lines bool
		must  bool
		limit int
	}{{"title", &in.Title, false, true, maxTitle}, {"addressee", &in.Addressee, false, doc.Kind == "letter", maxTo}, {"copies", &in.Copies, false, false, maxTo}, {"body", &in.Body, true, true, maxBody}} {
		*f.text = strings.ReplaceAll(*f.text, "\r\n", "\n")
		check := form.Line
		if f.lines {
			check = form.Para
		}
		check(f.name, f.text, f.must, f.limit)
	}
	if doc.Kind != "form" && doc.Kind != "record" { // those may be completed by hand
		if left := hints(doc, in.Title, in.Body); len(left) > 0 {
			form.Say("body", "paper.unfilled", strings.Join(left, ""))
		}
	}
	return form.Err()
}

// replaceable refuses a correction of what is not there, is another kind of paper, or was corrected already.
func replaceable(ctx context.Context, tx *ledger.Tx, matter id.Key, in Issuing) error {
	var code string
	err := tx.Row(ctx, `SELECT q.code FROM papers q WHERE q.city_id = $1 AND q.id = $2 AND q.matter_id = $3`, in.Replaces, matter).Scan(&code)
	if errors.Is(err, db.ErrNoRows) || err == nil && code != in.Code {
		return fault.Hidden()
	}
	if err != nil {
		return err
	}
	again, err := db.Column[string](ctx, tx, `SELECT q.id FROM papers q WHERE q.city_id = $1 AND q.matter_id = $2 AND q.replaces = $3`, matter, in.Replaces)
	if err == nil && len(again) > 0 {
		return fault.New(fault.Conflict, "paper.replaced")
	}
	return err
}

// marks are the words of an issuer's series, by kind of paper; forms and records carry the matter's number instead.
var marks = map[string]string{"letter": "函", "decision": "决", "report": "报"}

// number takes the next number of an issuer's series: 云渡纪函〔2026〕3号, without leading zeros (GB/T 9704).
func number(ctx context.Context, tx *ledger.Tx, issuer access.Unit, kind string) (string, error) {
	mark := marks[kind]
	if mark == "" {
		return "", nil
	}
	var n int64
	err := tx.Row(ctx, `INSERT INTO counters (city_id, organ_id, kind, year, n) VALUES ($1, $2, $3, $4, 1)
		ON CONFLICT (city_id, organ_id, kind, year) DO UPDATE SET n = counters.n + 1 RETURNING n`, issuer.ID.Key, "paper."+kind, tx.Today().Year()).Scan(&n)
	short := issuer.Short
	if short == "" {
		short = issuer.Name
	}
	return fmt.Sprintf("%s纪%s〔%d〕%d号", short, mark, tx.Today().Year(), n), err
}

// Print is Get for somebody who prints the paper: an act before it is given out (D12).
func (s *Service) Print(ctx context.Context, who access.Actor, matter id.ID, key id.Key) (p Paper, m flow.Matter, err error) {
	rc, err := s.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if p, m, err = s.Get(ctx, tx, who, matter.Key, key); err != nil {
			return ledger.Act{}, err
		}
		params := map[string]any{"paper": p.Code}
		if p.No != "" {
			params["paper_no"] = p.No
		}
		return ledger.Act{Action: "paper.print", Organ: m.Organ, Matter: m.ID, About: "paper/" + p.ID.String(), Params: params}, nil
	})
	if rc.Replayed { // the page was loaded again
		return s.Get(ctx, s.Ledger.DB.In(matter.City), who, matter.Key, key)
	}
	return p, m, err
}

const paperCols = `q.id, q.code, q.no, q.issuer_id, q.made_on, q.move, q.title, q.addressee, q.copies, q.body, q.made_by, q.replaces`

// Get reads an issued paper of a matter that the actor may see.
func (s *Service) Get(ctx context.Context, r db.Reader, who access.Actor, matter, key id.Key) (Paper, flow.Matter, error) {
	m, err := flow.Get(ctx, r, who, matter)
	if err != nil {
		return Paper{}, m, err
	}
	p := Paper{ID: id.ID{City: r.City()}}
	var issuer, by string
	err = r.Row(ctx, `SELECT `+paperCols+` FROM papers q WHERE q.city_id = $1 AND q.id = $2 AND q.matter_id = $3`, key, matter).
		Scan(&p.ID.Key, &p.Code, &p.No, &issuer, &p.Made, &p.Move, &p.Title, &p.Addressee, &p.Copies, &p.Body, &by, &p.Replaces)
	if errors.Is(err, db.ErrNoRows) {
		return p, m, fault.Hidden()
	}
	if err != nil {
		return p, m, err
	}
	doc, _ := s.Rules.Document(p.Code)
	p.Kind = doc.Kind
	if p.Issuer, err = access.GetUnit(ctx, r.For(m.Organ.City), issuer); fault.KindOf(err) == fault.NotFound {
		p.Issuer, err = access.GetUnit(ctx, r, issuer)
	}
	if err != nil {
		return p, m, err
	}
	names, err := db.Column[string](ctx, r, `SELECT p.name FROM people p WHERE p.city_id = $1 AND p.id = $2`, by)
	if err == nil && len(names) > 0 {
		p.MadeBy = names[0]
	}
	if err != nil {
		return p, m, err
	}
	next, err := db.Column[string](ctx, r, `SELECT q.id FROM papers q WHERE q.city_id = $1 AND q.matter_id = $2 AND q.replaces = $3`, matter, key)
	if len(next) > 0 {
		p.Replaced = next[0]
	}
	return p, m, err
}
