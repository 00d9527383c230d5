package intake

import (
	"context"
	"encoding/json"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/bar"
	"qianshao/internal/flow/number"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Pool is where accepted tip-offs become clues. Package clue is it.
type Pool interface {
	FromTipoff(ctx context.Context, tx *ledger.Tx, t *flow.Matter, detail Tipoff, target id.ID, assigned bool, down Down) (id.ID, error)
}

// Service is this room's use cases.
type Service struct {
	Ledger  *ledger.Ledger
	Engine  *flow.Engine
	Rules   *rulebook.Book
	Clocks  *deadline.Keeper
	Custody *custody.Keeper
	Pool    Pool
	Watch   Watcher
}

// Tipoff is what a tip-off holds beyond the matter.
type Tipoff struct {
	Channel    string
	Named      bool
	Entered    calendar.Date
	LateReason string
	FromKind   string // for a transfer: which kind of organ passed it on
	FromNo     string // and under which number
	Discipline string
	Summary    string
	Assigned   bool
	Main       id.Key // the tip-off this one repeats
	Clue       id.Key
	Ground     string
	Target     string
	Noticed    calendar.Date
	Told       calendar.Date
	OutsideNo  string
}

var tipoffTable = &ledger.Table{Name: "tipoffs", Key: []string{"id"}, Cols: []string{"channel", "named", "entered_on", "late_reason", "from_kind", "from_no", "discipline", "summary",
	"assigned", "main_id", "clue_id", "ground", "target", "noticed_on", "told_on", "outside_no"}}

var slipTable = &ledger.Table{Name: "slips", Key: []string{"id"}, Cols: []string{"channel", "reason", "to_city", "to_organ", "entered_on", "late_reason", "sent_on"}}

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{tipoffTable, slipTable, letterTable, wordTable} }

func (t Tipoff) row(key id.Key) []any {
	return []any{key, t.Channel, t.Named, t.Entered, t.LateReason, t.FromKind, t.FromNo, t.Discipline, t.Summary, t.Assigned, t.Main, t.Clue, t.Ground, t.Target, t.Noticed, t.Told, t.OutsideNo}
}

// Get reads a tip-off's own part. The caller has seen the matter.
func Get(ctx context.Context, r db.Reader, key id.Key) (Tipoff, error) {
	var t Tipoff
	err := r.Row(ctx, `SELECT t.channel, t.named, t.entered_on, t.late_reason, t.from_kind, t.from_no, t.discipline, t.summary, t.assigned, t.main_id, t.clue_id, t.ground, t.target,
		t.noticed_on, t.told_on, t.outside_no FROM tipoffs t WHERE t.city_id = $1 AND t.id = $2`, key).
		Scan(&t.Channel, &t.Named, &t.Entered, &t.LateReason, &t.FromKind, &t.FromNo, &t.Discipline, &t.Summary, &t.Assigned, &t.Main, &t.Clue, &t.Ground, &t.Target, &t.Noticed, &t.Told, &t.OutsideNo)
	return t, err
}

func saveTipoff(ctx context.Context, tx *ledger.Tx, key id.Key, t Tipoff) error {
	return tx.Update(ctx, tipoffTable, t.row(key)...)
}

// Slip is what a forward slip holds.
type Slip struct {
	Channel    string
	Reason     string // of the list slip_reason
	To         id.ID  // the organ it goes to
	Entered    calendar.Date
	LateReason string
	Sent       calendar.Date
}

// GetSlip reads a slip's own part.
func GetSlip(ctx context.Context, r db.Reader, key id.Key) (Slip, error) {
	var s Slip
	return s, r.Row(ctx, `SELECT channel, reason, to_city, to_organ, entered_on, late_reason, sent_on FROM slips WHERE city_id = $1 AND id = $2`, key).
		Scan(&s.Channel, &s.Reason, &s.To.City, &s.To.Key, &s.Entered, &s.LateReason, &s.Sent)
}

// Entry is what a clerk fills in. The subject comes first: who it is about decides whether anything else may be kept.
type Entry struct {
	Subject    org.SubjectInput
	Channel    string
	Received   calendar.Date
	LateReason string
	FromKind   string
	FromNo     string
	Named      bool
	Reporter   Reporter
	Watch      bool // the reporter wants to be watched over by the organ above
	Works      Works
	Original   string
	Title      string
	Summary    string
	Discipline string
	OutsideNo  string
	Letter     id.ID // the letter it is entered from: channel, day, reporter and original are the letter's
}

// Reporter is who reported; it is sealed as it is.
type Reporter struct {
	Name    string `json:"name"`
	Contact string `json:"contact"`
	When    string `json:"when"` // a safe time and way to be reached
}

// Standing is what the subject decides: whether this organ may take the report in, or only pass it on.
type Standing struct {
	Slip   bool
	Reason string // of the list slip_reason
	To     access.Unit
	Rank   rulebook.Rank
}

