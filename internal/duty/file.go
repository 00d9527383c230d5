package duty

import (
	"cmp"
	"context"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/typed"
)

// Filing is what the county enters of one duty from the paper that assigned it.
type Filing struct {
	Unit       id.Key
	Holding    id.Key
	Kind       string // of the list duty_kind
	What       string
	Village    id.Key // for a stationed village
	Part       string // of the list duty_role
	AssignedBy string // the Party committee
	Paper      string // number of its paper
	PaperOn    calendar.Date
	Hours      int // a month
	From       calendar.Date
	To         calendar.Date // the last day, where the paper says one; "" otherwise
	Deviation  id.Key        // what was found unfiled and is filed with this; "" for none
}

// Filed is what came of a filing: the duty, what it is judged, and the order that goes to the committee where it is to be left.
type Filed struct {
	Duty  id.Key
	Judge Judgement
	Order id.ID
}

// The longest texts of a filing, in characters.
const (
	maxWhat  = 60
	maxPaper = 60
	maxBy    = 60
)

// File enters a duty from the paper that assigned it and judges it. One that is to be left goes into the order to the committee that
// assigned it. faults: Hidden, Forbidden, Invalid beside fields, Conflict for what is filed already.
func (s *Service) File(ctx context.Context, who access.Actor, in Filing) (out Filed, err error) {
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		town, err := s.Town(ctx, tx, who, in.Unit)
		if err != nil {
			return ledger.Act{}, err
		}
		if !Files(who, town) {
			return ledger.Act{}, notYours()
		}
		if out, err = s.FileIn(ctx, tx, who, town, in); err != nil {
			return ledger.Act{}, err
		}
		act := ledger.Act{Action: "duty.file", Organ: town.OrganID(), About: "duty/" + id.ID{City: tx.City(), Key: out.Duty}.String(), Answer: out.Duty + " ",
			Params: map[string]any{"unit": in.Unit, "kind": in.Kind, "part": in.Part, "paper": in.Paper, "hours": in.Hours, "from": string(in.From), "verdict": out.Judge.Verdict}}
		if in.Deviation != "" {
			if err := s.settleDeviation(ctx, tx, in.Deviation, in.Unit); err != nil {
				return act, err
			}
		}
		if !out.Order.Zero() {
			act.Params["order"] = out.Order.String()
			act.Answer += out.Order.String()
		}
		return act, nil
	})
	if rc.Replayed {
		err = out.read(ctx, s, who, rc.Answer)
	}
	return out, err
}

// FileIn enters a filing in the transaction of an act that says so.
func (s *Service) FileIn(ctx context.Context, tx *ledger.Tx, who access.Actor, town access.Unit, in Filing) (out Filed, err error) {
	if out.Judge, err = s.Check(ctx, tx, &in, tx.Today()); err != nil {
		return out, err
	}
	if err := overlaps(ctx, tx, in, ""); err != nil {
		return out, err
	}
	out.Duty, err = org.AddDuty(ctx, tx, org.NewDuty{Unit: in.Unit, Holding: in.Holding, Kind: in.Kind, What: in.What, AssignedBy: in.AssignedBy, Paper: in.Paper, Village: in.Village, From: in.From, To: until(in.To)})
	if err != nil {
		return out, err
	}
	if err := tx.Insert(ctx, filingTable, out.Duty, in.Part, in.PaperOn, int64(in.Hours), tx.Today(), who.Person, "", "", "", "", int64(1)); err != nil {
		return out, err
	}
	if out.Judge.Verdict == Leave && !over(in.To, tx.Today()) {
		out.Order, err = s.order(ctx, tx, town, in.AssignedBy, []id.Key{out.Duty})
	}
	return out, err
}

// over says whether a last day lies behind: nobody is ordered to end what has ended.
func over(last, today calendar.Date) bool { return last != "" && last < today }

