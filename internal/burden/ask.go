package burden

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
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Engine *flow.Engine
	Rules  *rulebook.Book
}

// The states of an ask.
const (
	Held     = "held"     // it would pass the cap, and waits for the county's chief
	Standing = "standing" // it is asked
	Refused  = "refused"  // the chief did not let it through
)

// ByProgram is the level of what the program asks by itself.
const ByProgram = 9

// How much may be said, in characters, and the most minutes: those of a month.
const (
	lineLimit = 120
	paraLimit = 500
	mostMin   = 31 * 24 * 60
)

var askTable = &ledger.Table{Name: "asks", Key: []string{"id"}, Cols: []string{"county_id", "by_city", "by_id", "by_name", "by_level", "rule", "once", "what", "basis", "minutes", "asked_on", "due_on", "towns",
	"state", "made_by", "over_why", "decided_by", "decided_name", "decided_on", "decided_why", "used", "used_on", "ended_on", "ended_why", "version"}, Version: "version"}

var townTable = &ledger.Table{Name: "ask_towns", Key: []string{"ask_id", "township_id"}}

var unlistedTable = &ledger.Table{Name: "unlisted", Key: []string{"id"}, Cols: []string{"asker", "what", "minutes", "asked_on", "ask_id"}}

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{askTable, townTable, unlistedTable} }

// Ask is one thing asked of some townships of a county.
type Ask struct {
	ID          id.ID
	County      id.Key
	By          id.ID  // the organ that asks; its key is "" for somebody outside the tree and for the program
	ByName      string // as it was called then
	ByLevel     int    // of the organ; ByProgram, or 0 for somebody outside the tree
	Rule        string // of the rulebook, for what the program asks
	What        string
	Basis       string // the paper's number, or the rule
	Minutes     int64  // of one township
	Asked       calendar.Date
	Due         calendar.Date
	Towns       int64
	State       string
	OverWhy     string // why it should pass the cap
	DecidedName string
	Decided     calendar.Date
	DecidedWhy  string
	Used        string // what it was used for
	UsedOn      calendar.Date
	Ended       calendar.Date
	EndedWhy    string
	Version     int64

	once      string
	madeBy    id.Key
	decidedBy id.Key
}

func (a Ask) row() []any {
	return []any{a.ID.Key, a.County, int64(a.By.City), a.By.Key, a.ByName, a.ByLevel, a.Rule, a.once, a.What, a.Basis, a.Minutes, a.Asked, a.Due, a.Towns,
		a.State, a.madeBy, a.OverWhy, a.decidedBy, a.DecidedName, a.Decided, a.DecidedWhy, a.Used, a.UsedOn, a.Ended, a.EndedWhy, a.Version}
}

const askCols = `a.id, a.county_id, a.by_city, a.by_id, a.by_name, a.by_level, a.rule, a.once, a.what, a.basis, a.minutes, a.asked_on, a.due_on, a.towns,
	a.state, a.made_by, a.over_why, a.decided_by, a.decided_name, a.decided_on, a.decided_why, a.used, a.used_on, a.ended_on, a.ended_why, a.version`

func (a *Ask) dest() []any {
	return []any{&a.ID.Key, &a.County, &a.By.City, &a.By.Key, &a.ByName, &a.ByLevel, &a.Rule, &a.once, &a.What, &a.Basis, &a.Minutes, &a.Asked, &a.Due, &a.Towns,
		&a.State, &a.madeBy, &a.OverWhy, &a.decidedBy, &a.DecidedName, &a.Decided, &a.DecidedWhy, &a.Used, &a.UsedOn, &a.Ended, &a.EndedWhy, &a.Version}
}

func scanAsk(city id.City) func(*db.Rows) (Ask, error) {
	return func(rows *db.Rows) (Ask, error) {
		a := Ask{ID: id.ID{City: city}}
		return a, rows.Scan(a.dest()...)
	}
}

// NewAsk is what somebody fills in.
type NewAsk struct {
	What    string
	Basis   string
	Minutes int64
	Due     calendar.Date
	Towns   []id.Key // of one county or of several: each county's are an ask of their own
	Hold    bool     // put it to the chief of every county whose cap it would pass
	Why     string   // and why, if so
}

