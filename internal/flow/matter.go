package flow

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// Matter is the part that every piece of work has in common.
type Matter struct {
	ID          id.ID
	Kind        string
	No          string
	State       string
	Open        bool
	Version     int64
	Level       int   // where its register stands: 1 province, 2 city, 3 county
	Organ       id.ID // the organ whose register and log it is in
	County      id.Key
	Township    id.Key // the place it is about
	Handler     id.ID  // the unit that works on it
	Second      id.Key // a second unit: the reviewing organ
	Parent      id.Key
	Root        id.Key // the first of its family: tip-off, clue and case share bars
	Title       string
	Source      string
	Mode        string
	Rank        string
	Subject     string
	SubjectPost string
	Received    calendar.Date
	Opened      calendar.Date
	Ended       calendar.Date
	Outcome     string
	Due         calendar.Date
	Flags       string

	was []any // the row as it was when it was locked
}

// The flags of a matter, each a word in Flags.
const (
	FlagNamed    = "named"    // from a reporter who gave a name; shown to the organ only
	FlagRepeat   = "repeat"   // something like it was there before
	FlagRisen    = "risen"    // it rose by itself
	FlagAsked    = "asked"    // more time, or a pause, was asked for on one of its clocks
	FlagAssigned = "assigned" // the county wants a report back from whoever handles it
	FlagAbove    = "above"    // an organ above assigned it to this one
	FlagAnswer   = "answer"   // and this is the matter under which that organ is answered
	FlagChief    = "chief"    // the subject is chief of the next lower Party committee
	FlagMember   = "member"   // the subject sits on the committee of the same level
	FlagParty    = "party"    // a Party member
	FlagPost     = "post"     // a sanction that changes post and pay
	FlagPunished = "punished" // a sanction was decided
	FlagOffice   = "office"   // and no Party sanction among them: the law on offices alone
	FlagTownship = "township" // a township commission handles it
	FlagApart    = "apart"    // among no number of that organ: a slip about its own chief, a letter nobody has entered yet
	FlagReport   = "report"   // of a clue: a report is behind it
	FlagChecked  = "checked"  // and what it says is what a second person checked for those below
	FlagBelow    = "below"    // that text was asked for
	FlagLetter   = "letter"   // it came sealed from the public side, and its reporter is told there
)

// Among is the county in whose numbers a matter's clocks are.
func (m *Matter) Among() id.Key {
	if m.Is(FlagApart) {
		return ""
	}
	return m.County
}

// Is says whether the matter has a flag.
func (m Matter) Is(flag string) bool { return slices.Contains(strings.Fields(m.Flags), flag) }

// Set adds a flag.
func (m *Matter) Set(flag string) {
	if !m.Is(flag) {
		if m.Flags != "" {
			m.Flags += " "
		}
		m.Flags += flag
	}
}

// Unset takes a flag away.
func (m *Matter) Unset(flag string) {
	var keep []string
	for _, w := range strings.Fields(m.Flags) {
		if w != flag {
			keep = append(keep, w)
		}
	}
	m.Flags = strings.Join(keep, " ")
}

var matterTable = &ledger.Table{Name: "matters", Key: []string{"id"}, Cols: []string{"kind", "no", "state", "open", "version", "level", "organ_city", "organ_id",
	"county_id", "township_id", "handler_city", "handler_id", "second_id", "parent_id", "root_id", "title", "source", "mode", "rank", "subject", "subject_post",
	"received_on", "opened_on", "ended_on", "outcome", "due_on", "flags"}}

var subjectTable = &ledger.Table{Name: "subjects", Key: []string{"matter_id", "n"}, Cols: []string{"official_id", "person_id", "name", "unit_id", "unit_text", "post",
	"rank", "category", "party_member", "chief"}}

var proposalTable = &ledger.Table{Name: "proposals", Key: []string{"id"}, Cols: []string{"matter_id", "root_id", "move", "input", "from_state", "author_id", "author_unit",
	"chain", "chain_version", "state", "step", "made_at", "ended_at", "clock_id", "version"}, Version: "version"}

var stepTable = &ledger.Table{Name: "proposal_steps", Key: []string{"proposal_id", "n"}, Cols: []string{"role", "seat", "unit_city", "unit_id", "moved", "decision", "person_id",
	"holding_id", "for_person", "note", "on_day", "at"}}

var teamTable = &ledger.Table{Name: "team", Key: []string{"matter_id", "stage", "person_id"}, Cols: []string{"root_id", "lead", "from_on", "to_on", "signed_at"}}

