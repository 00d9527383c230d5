package duty

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// MonthRow is a duty as the form of a month opens with it: its hours are last month's where that was confirmed, else those filed.
type MonthRow struct {
	Duty
	Hours int64
	Known bool // false: neither the filing nor a table says how many hours it takes
	Last  bool // the hours are last month's
}

// Month is a township's month to be confirmed.
type Month struct {
	Matter flow.Matter
	Month  string // YYYY-MM
	Town   access.Unit
	Rows   []MonthRow
}

func firstOf(month string) calendar.Date { return calendar.Date(month + "-01") }

// before is the month before the one that a day lies in, YYYY-MM.
func before(d calendar.Date) string {
	return calendar.MakeDate(d.Year(), d.Month(), 1).AddDays(-1).MonthKey()
}

// OpenMonth reads the form of a month whose matter the actor may see.
func (s *Service) OpenMonth(ctx context.Context, r db.Reader, who access.Actor, matter id.Key) (m Month, err error) {
	if m.Matter, err = flow.Get(ctx, r, who, matter); err != nil {
		return m, err
	}
	if m.Matter.Kind != KindConfirmation {
		return m, fault.Hidden()
	}
	var unit id.Key
	if err = one(r.Row(ctx, `SELECT c.unit_id, c.month FROM confirmations c WHERE c.city_id = $1 AND c.id = $2`, matter).Scan(&unit, &m.Month)); err != nil {
		return m, err
	}
	if m.Town, err = access.GetUnit(ctx, r, unit); err != nil {
		return m, err
	}
	m.Rows, err = s.monthRows(ctx, r, unit, m.Month)
	return m, err
}

// workdays is how many working days a period has, its last day included.
func (s *Service) workdays(from, last calendar.Date) int {
	if last < from {
		return 0
	}
	return s.Clocks.Calendar().CountWorking(from.AddDays(-1), last)
}

// monthRows are the duties of a month.
func (s *Service) monthRows(ctx context.Context, r db.Reader, unit id.Key, month string) ([]MonthRow, error) {
	first := firstOf(month)
	last := first.EndOfMonth()
	ds, err := Duties(ctx, r, unit, first, last)
	if err != nil {
		return nil, err
	}
	type said struct {
		month, duty string
		hours       int64
	}
	confirmed, err := db.All(ctx, r, func(rows *db.Rows) (x said, err error) { return x, rows.Scan(&x.month, &x.duty, &x.hours) },
		`SELECT c.month, c.duty_id, c.hours FROM duty_months c WHERE c.city_id = $1 AND c.unit_id = $2 AND c.month IN ($3, $4)`, unit, month, before(first))
	if err != nil {
		return nil, err
	}
	out := make([]MonthRow, len(ds))
	for i, d := range ds {
		x := MonthRow{Duty: d}
		x.Hours, x.Known = d.MonthHours(s.workdays(first, last))
		for _, c := range confirmed {
			if c.duty == d.ID && (c.month == month || !x.Last) {
				x.Hours, x.Known, x.Last = c.hours, true, true
			}
		}
		out[i] = x
	}
	return out, nil
}

// Worked says whether the actor works in the township whose month it is, or in the one that took its place.
func (m Month) Worked(who access.Actor) bool {
	at := m.Town
	at.ID = m.Matter.Handler
	return Works(who, at)
}

// Change is an exception of a month: other hours, or the last day a duty was done. "" and -1 leave what there is.
type Change struct {
	Duty  id.Key
	Hours int
	Ended calendar.Date
}