// CompleteIn files a duty that a roster brought, in the transaction of an act that says so: its days and its paper are the filing's.
func (s *Service) CompleteIn(ctx context.Context, tx *ledger.Tx, who access.Actor, town access.Unit, d Duty, in Filing) (out Filed, err error) {
	if out.Judge, err = s.Check(ctx, tx, &in, tx.Today()); err != nil {
		return out, err
	}
	if d.Filed {
		return out, fault.New(fault.Conflict, "duty.filed")
	}
	if err := overlaps(ctx, tx, in, d.ID); err != nil {
		return out, err
	}
	out.Duty = d.ID
	if in.To == "" {
		in.To = d.Last() // what has ended since stays so
	}
	if err := org.AmendDuty(ctx, tx, d.ID, map[string]any{"assigned_by": in.AssignedBy, "paper": in.Paper, "from_on": in.From, "to_on": until(in.To)}); err != nil {
		return out, err
	}
	if err := tx.Insert(ctx, filingTable, d.ID, in.Part, in.PaperOn, int64(in.Hours), tx.Today(), who.Person, "", "", "", "", int64(1)); err != nil {
		return out, err
	}
	if out.Judge.Verdict == Leave && !over(in.To, tx.Today()) {
		out.Order, err = s.order(ctx, tx, town, in.AssignedBy, []id.Key{d.ID})
	}
	return out, err
}

// read is what a filing that was made before came to.
func (f *Filed) read(ctx context.Context, s *Service, who access.Actor, answer string) error {
	key, order, _ := strings.Cut(answer, " ")
	d, err := Get(ctx, s.Ledger.DB.In(who.City), key)
	f.Duty, f.Judge = key, d.Judged(s.Rules, s.Ledger.DB.Today())
	f.Order, _ = id.Parse(order) // written by File; empty where there is none
	return err
}

// Check says what is wrong with a filing in itself, beside its fields, or what it will be judged. It writes texts as they will be
// kept. Whether the same duty is filed for those days already, FileIn asks.
func (s *Service) Check(ctx context.Context, r db.Reader, in *Filing, today calendar.Date) (j Judgement, err error) {
	var form typed.Form
	say := form.Say
	var seat Seat
	s.code(&form, "kind", "duty_kind", in.Kind, today)
	s.code(&form, "part", "duty_role", in.Part, today)
	form.Line("assigned_by", &in.AssignedBy, true, maxBy)
	form.Line("paper", &in.Paper, true, maxPaper)
	form.Past("paper_on", in.PaperOn, today, true)
	form.Past("from", in.From, Ahead(today), true)
	if most := s.Rules.Limit("duty.month_hours", today); in.Hours < 0 || in.Hours > most {
		say("hours", "count.range", "0", itoa(most))
	}
	switch {
	case in.To == "":
	case !in.To.Valid():
		say("to", "day.invalid")
	case in.To < in.From:
		say("to", "day.before", string(in.From))
	}
	if in.Village != "" {
		v, err := access.GetUnit(ctx, r, in.Village)
		switch {
		case fault.KindOf(err) == fault.NotFound || err == nil && (v.Kind != "village" || v.Township != in.Unit):
			say("village", "choice.unknown")
		case err != nil:
			return j, err
		case in.What == "":
			in.What = v.Name
		}
	} else if in.Kind == "village" {
		say("village", "required")
	}
	form.Line("what", &in.What, in.Kind != "village", maxWhat)
	seats, err := Seats(ctx, r, in.Unit, typed.Oldest, Ahead(today))
	if err != nil {
		return j, err
	}
	for _, x := range seats {
		if x.Holding == in.Holding {
			seat = x
		}
	}
	switch {
	case seat.Holding == "":
		say("holding", "choice.unknown")
	case in.From.Valid() && in.From < seat.From:
		say("from", "day.before", string(seat.From))
	case in.From.Valid() && seat.To != "" && in.From >= seat.To:
		say("from", "duty.after_post", string(seat.To))
	}
	if form.Wrong() > 0 {
		return j, form.Err()
	}
	return Judge(s.Rules, Asked{in.Kind, seat.Kind, in.Part, seat.FullTime}, today), nil
}