// Tables are the covered tables of this package.
func Tables() []*ledger.Table {
	return []*ledger.Table{matterTable, subjectTable, proposalTable, stepTable, teamTable, recusalTable}
}

func (m Matter) row() []any {
	return []any{m.ID.Key, m.Kind, m.No, m.State, m.Open, m.Version, m.Level, int64(m.Organ.City), m.Organ.Key, m.County, m.Township, int64(m.Handler.City), m.Handler.Key,
		m.Second, m.Parent, m.Root, m.Title, m.Source, m.Mode, m.Rank, m.Subject, m.SubjectPost, m.Received, m.Opened, m.Ended, m.Outcome, m.Due, m.Flags}
}

// Columns is what a Matter is read from.
const Columns = `m.id, m.kind, m.no, m.state, m.open, m.version, m.level, m.organ_city, m.organ_id, m.county_id, m.township_id, m.handler_city, m.handler_id, m.second_id,
	m.parent_id, m.root_id, m.title, m.source, m.mode, m.rank, m.subject, m.subject_post, m.received_on, m.opened_on, m.ended_on, m.outcome, m.due_on, m.flags`

// Dest are the places Columns are read into.
func (m *Matter) Dest() []any {
	return []any{&m.ID.Key, &m.Kind, &m.No, &m.State, &m.Open, &m.Version, &m.Level, &m.Organ.City, &m.Organ.Key, &m.County, &m.Township, &m.Handler.City, &m.Handler.Key,
		&m.Second, &m.Parent, &m.Root, &m.Title, &m.Source, &m.Mode, &m.Rank, &m.Subject, &m.SubjectPost, &m.Received, &m.Opened, &m.Ended, &m.Outcome, &m.Due, &m.Flags}
}

// placed are those that the tenant and Columns are read into.
func (m *Matter) placed() []any { return append([]any{&m.ID.City}, m.Dest()...) }

// Lock takes a matter for the transaction and counts its version up. All changes of a matter, its clocks and its
// proposals happen under this lock, and whoever takes it saves the matter.
func Lock(ctx context.Context, tx *ledger.Tx, key id.Key) (Matter, error) {
	m := Matter{ID: id.ID{City: tx.City()}}
	text := `SELECT ` + Columns + ` FROM matters m WHERE m.city_id = $1 AND m.id = $2`
	if tx.Engine() == db.Postgres {
		text = `/*engine*/ ` + text + ` FOR UPDATE` // SQLite has one writer, who is us
	}
	err := tx.Row(ctx, text, key).Scan(m.Dest()...)
	if errors.Is(err, db.ErrNoRows) {
		return m, fault.Hidden()
	}
	m.hold()
	return m, err
}

// hold begins a change of a matter that is locked.
func (m *Matter) hold() {
	m.was = m.row()
	m.Version++
}

// save stores the whole row and brings its due day up to its clocks.
func save(ctx context.Context, tx *ledger.Tx, m *Matter) error {
	due, err := deadline.Soonest(ctx, tx, m.ID.Key, m.Due)
	if err != nil {
		return err
	}
	m.Due = due
	row := m.row()
	if err := tx.Change(ctx, matterTable, m.was, row...); err != nil {
		return err
	}
	measure.Move(ctx, tx, stands(m.was), stands(row))
	m.was = row
	return nil
}

// Save stores a matter that the caller holds locked, outside a move (a title mended, a register moved).
func Save(ctx context.Context, tx *ledger.Tx, m *Matter) error { return save(ctx, tx, m) }

// Blank takes out of a matter that the caller holds locked whom and what it speaks of, here and in the search: a title takes
// that place. Its number, its days, what became of it and who may not see it stay.
func Blank(ctx context.Context, tx *ledger.Tx, m *Matter, title string) error {
	m.Title, m.Subject, m.SubjectPost = title, "", ""
	ss, err := Subjects(ctx, tx, m.ID.Key)
	if err != nil {
		return err
	}
	for _, s := range ss {
		s.Name, s.UnitText, s.Post = "", "", ""
		if err := tx.Update(ctx, subjectTable, s.row(m.ID.Key)...); err != nil {
			return err
		}
	}
	ps, err := Proposals(ctx, tx, m.ID.Key)
	if err != nil {
		return err
	}
	for _, p := range ps { // what was typed for a signature is text like any other
		p.In = Values{}
		if err := tx.Update(ctx, proposalTable, p.row()...); err != nil {
			return err
		}
	}
	if err := text.Put(ctx, tx.Tx, m.ID.Key, SearchTerms(m), m.No); err != nil {
		return err
	}
	return save(ctx, tx, m)
}

