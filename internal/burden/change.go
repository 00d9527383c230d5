package burden

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// Get reads an ask that the actor may see: of a county in their reach, of a township of their own, or one their organ made.
func (s *Service) Get(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (Ask, error) {
	as, err := db.All(ctx, r, scanAsk(r.City()), `SELECT `+askCols+` FROM asks a WHERE a.city_id = $1 AND a.id = $2`, key)
	if err != nil {
		return Ask{}, err
	}
	if len(as) == 0 {
		return Ask{}, fault.Hidden()
	}
	a := as[0]
	if s.sees(who, id.ID{City: a.ID.City, Key: a.County}) || s.Asked(who, a) {
		return a, nil
	}
	if u := who.Unit(); a.State == Standing && u.Kind == "township" && u.ID.City == a.ID.City && who.Scope(access.BurdenRead).Handles(u.ID) {
		of, err := db.Column[id.Key](ctx, r, `SELECT t.township_id FROM ask_towns t WHERE t.city_id = $1 AND t.ask_id = $2 AND t.township_id = $3`, key, u.ID.Key)
		if err != nil || len(of) > 0 {
			return a, err
		}
	}
	return Ask{}, fault.Hidden()
}

// Asked says whether the actor stands in the organ that asks.
func (s *Service) Asked(who access.Actor, a Ask) bool {
	return a.By.Key != "" && who.Can(access.BurdenAsk) && who.Unit().OrganID() == a.By
}

// Decides says whether the actor is the chief whom a held ask waits for: of its county, and neither whoever put it there nor
// somebody in that one's stead.
func (s *Service) Decides(who access.Actor, a Ask) bool {
	hat, ok := who.HatFor(access.Principal, id.ID{City: a.ID.City, Key: a.County})
	return a.State == Held && ok && a.madeBy != who.Person && a.madeBy != hat.For
}

// MayEnd says whether the actor may end an ask: whoever asks, or a leader of the county it is asked in. What the program asks
// ends with its rule.
func (s *Service) MayEnd(who access.Actor, a Ask) bool {
	county := id.ID{City: a.ID.City, Key: a.County}
	return a.State == Standing && a.Ended == "" && a.Rule == "" && (s.Asked(who, a) || who.Is(access.Deputy, county) || who.Is(access.Principal, county))
}

// change reads an ask in the transaction, lets do change it, and writes it at the version the caller saw.
func (s *Service) change(ctx context.Context, who access.Actor, ask id.ID, version int64, do func(tx *ledger.Tx, a *Ask) (ledger.Act, error)) error {
	_, err := s.Ledger.Write(ctx, who, ask.City, func(tx *ledger.Tx) (ledger.Act, error) {
		a, err := s.Get(ctx, tx, who, ask.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if a.Version != version {
			return ledger.Act{}, fault.Stale()
		}
		act, err := do(tx, &a)
		if err != nil {
			return act, err
		}
		act.About = "ask/" + ask.String()
		if act.Organ.Zero() {
			act.Organ = who.Unit().OrganID()
		}
		return act, tx.Update(ctx, askTable, a.row()...)
	})
	return err
}

// said cleans a text that must be there.
func said(field string, v *string) error {
	return typed.One(field, v, true, paraLimit)
}

// Decide lets a held ask through or does not, by the county's chief and for a reason. From then on it stands in the month of
// that day, above the cap.
func (s *Service) Decide(ctx context.Context, who access.Actor, ask id.ID, version int64, through bool, why string) error {
	return s.change(ctx, who, ask, version, func(tx *ledger.Tx, a *Ask) (ledger.Act, error) {
		county := id.ID{City: ask.City, Key: a.County}
		hat, chief := who.HatFor(access.Principal, county)
		switch {
		case a.State != Held:
			return ledger.Act{}, fault.New(fault.Conflict, "burden.decided")
		case !chief:
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		case a.madeBy == who.Person || a.madeBy == hat.For:
			return ledger.Act{}, fault.New(fault.Forbidden, "burden.own")
		}
		if err := said("why", &why); err != nil {
			return ledger.Act{}, err
		}
		a.State, a.decidedBy, a.DecidedName, a.Decided, a.DecidedWhy = Refused, who.Person, who.Name, tx.Today(), why
		act := ledger.Act{Action: "burden.refuse", Organ: county, Params: map[string]any{"why": why}}
		if hat.ForName != "" {
			act.Params["for"] = hat.ForName
		}
		if !through {
			return act, nil
		}
		act.Action = "burden.let_through"
		if a.Due < tx.Today() {
			return act, fault.New(fault.Conflict, "burden.too_late", string(a.Due))
		}
		a.State, a.Asked = Standing, tx.Today()
		towns, err := townsOf(ctx, tx, ask.Key)
		if err != nil {
			return act, err
		}
		return act, counted(ctx, tx, *a, towns)
	})
}

// Use says what an ask was used for, once it is due, by whoever asked.
func (s *Service) Use(ctx context.Context, who access.Actor, ask id.ID, version int64, what string) error {
	return s.change(ctx, who, ask, version, func(tx *ledger.Tx, a *Ask) (ledger.Act, error) {
		switch {
		case !s.Asked(who, *a):
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		case a.State != Standing || a.UsedOn != "":
			return ledger.Act{}, fault.New(fault.Conflict, "move.not_now")
		case a.Due > tx.Today():
			return ledger.Act{}, fault.New(fault.Conflict, "burden.not_due", string(a.Due))
		}
		if err := said("used", &what); err != nil {
			return ledger.Act{}, err
		}
		a.Used, a.UsedOn = what, tx.Today()
		return ledger.Act{Action: "burden.use", Params: map[string]any{"used": what}}, nil
	})
}

// End has an ask not asked again, for a reason.
func (s *Service) End(ctx context.Context, who access.Actor, ask id.ID, version int64, why string) error {
	return s.change(ctx, who, ask, version, func(tx *ledger.Tx, a *Ask) (ledger.Act, error) {
		switch {
		case a.State != Standing || a.Ended != "":
			return ledger.Act{}, fault.New(fault.Conflict, "move.not_now")
		case !s.MayEnd(who, *a):
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		if err := said("why", &why); err != nil {
			return ledger.Act{}, err
		}
		a.Ended, a.EndedWhy = tx.Today(), why
		return ledger.Act{Action: "burden.end", Params: map[string]any{"why": why}}, nil
	})
}

func townsOf(ctx context.Context, r db.Reader, ask id.Key) ([]id.Key, error) {
	return db.Column[id.Key](ctx, r, `SELECT t.township_id FROM ask_towns t WHERE t.city_id = $1 AND t.ask_id = $2 ORDER BY t.township_id`, ask)
}

// Towns lists the townships that an ask is asked of. The caller has read the ask.
func (s *Service) Towns(ctx context.Context, r db.Reader, ask id.Key) ([]access.Unit, error) {
	return db.All(ctx, r, func(rows *db.Rows) (access.Unit, error) {
		u := access.Unit{ID: id.ID{City: r.City()}}
		return u, rows.Scan(&u.ID.Key, &u.Name, &u.County)
	}, `SELECT u.id, u.name, u.county_id FROM ask_towns t JOIN units u ON u.city_id = t.city_id AND u.id = t.township_id WHERE t.city_id = $1 AND t.ask_id = $2 ORDER BY u.code, u.id`, ask)
}

// unusedBefore is the last due day of what is listed for ending on a day.
func (s *Service) unusedBefore(today calendar.Date) calendar.Date {
	return today.AddDays(-s.Rules.Limit(limitUnused, today))
}