// Ahead is the last day on which a filing may begin.
func Ahead(today calendar.Date) calendar.Date { return today.AddMonths(12) }

// Twice is the duty among some that its holder would have twice on a day if a filing were entered; nil for none. But is a duty that the
// filing is about itself, "" for none.
func Twice(all []Duty, in Filing, but id.Key) *Duty {
	for i, d := range all {
		same := d.Place == in.Village && (in.Village != "" || text.Name(d.What) == text.Name(in.What))
		if same && d.Holding == in.Holding && d.Kind == in.Kind && (but == "" || d.ID != but) && (d.To == "" || d.To > in.From) && (in.To == "" || d.From <= in.To) {
			return &all[i]
		}
	}
	return nil
}

// overlaps refuses the same duty of the same holder a second time on the same days.
func overlaps(ctx context.Context, r db.Reader, in Filing, but id.Key) error {
	all, err := Duties(ctx, r, in.Unit, in.From, cmp.Or(in.To, Ahead(r.Now().Date())))
	if d := Twice(all, in, but); err == nil && d != nil {
		name := "what"
		if in.Village != "" {
			name = "village"
		}
		err = fault.InvalidField(name, "duty.overlap", string(d.From))
	}
	return err
}

// until is the day from which a duty is no more, by its last day.
func until(last calendar.Date) calendar.Date {
	if last == "" {
		return ""
	}
	return last.AddDays(1)
}

// End ends a duty: its last day is on. Whatever was asked because of it ends with it.
func (s *Service) End(ctx context.Context, who access.Actor, duty id.Key, on calendar.Date) error {
	_, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		d, town, err := s.dutyOf(ctx, tx, who, duty)
		if err != nil {
			return ledger.Act{}, err
		}
		if !Files(who, town) {
			return ledger.Act{}, notYours()
		}
		return ledger.Act{Action: "duty.end", Organ: town.OrganID(), About: "duty/" + id.ID{City: tx.City(), Key: duty}.String(), Params: map[string]any{"unit": town.ID.Key, "on": string(on)}}, s.end(ctx, tx, d, on, "on")
	})
	return err
}

// EndIn ends a duty in the transaction of an act that says so.
func (s *Service) EndIn(ctx context.Context, tx *ledger.Tx, d Duty, on calendar.Date) error {
	return s.end(ctx, tx, d, on, "to")
}

// end ends a duty in the transaction of the act that says so, and settles what hung on it.
func (s *Service) end(ctx context.Context, tx *ledger.Tx, d Duty, on calendar.Date, field string) error {
	switch {
	case !on.Valid():
		return fault.InvalidField(field, "day.invalid")
	case on < d.From:
		return fault.InvalidField(field, "day.before", string(d.From))
	case on > tx.Today():
		return fault.InvalidField(field, "day.future")
	case d.To != "" && d.To <= tx.Today():
		return fault.New(fault.Conflict, "duty.ended")
	}
	if err := org.EndDuty(ctx, tx, d.ID, until(on)); err != nil {
		return err
	}
	return s.settle(ctx, tx, d.ID)
}

