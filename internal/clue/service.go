package clue

import (
	"context"
	"encoding/json"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Filing is where a verification that found enough becomes a case. Package casework is it.
type Filing interface {
	FromClue(ctx context.Context, tx *ledger.Tx, m *flow.Matter, c Clue, track string) (id.ID, error)
}

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Engine *flow.Engine
	Rules  *rulebook.Book
	Clocks *deadline.Keeper
	Intake *intake.Service
	Filing Filing
}

// Clue is what a clue holds beyond the matter.
type Clue struct {
	Tipoff      id.Key
	FromKind    string // for a transfer: which kind of organ
	FromText    string // and which, or where it was found
	Discipline  string
	Summary     string
	VerifyNote  string // how to verify without showing that there was a report
	Assigned    bool
	Disposal    string
	CloseKind   string // direct, accepted, disproved; measure for one of the first form
	CloseGround string
	Result      string
	Untrue      bool
	ClearAnswer string
	InquiryForm string
	Disposed    calendar.Date
	OutsideNo   string
}

var clueTable = &ledger.Table{Name: "clues", Key: []string{"id"}, Cols: []string{"tipoff_id", "from_kind", "from_text", "discipline", "summary", "verify_note", "assigned", "disposal",
	"close_kind", "close_ground", "result", "untrue", "clear_answer", "inquiry_form", "disposed_on", "outside_no"}}

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{clueTable} }

func (c Clue) row(key id.Key) []any {
	return []any{key, c.Tipoff, c.FromKind, c.FromText, c.Discipline, c.Summary, c.VerifyNote, c.Assigned, c.Disposal, c.CloseKind, c.CloseGround, c.Result, c.Untrue, c.ClearAnswer,
		c.InquiryForm, c.Disposed, c.OutsideNo}
}

// Get reads a clue's own part. The caller has seen the matter.
func Get(ctx context.Context, r db.Reader, key id.Key) (Clue, error) {
	var c Clue
	return c, r.Row(ctx, `SELECT tipoff_id, from_kind, from_text, discipline, summary, verify_note, assigned, disposal, close_kind, close_ground, result, untrue, clear_answer,
		inquiry_form, disposed_on, outside_no FROM clues WHERE city_id = $1 AND id = $2`, key).
		Scan(&c.Tipoff, &c.FromKind, &c.FromText, &c.Discipline, &c.Summary, &c.VerifyNote, &c.Assigned, &c.Disposal, &c.CloseKind, &c.CloseGround, &c.Result, &c.Untrue, &c.ClearAnswer,
			&c.InquiryForm, &c.Disposed, &c.OutsideNo)
}

func save(ctx context.Context, tx *ledger.Tx, key id.Key, c Clue) error {
	return tx.Update(ctx, clueTable, c.row(key)...)
}

// Blank takes out of a clue what was written of its contents.
func Blank(ctx context.Context, tx *ledger.Tx, key id.Key) error {
	c, err := Get(ctx, tx, key)
	if err != nil {
		return err
	}
	c.Summary, c.FromText, c.VerifyNote, c.ClearAnswer = "", "", "", ""
	return save(ctx, tx, key, c)
}

// create opens a clue in the pool.
func (s *Service) create(ctx context.Context, tx *ledger.Tx, m *flow.Matter, c Clue, subs []flow.Subject, unitName string) error {
	starts := map[string]calendar.Date{"clue.opinion": m.Received}
	if err := s.Engine.Create(ctx, tx, m, subs, starts); err != nil {
		return err
	}
	if err := tx.Insert(ctx, clueTable, c.row(m.ID.Key)...); err != nil {
		return err
	}
	if err := s.Engine.Count(ctx, tx, m, "clue.opened", m.Source, "organ"); err != nil {
		return err
	}
	return index(ctx, tx, m, c, subs, unitName)
}

func index(ctx context.Context, tx *ledger.Tx, m *flow.Matter, c Clue, subs []flow.Subject, unitName string) error {
	parts := []string{m.No, m.Title, c.Summary, unitName}
	for _, sub := range subs {
		parts = append(parts, sub.Name, sub.Post)
	}
	return text.Put(ctx, tx.Tx, m.ID.Key, flow.SearchTerms(m), parts...)
}

// unitOf is the name of the unit where the first of the persons concerned works.
func unitOf(ctx context.Context, r db.Reader, subs []flow.Subject) (string, error) {
	if len(subs) == 0 || subs[0].Unit == "" {
		return "", nil
	}
	u, err := access.GetUnit(ctx, r, subs[0].Unit)
	return u.Name, err
}