// Whole reads a matter for the program itself, whoever may see it.
func Whole(ctx context.Context, r db.Reader, key id.Key) (Matter, error) {
	m := Matter{ID: id.ID{City: r.City()}}
	err := r.Row(ctx, `SELECT `+Columns+` FROM matters m WHERE m.city_id = $1 AND m.id = $2`, key).Scan(m.Dest()...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.Hidden()
	}
	return m, err
}

// Subject is a person, or a Party organisation, that a matter speaks of.
type Subject struct {
	N           int
	Official    id.Key
	Person      id.Key // set when they are one of the system's own people
	Name        string
	Unit        id.Key
	UnitText    string
	Post        string
	Rank        string
	Category    string
	PartyMember bool
	Chief       bool
	Said        Said // not kept: what the words are when they say a leader of a commission
}

// Said is a leader of a commission whom a subject's words say by the post: 县纪委副书记.
type Said struct {
	Kind    string // of the post; "" for none
	Unit    access.Unit
	Holders []id.Key // who holds it, when no name was said
}

// Subjects reads who a matter speaks of. The caller has seen the matter.
func Subjects(ctx context.Context, r db.Reader, matter id.Key) ([]Subject, error) {
	return db.All(ctx, r, func(rows *db.Rows) (s Subject, err error) {
		return s, rows.Scan(&s.N, &s.Official, &s.Person, &s.Name, &s.Unit, &s.UnitText, &s.Post, &s.Rank, &s.Category, &s.PartyMember, &s.Chief)
	}, `SELECT n, official_id, person_id, name, unit_id, unit_text, post, rank, category, party_member, chief FROM subjects WHERE city_id = $1 AND matter_id = $2 ORDER BY n`, matter)
}

func (s Subject) row(matter id.Key) []any {
	return []any{matter, s.N, s.Official, s.Person, s.Name, s.Unit, s.UnitText, s.Post, s.Rank, s.Category, s.PartyMember, s.Chief}
}

func insertSubjects(ctx context.Context, tx *ledger.Tx, matter id.Key, ss []Subject) error {
	for i, s := range ss {
		s.N = i + 1
		if err := tx.Insert(ctx, subjectTable, s.row(matter)...); err != nil {
			return err
		}
	}
	return nil
}

// Member is a person on a matter's team.
type Member struct {
	Stage  string // verify, investigate, review
	Person id.Key
	Name   string
	Lead   bool
	From   calendar.Date
	To     calendar.Date
	Signed calendar.Instant
}

// The stages of a team.
const (
	StageVerify      = "verify"
	StageInvestigate = "investigate"
	StageReview      = "review"
)

// Team reads everybody who has worked on a matter, stage by stage.
func Team(ctx context.Context, r db.Reader, matter id.Key) ([]Member, error) {
	return db.All(ctx, r, scanMember, `SELECT t.stage, t.person_id, p.name, t.lead, t.from_on, t.to_on, t.signed_at FROM team t
		JOIN people p ON p.city_id = t.city_id AND p.id = t.person_id WHERE t.city_id = $1 AND t.matter_id = $2 ORDER BY t.stage, t.lead DESC, p.pinyin, p.id`, matter)
}

// FamilyTeam reads everybody who has worked on any matter of a family.
func FamilyTeam(ctx context.Context, r db.Reader, root id.Key) ([]Member, error) {
	return db.All(ctx, r, scanMember, `SELECT t.stage, t.person_id, p.name, t.lead, t.from_on, t.to_on, t.signed_at FROM team t
		JOIN people p ON p.city_id = t.city_id AND p.id = t.person_id WHERE t.city_id = $1 AND t.root_id = $2 ORDER BY t.stage, t.person_id`, root)
}

// TookPart lists everybody who worked on any matter of a family: who was on a team that verified or investigated, and
// who made or proposed a step of the handling unit's. None of them may review it (查审分离).
func (e *Engine) TookPart(ctx context.Context, r db.Reader, root id.Key) ([]id.Key, error) {
	type did struct{ person, action string }
	ds, err := db.All(ctx, r, func(rows *db.Rows) (d did, err error) { return d, rows.Scan(&d.person, &d.action) },
		`SELECT t.person_id, '' FROM team t WHERE t.city_id = $1 AND t.root_id = $2 AND t.stage <> $3
		UNION ALL SELECT a.actor_id, a.action FROM matters m JOIN acts a ON a.city_id = m.city_id AND a.matter_id = m.id WHERE m.city_id = $1 AND m.root_id = $2 AND a.actor_id <> ''`, root, StageReview)
	var out []id.Key
	for _, d := range ds {
		if !slices.Contains(out, d.person) && (d.action == "" || e.handling(d.action)) {
			out = append(out, d.person)
		}
	}
	return out, err
}