// Enter asks something of townships of a tenant. Where a county's cap would be passed the whole is refused with a field
// "towns" for every such township (burden.over: township, what stands, what is asked, the cap), unless it is to be put to the
// chief: then those counties' asks are held, and the others stand. It returns the asks made, the tenant's counties in order.
func (s *Service) Enter(ctx context.Context, who access.Actor, city id.City, in NewAsk) ([]id.ID, error) {
	if !who.Can(access.BurdenAsk) {
		return nil, fault.New(fault.Forbidden, "move.not_yours")
	}
	var out []id.ID
	rc, err := s.Ledger.Write(ctx, who, city, func(tx *ledger.Tx) (ledger.Act, error) {
		out = nil
		if err := in.clean(tx.Today()); err != nil {
			return ledger.Act{}, err
		}
		counties, towns, err := chosen(ctx, tx, who, in.Towns)
		if err != nil {
			return ledger.Act{}, err
		}
		u := who.Unit()
		organ, err := access.GetUnit(ctx, tx.For(u.ID.City), u.Organ)
		if err != nil {
			return ledger.Act{}, err
		}
		if err := ended(ctx, tx, organ.ID, in); err != nil {
			return ledger.Act{}, err
		}
		var form typed.Form
		held := map[id.Key]bool{}
		for _, county := range counties {
			over, err := s.over(ctx, tx, county, towns[county], in.Minutes)
			if err != nil {
				return ledger.Act{}, err
			}
			held[county] = len(over) > 0
			for _, o := range over {
				form.Say("towns", "burden.over", o.Town.Name, n(o.Sum), n(in.Minutes), n(o.Cap))
			}
		}
		switch {
		case form.Wrong() > 0 && !in.Hold:
			return ledger.Act{}, form.Err()
		case form.Wrong() > 0 && in.Why == "":
			return ledger.Act{}, fault.InvalidField("why", "required")
		}
		act := ledger.Act{Action: "burden.ask", Organ: organ.ID, Params: map[string]any{"what": in.What, "basis": in.Basis, "minutes": in.Minutes, "due": string(in.Due)}}
		total := 0
		for _, county := range counties {
			a := Ask{ID: tx.NewID(), County: county, By: organ.ID, ByName: organ.Commission(), ByLevel: organ.Level, What: in.What, Basis: in.Basis, Minutes: in.Minutes, Asked: tx.Today(), Due: in.Due, madeBy: who.Person, State: Standing}
			if held[county] {
				a.State, a.OverWhy = Held, in.Why
				act.Action, act.Params["why"] = "burden.hold", in.Why
			}
			if err := insert(ctx, tx, a, towns[county]); err != nil {
				return act, err
			}
			total += len(towns[county])
			out = append(out, a.ID)
		}
		act.Params["towns"] = total
		if len(out) == 1 {
			act.About = "ask/" + out[0].String()
		}
		act.Answer = answer(out)
		return act, nil
	})
	if err == nil && rc.Replayed {
		out = nil
		for _, word := range strings.Fields(rc.Answer) {
			x, err := id.Parse(word)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
	}
	return out, err
}

// answer names asks in the answer of an act; a repeated request is told the same.
func answer(asks []id.ID) string {
	var out []string
	for _, a := range asks {
		out = append(out, a.String())
	}
	return strings.Join(out, " ")
}

func n(x int64) string { return strconv.FormatInt(x, 10) }

// clean mends what was typed and says what is wrong with it.
func (in *NewAsk) clean(today calendar.Date) error {
	var form typed.Form
	form.Line("what", &in.What, true, lineLimit)
	form.Line("basis", &in.Basis, true, lineLimit)
	form.Para("why", &in.Why, false, paraLimit)
	if in.Minutes < 1 || in.Minutes > mostMin {
		form.Say("minutes", "burden.minutes", n(mostMin))
	}
	form.Ahead("due", in.Due, today, true)
	if len(in.Towns) == 0 {
		form.Say("towns", "required")
	}
	return form.Err()
}

// chosen reads the townships that were chosen, by county. One that the actor may ask nothing of is as if it were not there.
func chosen(ctx context.Context, r db.Reader, who access.Actor, keys []id.Key) (counties []id.Key, towns map[id.Key][]access.Unit, err error) {
	us, err := access.Units(ctx, r, keys)
	if err != nil {
		return nil, nil, err
	}
	scope := who.Scope(access.BurdenAsk)
	towns = map[id.Key][]access.Unit{}
	for _, k := range slices.Compact(slices.Sorted(slices.Values(keys))) {
		u, ok := us[k]
		if !ok || u.Kind != "township" || u.Closed != "" || !scope.Covers(u) {
			return nil, nil, fault.InvalidField("towns", "choice.unknown")
		}
		if towns[u.County] == nil {
			counties = append(counties, u.County)
		}
		towns[u.County] = append(towns[u.County], u)
	}
	return counties, towns, nil
}

// ended refuses what the same organ was told not to ask again.
func ended(ctx context.Context, r db.Reader, by id.ID, in NewAsk) error {
	as, err := db.All(ctx, r, scanAsk(r.City()), `SELECT `+askCols+` FROM asks a WHERE a.city_id = $1 AND a.by_id = $2 AND a.by_city = $3 AND a.ended_on <> '' AND a.what = $4 ORDER BY a.id DESC LIMIT 1`, by.Key, int64(by.City), in.What)
	if err != nil || len(as) == 0 || text.Fold(as[0].Basis) != text.Fold(in.Basis) {
		return err
	}
	return fault.InvalidField("what", "burden.ended", string(as[0].Ended), as[0].EndedWhy)
}

// insert writes an ask and, where it stands, counts it.
func insert(ctx context.Context, tx *ledger.Tx, a Ask, towns []access.Unit) error {
	a.Towns, a.Version = int64(len(towns)), 1
	if err := tx.Insert(ctx, askTable, a.row()...); err != nil {
		return err
	}
	for _, u := range towns {
		if err := tx.Insert(ctx, townTable, a.ID.Key, u.ID.Key); err != nil {
			return err
		}
	}
	if a.State != Standing {
		return nil
	}
	keys := make([]id.Key, len(towns))
	for i, u := range towns {
		keys[i] = u.ID.Key
	}
	return counted(ctx, tx, a, keys)
}

// counted adds an ask that stands to the sums of its townships, in the month in which it is asked.
func counted(ctx context.Context, tx *ledger.Tx, a Ask, towns []id.Key) error {
	for _, t := range towns {
		if err := measure.Count(ctx, tx, MeasureMinutes, "", t, a.Asked, "", int(a.Minutes)); err != nil {
			return err
		}
		if err := measure.Count(ctx, tx, MeasureAsks, "", t, a.Asked, "", 1); err != nil {
			return err
		}
	}
	return nil
}

// Over is a township whose cap an ask would pass.
type Over struct {
	Town     access.Unit
	Sum, Cap int64
}

// over lists the townships of a county that an ask would take past the cap. Two who ask at the same time are
// counted one after the other.
func (s *Service) over(ctx context.Context, tx *ledger.Tx, county id.Key, towns []access.Unit, minutes int64) ([]Over, error) {
	if err := org.Alone(ctx, tx, county); err != nil {
		return nil, err
	}
	top, err := s.Cap(ctx, tx, county, tx.Today())
	if err != nil {
		return nil, err
	}
	month := tx.Today().MonthKey()
	keys := make([]id.Key, len(towns))
	for i, u := range towns {
		keys[i] = u.ID.Key
	}
	sums, err := measure.ByUnit(ctx, tx, MeasureMinutes, keys, month, month)
	var out []Over
	for _, u := range towns {
		if sum := sums[u.ID.Key][month]; sum+minutes > top {
			out = append(out, Over{u, sum, top})
		}
	}
	return out, err
}

// ByRule enters, as part of the caller's act, what the program itself asks of some townships of a county by a rule of
// rulebook/asks.yaml; once names what it is asked for, so that it is asked once. It is no one's to stop at the cap: a rule
// that asks too much is mended in the rulebook.
func (s *Service) ByRule(ctx context.Context, tx *ledger.Tx, rule, once string, county id.Key, towns []access.Unit, due calendar.Date) error {
	return s.byRule(ctx, tx, Ask{County: county, ByLevel: ByProgram, Rule: rule, once: rule + "/" + once, Due: due}, towns)
}

// ByOrgan enters, as part of the caller's act, what an organ above asks of a township by what it does in another room: a check, an
// inspection, a request for one of its people. The organ stands on the account as the one who asks, the rule says how many minutes.
func (s *Service) ByOrgan(ctx context.Context, tx *ledger.Tx, organ id.Key, rule, once string, town access.Unit, due calendar.Date) error {
	u, err := access.GetUnit(ctx, tx, organ)
	if err != nil {
		return err
	}
	return s.byRule(ctx, tx, Ask{County: town.County, By: u.ID, ByName: u.Commission(), ByLevel: u.Level, Rule: rule, once: rule + "/" + once, Due: due}, []access.Unit{town})
}

func (s *Service) byRule(ctx context.Context, tx *ledger.Tx, a Ask, towns []access.Unit) error {
	x, ok := s.Rules.Ask(a.Rule, tx.Today())
	if !ok {
		return fault.New(fault.Conflict, "burden.no_rule", a.Rule)
	}
	have, err := db.Column[id.Key](ctx, tx, `SELECT a.id FROM asks a WHERE a.city_id = $1 AND a.county_id = $2 AND a.once = $3`, a.County, a.once)
	if err != nil || len(have) > 0 {
		return err
	}
	if a.Due == "" {
		a.Due = tx.Today().AddDays(x.Days)
	}
	a.ID, a.What, a.Basis, a.Minutes, a.Asked, a.State, a.Used, a.UsedOn = tx.NewID(), x.Name.Zh, a.Rule, int64(x.Minutes), tx.Today(), Standing, x.Use.Zh, tx.Today()
	return insert(ctx, tx, a, towns)
}

// ByRuleOf are the townships of a county that the program has asked by a rule for something; once names it, or begins its name.
func (s *Service) ByRuleOf(ctx context.Context, r db.Reader, rule, once string, county id.Key) ([]id.Key, error) {
	once = rule + "/" + once
	return db.Column[id.Key](ctx, r, `SELECT t.township_id FROM asks a JOIN ask_towns t ON t.city_id = a.city_id AND t.ask_id = a.id WHERE a.city_id = $1 AND a.county_id = $2 AND SUBSTR(a.once, 1, `+strconv.Itoa(len(once))+`) = $3 ORDER BY t.township_id`, county, once)
}