// Stand says what a report about the subject is for the clerk's organ. It reads, and keeps nothing.
func (s *Service) Stand(ctx context.Context, r db.Reader, who access.Actor, in org.SubjectInput) (Standing, flow.Subject, error) {
	organ, err := access.GetUnit(ctx, r.For(who.City), who.Unit().Organ)
	if err != nil {
		return Standing{}, flow.Subject{}, err
	}
	sub, err := org.Resolve(ctx, r, s.Rules, in)
	if err != nil {
		return Standing{}, sub, err
	}
	st, err := s.stand(ctx, r, organ, sub)
	return st, sub, err
}

// ownChief is why a slip about the organ's own chief goes up, of the list slip_reason.
const ownChief = "own_chief"

var levelOf = map[string]int{"nation": access.Nation, "province": access.Province, "city": access.City, "county": access.County, "township": access.Township}

func (s *Service) stand(ctx context.Context, r db.Reader, organ access.Unit, sub flow.Subject) (Standing, error) {
	rank, ok := s.Rules.Rank(sub.Rank)
	if !ok {
		return Standing{}, fault.InvalidField("rank", "choice.unknown")
	}
	st := Standing{Rank: rank}
	above, err := access.Above(ctx, r.For(organ.ID.City), organ)
	if err != nil {
		return st, err
	}
	chief := false
	if sub.Person != "" {
		ro, err := access.LoadRoster(ctx, r.For(organ.ID.City), organ.ID, id.ID{}, "", r.Now().Date())
		if err != nil {
			return st, err
		}
		for _, h := range ro.Hands(access.Principal, organ.ID.Key) {
			chief = chief || h.Person == sub.Person && h.For == ""
		}
	}
	said := sub.Said
	switch {
	case chief || sub.Chief && sub.Unit == organ.ID.Key || said.Kind == "principal" && said.Unit.ID == organ.ID:
		st.Slip, st.Reason, st.To = true, ownChief, above
	case said.Kind != "" && said.Unit.Level < organ.Level: // whatever rank was filled in
		st.Slip, st.Reason, st.To = true, "higher_managed", above
	case levelOf[rank.Managed] < organ.Level:
		st.Slip, st.Reason, st.To = true, "higher_managed", above
		for u := above; !u.ID.Zero() && u.Level > levelOf[rank.Managed]; {
			if u, err = access.Above(ctx, r.For(u.ID.City), u); err != nil {
				return st, err
			}
			if !u.ID.Zero() {
				st.To = u
			}
		}
	}
	return st, nil
}

// Entered is the result of Enter.
type Entered struct {
	ID   id.ID
	No   string
	Slip bool
	// Gone says that the matter now stands in a register above the clerk's, because it names one of the organ's people.
	Gone bool
}

