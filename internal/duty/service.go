package duty

import (
	"context"
	"errors"

	"qianshao/internal/access"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Engine *flow.Engine
	Rules  *rulebook.Book
	Clocks *deadline.Keeper
	Burden *burden.Service // what this room asks of townships stands on their account
}

// What the program asks of townships here (rulebook/asks.yaml).
const (
	askConfirm = "duty.confirm"
	askExplain = "duty.explain"
	askInspect = "duty.inspect"
)

var (
	filingTable    = &ledger.Table{Name: "duty_filings", Key: []string{"id"}, Cols: []string{"part", "paper_on", "hours", "filed_on", "filed_by", "judged", "judged_why", "judged_on", "judged_by", "version"}, Version: "version"}
	confirmTable   = &ledger.Table{Name: "confirmations", Key: []string{"id"}, Cols: []string{"unit_id", "month"}}
	dutyMonthTable = &ledger.Table{Name: "duty_months", Key: []string{"unit_id", "month", "duty_id"}, Cols: []string{"hours"}}
	postMonthTable = &ledger.Table{Name: "post_months", Key: []string{"unit_id", "month", "post_id"}, Cols: []string{"working", "besides"}}
	taskTable      = &ledger.Table{Name: "tasks", Key: []string{"id"}, Cols: []string{"work", "paper"}}
	handbackTable  = &ledger.Table{Name: "handbacks", Key: []string{"id"}, Cols: []string{"unit_id", "task_id", "what", "department", "given_by", "paper", "part", "reason", "refused", "received_on",
		"crept_on", "version"}, Version: "version"}
	orderTable      = &ledger.Table{Name: "orders", Key: []string{"id"}, Cols: []string{"unit_id", "committee"}}
	orderDutyTable  = &ledger.Table{Name: "order_duties", Key: []string{"order_id", "duty_id"}}
	inspectionTable = &ledger.Table{Name: "inspections", Key: []string{"id"}, Cols: []string{"unit_id", "on_day", "undisclosed", "inspectors", "looked", "made_on"}}
	findingTable    = &ledger.Table{Name: "inspection_findings", Key: []string{"inspection_id", "n"}, Cols: []string{"duty_id", "handback_id", "found", "note", "deviation_id"}}
	deviationTable  = &ledger.Table{Name: "deviations", Key: []string{"id"}, Cols: []string{"unit_id", "inspection_id", "duty_id", "found"}}
)

// Tables are the covered tables of this room.
func Tables() []*ledger.Table {
	return []*ledger.Table{filingTable, confirmTable, dutyMonthTable, postMonthTable, taskTable, handbackTable, orderTable, orderDutyTable, inspectionTable, findingTable, deviationTable}
}

// Town reads a township whose duties the actor may see; any other unit is absent.
func (s *Service) Town(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (access.Unit, error) {
	u, err := access.GetUnit(ctx, r, key)
	if err != nil {
		return u, err
	}
	if sc := who.Scope(access.DutyRead); u.Kind != "township" || !sc.Covers(u) && !sc.Handles(u.ID) {
		return u, fault.Hidden()
	}
	return u, nil
}

// Files says whether the actor enters filings of a township: case supervision or personnel of its county, in their own right or
// delegated. Who works in the township confirms.
func Files(who access.Actor, town access.Unit) bool {
	return who.Automatic() || who.Is(access.Supervision, town.OrganID()) || who.Is(access.Personnel, town.OrganID())
}

// Works says whether the actor works in the township's commission.
func Works(who access.Actor, town access.Unit) bool {
	return who.Automatic() || who.Is(access.Handler, town.ID) || who.Is(access.Head, town.ID)
}

// Tasks says whether the actor enters tasks of a township and proposes to hand them back.
func Tasks(who access.Actor, town access.Unit) bool {
	return Works(who, town) || who.Is(access.Supervision, town.OrganID())
}

// Inspects says whether the actor enters inspections of a township.
func Inspects(who access.Actor, town access.Unit) bool {
	return who.Automatic() || who.Is(access.Supervision, town.OrganID()) || who.Is(access.Deputy, town.OrganID())
}

// notYours is the refusal of what the actor sees and may not do.
func notYours() error { return fault.New(fault.Forbidden, "move.not_yours") }

// matter is a new matter of this room about a township: in its county's register, with the township where it has to act itself.
func matter(tx *ledger.Tx, kind string, town access.Unit, title string, handled bool) flow.Matter {
	m := flow.Matter{Kind: kind, Organ: town.OrganID(), Township: town.ID.Key, Received: tx.Today(), Title: title}
	if handled {
		m.Handler = town.ID
		m.Set(flow.FlagTownship)
	}
	return m
}

// open creates a matter and puts it into the search, as every kind.
func (s *Service) open(ctx context.Context, tx *ledger.Tx, m *flow.Matter) error {
	return s.Engine.Create(ctx, tx, m, nil, nil)
}

// code refuses what is in no list of the rulebook today.
func (s *Service) code(form *typed.Form, name, list, code string, on calendar.Date) {
	for _, t := range s.Rules.Terms(list, on) {
		if t.Code == code && !t.Unchosen {
			return
		}
	}
	c := "choice.unknown"
	if code == "" {
		c = "required"
	}
	form.Say(name, c)
}

// one reads a single row; none is as absent as one that may not be seen.
func one(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return fault.Hidden()
	}
	return err
}