// dutyOf reads a duty of a township that the actor may see.
func (s *Service) dutyOf(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (Duty, access.Unit, error) {
	d, err := Get(ctx, r, key)
	if err != nil {
		return d, access.Unit{}, err
	}
	town, err := s.Town(ctx, r, who, d.Unit)
	return d, town, err
}

// Duty is dutyOf for a page.
func (s *Service) Duty(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (Duty, access.Unit, error) {
	return s.dutyOf(ctx, r, who, key)
}

// Decides says whether the actor decides what the rulebook leaves to be looked at of a duty: who may file in its township, or the
// leader in charge; not whoever filed it.
func (d Duty) Decides(who access.Actor, town access.Unit) bool {
	return decides(who, town) && (who.Automatic() || d.filedBy != who.Person)
}

func decides(who access.Actor, town access.Unit) bool {
	return Files(who, town) || who.Is(access.Deputy, town.OrganID())
}

// Decide is the county's decision on a duty that the rulebook leaves to be looked at; why stands in the act.
func (s *Service) Decide(ctx context.Context, who access.Actor, duty id.Key, version int64, verdict, why string) (order id.ID, err error) {
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		d, town, err := s.dutyOf(ctx, tx, who, duty)
		if err != nil {
			return ledger.Act{}, err
		}
		var form typed.Form
		if verdict != Allowed && verdict != Leave {
			form.Say("verdict", "choice.unknown")
		}
		form.Line("why", &why, true, 120)
		d.Decided = ""
		switch {
		case !decides(who, town):
			return ledger.Act{}, notYours()
		case d.filedBy == who.Person && !who.Automatic():
			return ledger.Act{}, fault.New(fault.Forbidden, "duty.two_hands")
		case form.Wrong() > 0:
			return ledger.Act{}, form.Err()
		case !d.Filed:
			return ledger.Act{}, fault.New(fault.Conflict, "duty.unfiled")
		case d.Judged(s.Rules, tx.Today()).Verdict != Look:
			return ledger.Act{}, fault.New(fault.Conflict, "duty.by_rule")
		case d.Version != version:
			return ledger.Act{}, fault.Stale()
		}
		act := ledger.Act{Action: "duty.decide", Organ: town.OrganID(), About: "duty/" + id.ID{City: tx.City(), Key: duty}.String(), Params: map[string]any{"unit": town.ID.Key, "verdict": verdict, "why": why}}
		if err := tx.Update(ctx, filingTable, duty, d.Part, d.PaperOn, d.Hours, d.FiledOn, d.filedBy, verdict, why, tx.Today(), who.Person, version); err != nil {
			return act, err
		}
		if verdict == Leave {
			if order, err = s.order(ctx, tx, town, d.AssignedBy, []id.Key{duty}); err != nil {
				return act, err
			}
			act.Answer = order.String()
		} else if err := s.settle(ctx, tx, duty); err != nil {
			return act, err
		}
		return act, nil
	})
	if rc.Replayed && rc.Answer != "" {
		order, err = id.Parse(rc.Answer)
	}
	return order, err
}

// Complete adds the filing to a duty that a table brought: part, day of the paper, hours a month.
func (s *Service) Complete(ctx context.Context, who access.Actor, duty id.Key, part string, paperOn calendar.Date, hours int) (order id.ID, err error) {
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		d, town, err := s.dutyOf(ctx, tx, who, duty)
		if err != nil {
			return ledger.Act{}, err
		}
		var form typed.Form
		s.code(&form, "part", "duty_role", part, tx.Today())
		form.Past("paper_on", paperOn, tx.Today(), true)
		if most := s.Rules.Limit("duty.month_hours", tx.Today()); hours < 0 || hours > most {
			form.Say("hours", "count.range", "0", itoa(most))
		}
		switch {
		case !Files(who, town):
			return ledger.Act{}, notYours()
		case d.Filed:
			return ledger.Act{}, fault.New(fault.Conflict, "duty.filed")
		case form.Wrong() > 0:
			return ledger.Act{}, form.Err()
		}
		d.Part = part
		j := d.Judged(s.Rules, tx.Today())
		act := ledger.Act{Action: "duty.file", Organ: town.OrganID(), About: "duty/" + id.ID{City: tx.City(), Key: duty}.String(),
			Params: map[string]any{"unit": town.ID.Key, "kind": d.Kind, "part": part, "hours": hours, "verdict": j.Verdict}}
		if err := tx.Insert(ctx, filingTable, duty, part, paperOn, int64(hours), tx.Today(), who.Person, "", "", "", "", int64(1)); err != nil {
			return act, err
		}
		if j.Verdict == Leave && !over(d.Last(), tx.Today()) {
			if order, err = s.order(ctx, tx, town, d.AssignedBy, []id.Key{duty}); err != nil {
				return act, err
			}
			act.Answer = order.String()
		}
		return act, nil
	})
	if rc.Replayed && rc.Answer != "" {
		order, err = id.Parse(rc.Answer)
	}
	return order, err
}