// FromTipoff makes the clue of an accepted tip-off: into the pool, or straight into the hands of a lower unit.
func (s *Service) FromTipoff(ctx context.Context, tx *ledger.Tx, t *flow.Matter, detail intake.Tipoff, target id.ID, assigned bool, down intake.Down) (id.ID, error) {
	subs, err := flow.Subjects(ctx, tx, t.ID.Key)
	if err != nil {
		return id.ID{}, err
	}
	m := flow.Matter{Kind: Kind, Organ: t.Organ, Received: tx.Today(), Title: t.Title, Source: t.Source, Rank: t.Rank, Subject: t.Subject, SubjectPost: t.SubjectPost,
		Township: t.Township, Parent: t.ID.Key, Root: t.Root}
	m.Set(flow.FlagReport)
	copyFlags(&m, t, flow.FlagNamed, flow.FlagChief, flow.FlagMember, flow.FlagParty, flow.FlagAbove)
	if m.Source != "tipoff" {
		m.Received = t.Received
	}
	c := Clue{Tipoff: t.ID.Key, FromKind: detail.FromKind, FromText: detail.FromNo, Discipline: detail.Discipline, Summary: detail.Summary, VerifyNote: down.Note}
	if down.Text != "" { // checked for those below, and all that the clue ever says of the report
		m.Title, c.Summary = down.Title, down.Text
		m.Set(flow.FlagChecked)
	}
	unitName, err := unitOf(ctx, tx, subs)
	if err != nil {
		return id.ID{}, err
	}
	if err := s.create(ctx, tx, &m, c, subs, unitName); err != nil {
		return id.ID{}, err
	}
	if target.Zero() {
		return m.ID, nil
	}
	back := "no"
	if assigned {
		back = "yes"
	}
	locked, err := flow.Lock(ctx, tx, m.ID.Key)
	if err != nil {
		return id.ID{}, err
	}
	return m.ID, s.Engine.MakeAs(ctx, tx, &locked, "hand_out", flow.Values{"target": {target.Key}, "back": {back}, "verify_note": {down.Note}})
}

func copyFlags(to *flow.Matter, from *flow.Matter, flags ...string) {
	for _, f := range flags {
		if from.Is(f) {
			to.Set(f)
		}
	}
}

// Entry is a clue that no tip-off is behind: found in supervision, handed over by an inspection, transferred.
type Entry struct {
	Subject    org.SubjectInput
	Source     string
	FromKind   string
	FromText   string
	Received   calendar.Date
	Title      string
	Summary    string
	Discipline string
	VerifyNote string
	OutsideNo  string
}

// Entered is the result of Enter.
type Entered struct {
	ID   id.ID  `json:"id"`
	No   string `json:"no"`
	Gone bool   `json:"gone,omitempty"`
}

// Enter registers a clue of case supervision's own. Somebody managed above is not entered here at all.
func (s *Service) Enter(ctx context.Context, who access.Actor, in Entry) (Entered, error) {
	var out Entered
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if !who.Can(access.ClueEnter) {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		organ, err := access.GetUnit(ctx, tx, who.Unit().Organ)
		if err != nil {
			return ledger.Act{}, err
		}
		st, sub, err := s.Intake.Stand(ctx, tx, who, in.Subject)
		if err != nil {
			return ledger.Act{}, err
		}
		if st.Slip {
			return ledger.Act{}, fault.New(fault.Conflict, "clue.higher", st.To.Name)
		}
		if err := s.checkEntry(&in, tx.Today()); err != nil {
			return ledger.Act{}, err
		}
		unit, err := access.GetUnit(ctx, tx, sub.Unit)
		if err != nil {
			return ledger.Act{}, err
		}
		if unit.County != "" && organ.Level == access.County && unit.County != organ.ID.Key {
			return ledger.Act{}, fault.InvalidField("unit", "unit.elsewhere")
		}
		m := flow.Matter{Kind: Kind, Organ: organ.ID, Received: in.Received, Title: in.Title, Source: in.Source, Rank: sub.Rank, Subject: sub.Name, SubjectPost: sub.Post, Township: unit.Township}
		if in.Subject.Member {
			m.Set(flow.FlagMember)
		}
		if sub.Chief {
			m.Set(flow.FlagChief)
		}
		if sub.PartyMember {
			m.Set(flow.FlagParty)
		}
		c := Clue{FromKind: in.FromKind, FromText: in.FromText, Discipline: in.Discipline, Summary: in.Summary, VerifyNote: in.VerifyNote, OutsideNo: in.OutsideNo}
		if err := s.create(ctx, tx, &m, c, []flow.Subject{sub}, unit.Name); err != nil {
			return ledger.Act{}, err
		}
		out = Entered{ID: m.ID, No: m.No, Gone: m.Organ != organ.ID}
		b, err := json.Marshal(out)
		return ledger.Act{Action: "clue.enter", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"source": in.Source, "received": string(in.Received)}, Answer: string(b)}, err
	})
	if rc.Replayed {
		err = json.Unmarshal([]byte(rc.Answer), &out)
	}
	return out, err
}

func (s *Service) checkEntry(in *Entry, today calendar.Date) error {
	var form typed.Form
	say := form.Say
	term := func(name, list, v string, must bool) {
		if v == "" {
			if must {
				say(name, "required")
			}
		} else if _, ok := s.Rules.Term(list, v); !ok {
			say(name, "choice.unknown")
		}
	}
	term("source", "clue_source", in.Source, true)
	if in.Source == "tipoff" {
		say("source", "clue.source_tipoff")
	}
	term("from_kind", "transfer_from", in.FromKind, in.Source == "transfer" || in.Source == "inspection")
	term("discipline", "discipline", in.Discipline, true)
	form.Past("received", in.Received, today, true)
	form.Line("title", &in.Title, true, 80)
	form.Para("summary", &in.Summary, true, 4000)
	form.Line("from_text", &in.FromText, false, 120)
	form.Para("verify_note", &in.VerifyNote, false, 1000)
	return form.Err()
}
