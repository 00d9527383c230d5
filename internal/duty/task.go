package duty

import (
	"context"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// Entry is a task, or a work group, that a township's commission was given a part in.
type Entry struct {
	Unit       id.Key
	Name       string
	Work       string // of the list duty_work
	Part       string // of the list duty_role
	Department string // the responsible one
	GivenBy    string
	Paper      string
	Head       id.Key // the holding of the commission's own who heads it; "" for nobody
	Signs      bool   // somebody of the commission is to sign the acceptance of business
	From       calendar.Date
}

// Entered is what came of it: a task in the list, or one that the county refused, and the hand-back with its letter.
type Entered struct {
	Task     id.Key
	HandBack id.ID
	Refusal  *Refusal
}

// Enter enters a task. One that the duty list leaves open to no commission is refused in the county's name: it is not entered, and
// goes back to the department whose duty it is, with the letter ready.
func (s *Service) Enter(ctx context.Context, who access.Actor, in Entry) (out Entered, err error) {
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		town, err := s.Town(ctx, tx, who, in.Unit)
		if err != nil {
			return ledger.Act{}, err
		}
		if !Tasks(who, town) {
			return ledger.Act{}, notYours()
		}
		if err := s.checkEntry(ctx, tx, &in); err != nil {
			return ledger.Act{}, err
		}
		work, _ := s.Rules.Term("duty_work", in.Work)
		act := ledger.Act{Organ: town.OrganID(), Params: map[string]any{"unit": in.Unit, "what": in.Name, "work": in.Work, "part": in.Part, "department": in.Department}}
		if out.Refusal = Refuse(work, in.Part, in.Head != "", in.Signs); out.Refusal != nil {
			act.Action, act.Params["why"] = "task.refuse", out.Refusal.Code
			out.HandBack, err = s.handBack(ctx, tx, town, HandBack{What: in.Name, Department: in.Department, GivenBy: in.GivenBy, Paper: in.Paper, Part: in.Part, Reason: out.Refusal.Reason, Refused: true})
			act.Matter, act.Answer = out.HandBack, out.HandBack.String()+" "+out.Refusal.Code+" "+out.Refusal.Reason
			return act, err
		}
		if out.Task, err = org.AddGroup(ctx, tx, org.NewGroup{Unit: in.Unit, Name: in.Name, SetUpBy: in.GivenBy, Responsible: in.Department, Head: in.Head, Role: in.Part, From: in.From}); err != nil {
			return act, err
		}
		act.Action, act.About, act.Answer = "task.enter", "task/"+id.ID{City: tx.City(), Key: out.Task}.String(), out.Task
		return act, tx.Insert(ctx, taskTable, out.Task, in.Work, in.Paper)
	})
	if rc.Replayed {
		parts := strings.Fields(rc.Answer)
		if len(parts) == 1 {
			out.Task = parts[0]
		} else if len(parts) == 3 {
			out.HandBack, err = id.Parse(parts[0])
			out.Refusal = &Refusal{parts[1], parts[2]}
		}
	}
	return out, err
}

func (s *Service) checkEntry(ctx context.Context, tx *ledger.Tx, in *Entry) error {
	var form typed.Form
	today := tx.Today()
	form.Line("name", &in.Name, true, maxWhat)
	s.code(&form, "work", "duty_work", in.Work, today)
	s.code(&form, "part", "duty_role", in.Part, today)
	form.Line("given_by", &in.GivenBy, true, maxBy)
	form.Line("paper", &in.Paper, false, maxPaper)
	work, _ := s.Rules.Term("duty_work", in.Work)
	// Who supervises a department names it; who hands a task back must know where to.
	form.Line("department", &in.Department, in.Part == PartMain || work.Attrs["class"] != "core", maxBy)
	form.Past("from", in.From, today, true)
	if in.Head != "" {
		seats, err := Seats(ctx, tx, in.Unit, today, today)
		if err != nil {
			return err
		}
		known := false
		for _, x := range seats {
			known = known || x.Holding == in.Head
		}
		if !known {
			form.Say("head", "choice.unknown")
		}
	}
	if form.Wrong() > 0 {
		return form.Err()
	}
	have, err := db.Column[string](ctx, tx, `SELECT g.from_on FROM workgroups g WHERE g.city_id = $1 AND g.unit_id = $2 AND g.name = $3 AND (g.to_on = '' OR g.to_on > $4)
		UNION ALL SELECT m.opened_on FROM handbacks b JOIN matters m ON m.city_id = b.city_id AND m.id = b.id WHERE b.city_id = $1 AND b.unit_id = $2 AND b.what = $3 AND m.state IN ('proposed', 'sent', 'county')`, in.Unit, in.Name, in.From)
	if err == nil && len(have) > 0 {
		err = fault.InvalidField("name", "task.twice", have[0])
	}
	return err
}

// HandBack is a task on its way to the department whose duty it is.
type HandBack struct {
	Unit       id.Key
	Task       id.Key
	What       string
	Department string
	GivenBy    string
	Paper      string
	Part       string
	Reason     string // of the list hand_back_reason
	Refused    bool   // at entry
	Received   calendar.Date
	Crept      calendar.Date // when it was last found to be back
	Version    int64
}