// Enter takes a report in. A report about somebody managed above, or about the organ's own chief, becomes a slip: of
// what was filled in only the channel and the day received are kept.
func (s *Service) Enter(ctx context.Context, who access.Actor, in Entry) (Entered, error) {
	var out Entered
	city := who.City
	if !in.Letter.Zero() {
		city = in.Letter.City
	}
	var from entering
	rc, err := s.Ledger.Write(ctx, who, city, func(tx *ledger.Tx) (ledger.Act, error) {
		if !who.Can(access.TipoffEnter) {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		organ, err := access.GetUnit(ctx, tx.For(who.City), who.Unit().Organ)
		if err != nil {
			return ledger.Act{}, err
		}
		if from, err = s.enterFrom(ctx, tx, who, &in); err != nil {
			return ledger.Act{}, err
		}
		sub, err := org.Resolve(ctx, tx, s.Rules, in.Subject)
		if err != nil {
			return ledger.Act{}, err
		}
		st, err := s.stand(ctx, tx, organ, sub)
		if err != nil {
			return ledger.Act{}, err
		}
		today := tx.Today()
		if err := s.checkEntry(&in, st.Slip, today); err != nil {
			return ledger.Act{}, err
		}
		var act ledger.Act
		if st.Slip {
			act, out, err = s.enterSlip(ctx, tx, organ, st, in)
			if err == nil && from.is() {
				err = s.passUp(ctx, tx, who, &from, st.To)
			}
		} else {
			act, out, err = s.enterTipoff(ctx, tx, who, organ, sub, in, &from)
		}
		act.Answer = out.answer()
		return act, err
	})
	s.leave(from, err)
	if rc.Replayed {
		out = enteredFrom(rc.Answer)
	}
	return out, err
}

func (o Entered) answer() string {
	b, _ := json.Marshal(o) // plain data
	return string(b)
}

func enteredFrom(s string) (o Entered) {
	_ = json.Unmarshal([]byte(s), &o) // written by answer
	return o
}

// checkEntry says what is missing or wrong.
func (s *Service) checkEntry(in *Entry, slip bool, today calendar.Date) error {
	var form typed.Form
	say := form.Say
	if _, ok := s.Rules.Term("channel", in.Channel); !ok {
		if in.Channel == "" {
			say("channel", "required")
		} else {
			say("channel", "choice.unknown")
		}
	}
	if form.Past("received", in.Received, today, true) && in.Letter.Zero() && s.Late(in.Received, today) && in.LateReason == "" { // a letter's record says itself when it was opened
		say("late_reason", "required")
	}
	if in.LateReason != "" {
		if _, ok := s.Rules.Term("late_entry_reason", in.LateReason); !ok {
			say("late_reason", "choice.unknown")
		}
	}
	if slip {
		return form.Err()
	}
	form.Line("title", &in.Title, true, 80)
	form.Para("summary", &in.Summary, true, 4000)
	form.Line("from_no", &in.FromNo, false, 60)
	form.Para("original", &in.Original, false, 20000)
	if in.Channel != "transfer" {
		in.FromKind, in.FromNo = "", "" // typed before another channel was chosen
	} else {
		if in.FromKind == "" {
			say("from_kind", "required")
		} else if _, ok := s.Rules.Term("transfer_from", in.FromKind); !ok {
			say("from_kind", "choice.unknown")
		}
	}
	if in.Discipline == "" {
		say("discipline", "required")
	} else if _, ok := s.Rules.Term("discipline", in.Discipline); !ok {
		say("discipline", "choice.unknown")
	}
	if in.Named {
		// JK 24: a true name and a way to reach the person; without both the report is handled as anonymous.
		form.Line("reporter_name", &in.Reporter.Name, true, 60)
		form.Line("reporter_contact", &in.Reporter.Contact, true, 120)
		form.Line("reporter_when", &in.Reporter.When, false, 120)
		if in.Watch {
			form.Line("works_unit", &in.Works.Unit, true, 120)
			form.Line("works_post", &in.Works.Post, true, 120)
			form.Para("works_fear", &in.Works.Fear, false, 500)
		}
	} else {
		in.Reporter, in.Watch = Reporter{}, false
	}
	if strings.TrimSpace(in.Reporter.Name) != "" && strings.Contains(in.Title+in.Summary, in.Reporter.Name) {
		say("summary", "summary.names_reporter")
	}
	return form.Err()
}

// Late says whether a report entered today was received so long ago that a reason is asked for.
func (s *Service) Late(received, today calendar.Date) bool {
	return received.Valid() && s.Clocks.Calendar().CountWorking(received, today) > s.Rules.Limit("tipoff.late_entry", today)
}

// InTime is the earliest day of receipt that an entry today gives no reason for.
func (s *Service) InTime(today calendar.Date) calendar.Date {
	d, _ := s.Clocks.Calendar().AddWorking(today.AddDays(1), -s.Rules.Limit("tipoff.late_entry", today)-1) // no notice to come changes what has passed
	return d
}

func (s *Service) enterSlip(ctx context.Context, tx *ledger.Tx, organ access.Unit, st Standing, in Entry) (ledger.Act, Entered, error) {
	m := flow.Matter{Kind: KindSlip, Organ: organ.ID, Received: in.Received, Title: "上级管理件"}
	if st.Reason == ownChief {
		m.Set(flow.FlagApart)
		// Numbers of its own: in the register's row the chief would see that one is missing.
		var err error
		if m.No, err = number.Next(ctx, tx, organ.ID, "slip.chief", "专", tx.Today()); err != nil {
			return ledger.Act{}, Entered{}, err
		}
	}
	if err := s.Engine.Create(ctx, tx, &m, nil, map[string]calendar.Date{"tipoff.up": in.Received}); err != nil {
		return ledger.Act{}, Entered{}, err
	}
	if st.Reason == ownChief {
		if err := s.hideFromChief(ctx, tx, organ, m.Root); err != nil {
			return ledger.Act{}, Entered{}, err
		}
	}
	if err := tx.Insert(ctx, slipTable, m.ID.Key, in.Channel, st.Reason, int64(st.To.ID.City), st.To.ID.Key, tx.Today(), in.LateReason, ""); err != nil {
		return ledger.Act{}, Entered{}, err
	}
	if !in.Letter.Zero() { // it goes up in the same act: there is nothing left here to send
		if err := s.Engine.MakeAs(ctx, tx, &m, "send", flow.Values{"on": {string(tx.Today())}}); err != nil {
			return ledger.Act{}, Entered{}, err
		}
	}
	return ledger.Act{Action: "slip.enter", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"channel": in.Channel, "to": st.To.ID.String(), "received": string(in.Received)}},
		Entered{ID: m.ID, No: m.No, Slip: true}, nil
}