// handling says whether an act is a step of the handling unit's, made or proposed.
func (e *Engine) handling(action string) bool {
	kind, rest, _ := strings.Cut(action, ".")
	name, more, _ := strings.Cut(rest, ".")
	t, ok := e.tables[kind]
	if !ok || more != "" && more != "propose" {
		return false
	}
	mv, ok := t.Move(name)
	return ok && slices.ContainsFunc(mv.By, func(b By) bool { return b == ByHandler || b == ByTeam || b == ByHead })
}

// Enough says whether a stage still has as many people as the rulebook asks for: a recusal may have taken one away.
func (e *Engine) Enough(ctx context.Context, op *Op, stage string) error {
	team, err := Team(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	n := 0
	for _, t := range team {
		if t.Stage == stage && t.To == "" {
			n++
		}
	}
	if least := e.Rules.Limit("team."+stage, op.Day); n < least {
		return fault.New(fault.Conflict, "team.few", strconv.Itoa(least))
	}
	return nil
}

func scanMember(rows *db.Rows) (m Member, err error) {
	return m, rows.Scan(&m.Stage, &m.Person, &m.Name, &m.Lead, &m.From, &m.To, &m.Signed)
}

// SetTeam replaces the team of a stage: those who leave keep their line with an end, those who come get one.
func SetTeam(ctx context.Context, tx *ledger.Tx, m *Matter, stage string, lead id.Key, people []id.Key) error {
	have, err := Team(ctx, tx, m.ID.Key)
	if err != nil {
		return err
	}
	today := tx.Today()
	known := map[id.Key]bool{}
	for _, h := range have {
		if h.Stage != stage {
			continue
		}
		known[h.Person] = true
		to := calendar.Date("")
		if !slices.Contains(people, h.Person) {
			to = today
		}
		if err := tx.Update(ctx, teamTable, m.ID.Key, stage, h.Person, m.Root, h.Person == lead, h.From, to, int64(0)); err != nil {
			return err
		}
	}
	for _, p := range people {
		if known[p] {
			continue
		}
		if err := tx.Insert(ctx, teamTable, m.ID.Key, stage, p, m.Root, p == lead, today, "", int64(0)); err != nil {
			return err
		}
	}
	return nil
}

// Sign records the signature of a member and says whether all current members have now signed.
func Sign(ctx context.Context, tx *ledger.Tx, m *Matter, stage string, person id.Key) (all bool, err error) {
	have, err := Team(ctx, tx, m.ID.Key)
	if err != nil {
		return false, err
	}
	found := false
	all = true
	for _, h := range have {
		if h.Stage != stage || h.To != "" {
			continue
		}
		if h.Person == person {
			found = true
			if h.Signed != 0 {
				return false, fault.New(fault.Conflict, "team.signed_already")
			}
			if err := tx.Update(ctx, teamTable, m.ID.Key, stage, h.Person, m.Root, h.Lead, h.From, h.To, int64(tx.Now())); err != nil {
				return false, err
			}
		} else if h.Signed == 0 {
			all = false
		}
	}
	if !found {
		return false, fault.New(fault.Forbidden, "team.not_member")
	}
	return all, nil
}

// Unsign takes all signatures of a stage back: the report they stood under was changed.
func Unsign(ctx context.Context, tx *ledger.Tx, m *Matter, stage string) error {
	have, err := Team(ctx, tx, m.ID.Key)
	if err != nil {
		return err
	}
	for _, h := range have {
		if h.Stage == stage && h.Signed != 0 {
			if err := tx.Update(ctx, teamTable, m.ID.Key, stage, h.Person, m.Root, h.Lead, h.From, h.To, int64(0)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Reindex makes the search index of a tenant anew, from the texts and from who may see the matters now.
func Reindex(ctx context.Context, d *db.DB, city id.City, done func(texts int)) error {
	return text.Rebuild(ctx, d, city, func(r db.Reader, matters []id.Key) (map[id.Key][]string, error) {
		out := map[id.Key][]string{}
		if len(matters) == 0 {
			return out, nil
		}
		q, args := db.Build(`SELECT `+Columns+` FROM matters m WHERE m.city_id = $1`).In(` AND `, "m.id", matters).SQL()
		ms, err := db.All(ctx, r, scanMatter(city), q, args...)
		for i := range ms {
			out[ms[i].ID.Key] = SearchTerms(&ms[i])
		}
		return out, err
	}, done)
}