func (h HandBack) row(key id.Key) []any {
	return []any{key, h.Unit, h.Task, h.What, h.Department, h.GivenBy, h.Paper, h.Part, h.Reason, h.Refused, h.Received, h.Crept, h.Version}
}

func (h *HandBack) dest() []any {
	return []any{&h.Unit, &h.Task, &h.What, &h.Department, &h.GivenBy, &h.Paper, &h.Part, &h.Reason, &h.Refused, &h.Received, &h.Crept, &h.Version}
}

const handBackCols = `b.unit_id, b.task_id, b.what, b.department, b.given_by, b.paper, b.part, b.reason, b.refused, b.received_on, b.crept_on, b.version`

// GetHandBack reads what a hand-back says. The caller has seen its matter.
func GetHandBack(ctx context.Context, r db.Reader, key id.Key) (h HandBack, err error) {
	return h, one(r.Row(ctx, `SELECT `+handBackCols+` FROM handbacks b WHERE b.city_id = $1 AND b.id = $2`, key).Scan(h.dest()...))
}

// handBack opens a hand-back.
func (s *Service) handBack(ctx context.Context, tx *ledger.Tx, town access.Unit, h HandBack) (id.ID, error) {
	h.Unit, h.Version = town.ID.Key, 1
	m := matter(tx, KindHandBack, town, h.What, true)
	if err := s.open(ctx, tx, &m); err != nil {
		return m.ID, err
	}
	return m.ID, tx.Insert(ctx, handbackTable, h.row(m.ID.Key)...)
}

// Propose proposes to hand a task back that is in the township's list, for a reason.
func (s *Service) Propose(ctx context.Context, who access.Actor, key id.Key, department, reason string) (out id.ID, err error) {
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		t, err := task(ctx, tx, key, tx.Today())
		if err != nil {
			return ledger.Act{}, err
		}
		town, err := s.Town(ctx, tx, who, t.Unit)
		if err != nil {
			return ledger.Act{}, err
		}
		if err := org.Alone(ctx, tx, t.Unit); err != nil { // a task goes back once
			return ledger.Act{}, err
		}
		if t, err = task(ctx, tx, key, tx.Today()); err != nil {
			return ledger.Act{}, err
		}
		var form typed.Form
		form.Line("department", &department, true, maxBy)
		s.code(&form, "reason", "hand_back_reason", reason, tx.Today())
		switch {
		case !Tasks(who, town):
			return ledger.Act{}, notYours()
		case form.Wrong() > 0:
			return ledger.Act{}, form.Err()
		case t.HandBack != "":
			return ledger.Act{}, fault.New(fault.Conflict, "handback.under_way")
		case t.To != "" && t.To <= tx.Today():
			return ledger.Act{}, fault.New(fault.Conflict, "task.ended")
		}
		out, err = s.handBack(ctx, tx, town, HandBack{Task: key, What: t.Name, Department: department, GivenBy: t.GivenBy, Paper: t.Paper, Part: t.Part, Reason: reason})
		return ledger.Act{Action: "handback.propose", Organ: town.OrganID(), Matter: out, Answer: out.String(), Params: map[string]any{"reason": reason, "department": department, "state": Proposed}}, err
	})
	if rc.Replayed {
		out, err = id.Parse(rc.Answer)
	}
	return out, err
}

// change writes a hand-back anew.
func change(ctx context.Context, op *flow.Op, set func(*HandBack)) (HandBack, error) {
	h, err := GetHandBack(ctx, op, op.M.ID.Key)
	if err != nil {
		return h, err
	}
	set(&h)
	return h, op.Update(ctx, handbackTable, h.row(op.M.ID.Key)...)
}

// received ends the commission's part in the task on the day the department signed for it.
func (s *Service) received(ctx context.Context, op *flow.Op) error {
	on := op.In.Day("on")
	h, err := change(ctx, op, func(h *HandBack) { h.Received, h.Crept = on, "" })
	if err != nil || h.Task == "" {
		return err
	}
	return org.EndGroup(ctx, op.Tx, h.Task, on)
}

func (s *Service) verified(ctx context.Context, op *flow.Op) error {
	if op.In.Str("result") != "back" {
		op.M.Outcome = Verified
		return nil
	}
	return s.crept(ctx, op)
}

// crept puts the task back among what the commission does, from the day it was found there: it is handed back once more.
func (s *Service) crept(ctx context.Context, op *flow.Op) error {
	on := op.In.Day("on")
	op.M.Outcome = Crept
	h, err := GetHandBack(ctx, op, op.M.ID.Key)
	if err != nil {
		return err
	}
	if h.Task, err = org.AddGroup(ctx, op.Tx, org.NewGroup{Unit: h.Unit, Name: h.What, SetUpBy: h.GivenBy, Responsible: h.Department, Role: h.Part, From: on}); err != nil {
		return err
	}
	h.Crept = on
	return op.Update(ctx, handbackTable, h.row(op.M.ID.Key)...)
}