// hideFromChief keeps a slip about the organ's own chief from the chief and from whoever stands in for them: that a report
// was passed on is a trace of it (D22).
func (s *Service) hideFromChief(ctx context.Context, tx *ledger.Tx, organ access.Unit, root id.Key) error {
	ro, err := access.LoadRoster(ctx, tx, organ.ID, id.ID{}, "", tx.Today())
	if err != nil {
		return err
	}
	for _, h := range ro.Hands(access.Principal, organ.ID.Key) {
		if err := bar.Set(ctx, tx, h.Person, root, bar.Named); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) enterTipoff(ctx context.Context, tx *ledger.Tx, who access.Actor, organ access.Unit, sub flow.Subject, in Entry, from *entering) (ledger.Act, Entered, error) {
	unit, err := access.GetUnit(ctx, tx, sub.Unit)
	if err != nil {
		return ledger.Act{}, Entered{}, err
	}
	m := flow.Matter{Kind: Kind, Organ: organ.ID, Received: in.Received, Title: in.Title, Source: SourceOf(in.Channel, in.FromKind), Rank: sub.Rank, Subject: sub.Name, SubjectPost: sub.Post,
		Township: unit.Township}
	if in.Named {
		m.Set(flow.FlagNamed)
	}
	flagSubject(&m, sub, in.Subject.Member)
	if unit.County != "" && organ.Level == access.County && unit.County != organ.ID.Key {
		return ledger.Act{}, Entered{}, fault.InvalidField("unit", "unit.elsewhere")
	}
	starts := map[string]calendar.Date{"tipoff.first_action": in.Received, "tipoff.notice": in.Received}
	if from.is() {
		m.Root = from.letter.Matter.Root
		m.Set(flow.FlagLetter)
		starts["tipoff.first_action"] = from.first
	}
	if err := s.Engine.Create(ctx, tx, &m, []flow.Subject{sub}, starts); err != nil {
		return ledger.Act{}, Entered{}, err
	}
	t := Tipoff{Channel: in.Channel, Named: in.Named, Entered: tx.Today(), LateReason: in.LateReason, FromKind: in.FromKind, FromNo: in.FromNo, Discipline: in.Discipline,
		Summary: in.Summary, OutsideNo: in.OutsideNo}
	if err := tx.Insert(ctx, tipoffTable, t.row(m.ID.Key)...); err != nil {
		return ledger.Act{}, Entered{}, err
	}
	register, err := access.GetUnit(ctx, tx.For(m.Organ.City), m.Organ.Key)
	if err != nil {
		return ledger.Act{}, Entered{}, err
	}
	if in.Named {
		b, err := json.Marshal(in.Reporter)
		if err != nil {
			return ledger.Act{}, Entered{}, err
		}
		if err := s.Custody.Seal(ctx, tx, m.ID.Key, custody.Identity, b, register); err != nil {
			return ledger.Act{}, Entered{}, err
		}
	}
	if in.Watch && !from.is() {
		if err := s.Watch.Ask(ctx, tx, register, in.plea()); err != nil {
			return ledger.Act{}, Entered{}, err
		}
	}
	if in.Original != "" {
		if err := s.Custody.Seal(ctx, tx, m.ID.Key, custody.Original, []byte(in.Original), register); err != nil {
			return ledger.Act{}, Entered{}, err
		}
	}
	if from.is() {
		if err := s.entered(ctx, tx, who, from, m, register); err != nil {
			return ledger.Act{}, Entered{}, err
		}
	}
	if err := s.Engine.Count(ctx, tx, &m, "tipoff.received", in.Channel, "organ"); err != nil {
		return ledger.Act{}, Entered{}, err
	}
	if err := text.Put(ctx, tx.Tx, m.ID.Key, flow.SearchTerms(&m), m.No, m.Title, in.Summary, sub.Name, sub.Post, unit.Name); err != nil {
		return ledger.Act{}, Entered{}, err
	}
	params := map[string]any{"channel": in.Channel, "received": string(in.Received), "named": in.Named}
	if in.LateReason != "" {
		params["late_reason"] = in.LateReason
	}
	return ledger.Act{Action: "tipoff.enter", Organ: m.Organ, Matter: m.ID, Params: params},
		Entered{ID: m.ID, No: m.No, Gone: m.Organ != organ.ID}, nil
}

func flagSubject(m *flow.Matter, s flow.Subject, member bool) {
	if member {
		m.Set(flow.FlagMember)
	}
	if s.Chief {
		m.Set(flow.FlagChief)
	}
	if s.PartyMember {
		m.Set(flow.FlagParty)
	}
}

func itoa(n int) string {
	var b [8]byte
	i := len(b)
	for n > 0 || i == len(b) {
		i--
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b[i:])
}