// Confirm confirms a month as it stands but for the changes. Without any it is the move "confirm" of its matter.
func (s *Service) Confirm(ctx context.Context, who access.Actor, matter id.ID, version int64, changes []Change) error {
	_, err := s.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		x, err := s.OpenMonth(ctx, tx, who, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		switch {
		case !x.Worked(who):
			return ledger.Act{}, notYours()
		case x.Matter.Version != version:
			return ledger.Act{}, fault.Stale()
		}
		m, err := flow.Lock(ctx, tx, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		in := flow.Values{}
		var bad []fault.Field
		most := s.Rules.Limit("duty.month_hours", tx.Today())
		for _, c := range changes {
			i := slices.IndexFunc(x.Rows, func(r MonthRow) bool { return r.ID == c.Duty })
			switch {
			case i < 0:
				return ledger.Act{}, fault.Hidden()
			case c.Hours < -1 || c.Hours > most:
				bad = append(bad, fault.Field{Name: "hours-" + c.Duty, Code: "count.range", Args: []string{"0", itoa(most)}})
				continue
			}
			if c.Hours >= 0 && (!x.Rows[i].Known || int64(c.Hours) != x.Rows[i].Hours) {
				in["hours"] = append(in["hours"], c.Duty+" "+itoa(c.Hours))
			}
			if c.Ended == "" {
				continue
			}
			asked, err := s.asked(ctx, tx, c.Duty)
			if err != nil {
				return ledger.Act{}, err
			}
			if asked { // the county ends it, and with it what it asked
				bad = append(bad, fault.Field{Name: "ended-" + c.Duty, Code: "duty.asked"})
				continue
			}
			err = s.end(ctx, tx, x.Rows[i].Duty, c.Ended, "ended-"+c.Duty)
			if fs := fault.Fields(err); len(fs) > 0 {
				bad = append(bad, fs...)
			} else if err != nil {
				return ledger.Act{}, err
			}
			in["ended"] = append(in["ended"], c.Duty+" "+string(c.Ended))
		}
		if len(bad) > 0 {
			return ledger.Act{}, fault.InvalidFields(bad)
		}
		act := ledger.Act{Action: KindConfirmation + ".confirm", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"changes": len(in["hours"]) + len(in["ended"]), "state": Confirmed}}
		return act, s.Engine.MakeAs(ctx, tx, &m, "confirm", in)
	})
	return err
}

// confirmed keeps what a confirmed month says: the hours of each duty, and what that leaves of each post's working days. Of a post
// with a duty whose hours nobody knows nothing is kept: it is unknown.
func (s *Service) confirmed(ctx context.Context, op *flow.Op) error {
	var unit id.Key
	var month string
	if err := one(op.Row(ctx, `SELECT c.unit_id, c.month FROM confirmations c WHERE c.city_id = $1 AND c.id = $2`, op.M.ID.Key).Scan(&unit, &month)); err != nil {
		return err
	}
	rows, err := s.monthRows(ctx, op, unit, month)
	if err != nil {
		return err
	}
	changed := map[id.Key]int64{}
	for _, x := range op.In["hours"] {
		duty, hours, _ := strings.Cut(x, " ")
		changed[duty], _ = strconv.ParseInt(hours, 10, 64) // written by Confirm
	}
	first := firstOf(month)
	last := first.EndOfMonth()
	seats, err := Seats(ctx, op, unit, first, last)
	if err != nil {
		return err
	}
	type sum struct {
		working, besides int64
		unknown          bool
	}
	byPost := map[id.Key]*sum{}
	var order []id.Key
	perDay, whole := int64(s.Rules.Limit("duty.day_hours", op.Day)), int64(s.workdays(first, last))
	for _, x := range seats {
		if byPost[x.Post] == nil {
			byPost[x.Post] = &sum{}
			order = append(order, x.Post)
		}
		byPost[x.Post].working += perDay * int64(s.workdays(max(first, x.From), within(last, x.To)))
	}
	left := map[id.Key]calendar.Date{} // when who held a duty left their post
	for _, x := range seats {
		left[x.Holding] = x.To
	}
	for _, r := range rows {
		hours, known := r.Hours, r.Known
		h, said := changed[r.ID]
		if said {
			hours, known = h, true
		}
		if known {
			if err := op.Insert(ctx, dutyMonthTable, unit, month, r.ID, hours); err != nil {
				return err
			}
		}
		t := byPost[r.Post]
		switch {
		case t == nil || r.Part == PartOutside:
		case !known:
			t.unknown = true
		case said: // what it took in this month
			t.besides += hours
		case whole > 0: // of a duty that was there for part of the month its part
			t.besides += hours * int64(s.workdays(max(first, r.From), min(within(last, r.To), within(last, left[r.Holding])))) / whole
		}
	}
	for _, post := range order {
		t := byPost[post]
		if t.unknown || t.working == 0 {
			continue
		}
		if err := op.Insert(ctx, postMonthTable, unit, month, post, t.working, min(t.besides, t.working)); err != nil {
			return err
		}
	}
	return nil
}

// within is the last day of a period that ends with last, of what is no more from a day on.
func within(last, to calendar.Date) calendar.Date {
	if to != "" && to <= last {
		return to.AddDays(-1)
	}
	return last
}
