package staffing

import (
	"context"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// How many posts a township should have follows from the rulebook (lists establishment and establishment_rule), and from which
// rules of other places its county has adopted, each from a day.
const (
	ruleKey   = "establishment." // + the rule's code; set by the county
	peopleKey = "people"         // of a township: how many live there
)

const ruleOn, ruleOff = "on", "off"

// Strength is one township: how many posts it should have, has, and are held, with the strength of its organ.
type Strength struct {
	Unit       id.Key
	Name       string
	Should     int // by the rules in force
	Posts      int // set up
	Held       int
	Villages   int
	People     int      // 0: not entered
	Further    []string // codes of the rules that give it more
	Authorised int      // of the organ; 0: not counted
	Actual     int
	Counted    calendar.Date
}

// Short is how many the township lacks of what it should have.
func (s Strength) Short() int { return max(0, s.Should-s.Held) }

// Rule is a rule of other places, and since when the county has it on; From is "" for one that is off.
type Rule struct {
	Code string
	On   bool
	From calendar.Date
}

// LoadStrength reads the townships of a county as of a day, and which rules it has adopted.
func (s *Service) LoadStrength(ctx context.Context, r db.Reader, county access.Unit, on calendar.Date) ([]Strength, []Rule, error) {
	f, err := org.LoadFacts(ctx, r, measure.Query{Unit: county, From: on, To: on}, 0)
	if err != nil {
		return nil, nil, err
	}
	rules, people, err := s.adopted(ctx, r, county, on)
	if err != nil {
		return nil, nil, err
	}
	base := 0
	for _, t := range s.Rules.Terms("establishment", on) {
		base += number(t.Attrs["posts"])
	}
	out, err := db.All(ctx, r, func(rows *db.Rows) (x Strength, err error) {
		return x, rows.Scan(&x.Unit, &x.Name, &x.Villages, &x.Authorised, &x.Actual, &x.Counted)
	}, `SELECT u.id, u.name, (SELECT COUNT(v.id) FROM units v WHERE v.city_id = u.city_id AND v.superior_id = u.id AND v.kind = 'village' AND v.opened_on <= $3 AND (v.closed_on = '' OR v.closed_on > $3)),
		COALESCE(z.authorised, 0), COALESCE(z.actual, 0), COALESCE(z.on_day, '') FROM units u LEFT JOIN organ_sizes z ON z.city_id = u.city_id AND z.unit_id = u.id
			AND z.on_day = (SELECT MAX(y.on_day) FROM organ_sizes y WHERE y.city_id = u.city_id AND y.unit_id = u.id AND y.on_day <= $3)
		WHERE u.city_id = $1 AND u.county_id = $2 AND u.kind = 'township' AND u.opened_on <= $3 AND (u.closed_on = '' OR u.closed_on > $3) ORDER BY u.code, u.name, u.id`, county.ID.Key, on)
	for i := range out {
		x := &out[i]
		x.Should, x.People = base, people[x.Unit]
		for _, rule := range rules {
			t, ok := s.Rules.Term("establishment_rule", rule.Code)
			if !ok || !rule.On {
				continue
			}
			v, p := number(t.Attrs["villages"]), number(t.Attrs["people"])
			if v > 0 && x.Villages >= v || p > 0 && x.People >= p {
				x.Should += number(t.Attrs["add"])
				x.Further = append(x.Further, rule.Code)
			}
		}
		for _, seat := range f.Seats {
			if seat.Unit == x.Unit {
				x.Posts++
				if seat.Held() {
					x.Held++
				}
			}
		}
	}
	return out, rules, err
}

// adopted reads which rules a county has on, and how many people live in its townships, as of a day.
func (s *Service) adopted(ctx context.Context, r db.Reader, county access.Unit, on calendar.Date) (rules []Rule, people map[id.Key]int, err error) {
	type row struct{ unit, key, from, value string }
	all, err := db.All(ctx, r, func(rows *db.Rows) (x row, err error) { return x, rows.Scan(&x.unit, &x.key, &x.from, &x.value) },
		`SELECT s.unit_id, s.key, s.from_on, s.value FROM settings s WHERE s.city_id = $1 AND s.unit_id = $2 AND s.from_on <= $3
		UNION ALL SELECT s.unit_id, s.key, s.from_on, s.value FROM units u CROSS JOIN settings s WHERE u.city_id = $1 AND u.county_id = $2 AND u.kind = 'township'
			AND s.city_id = u.city_id AND s.unit_id = u.id AND s.key = '`+peopleKey+`' AND s.from_on <= $3`, county.ID.Key, on)
	slices.SortStableFunc(all, func(a, b row) int { return calendar.Date(a.from).Sub(calendar.Date(b.from)) })
	people = map[id.Key]int{}
	for _, t := range s.Rules.Terms("establishment_rule", on) {
		x := Rule{Code: t.Code}
		for _, y := range all {
			if y.key == ruleKey+t.Code {
				x.On, x.From = y.value == ruleOn, calendar.Date(y.from)
			}
		}
		rules = append(rules, x)
	}
	for _, y := range all {
		if y.key == peopleKey {
			people[y.unit] = number(y.value)
		}
	}
	return rules, people, err
}

// Adopt switches a rule of other places on or off for the actor's county, from a day on: by its chief.
func (s *Service) Adopt(ctx context.Context, who access.Actor, rule string, on bool, from calendar.Date) error {
	county := who.Unit()
	if county.Level != access.County || !who.Can(access.RuleSet) || !who.Is(access.Principal, county.OrganID()) {
		return fault.New(fault.Forbidden, "move.not_yours")
	}
	organ := county.OrganID()
	_, err := s.Ledger.Write(ctx, who, organ.City, func(tx *ledger.Tx) (ledger.Act, error) {
		t, ok := s.Rules.Term("establishment_rule", rule)
		switch {
		case !ok || !t.Holds(tx.Today()):
			return ledger.Act{}, fault.InvalidField("rule", "choice.unknown")
		case !from.Valid():
			return ledger.Act{}, fault.InvalidField("from", "day.invalid")
		case from < tx.Today():
			return ledger.Act{}, fault.InvalidField("from", "day.past")
		}
		value := ruleOff
		if on {
			value = ruleOn
		}
		return ledger.Act{Action: "establishment.rule", Organ: organ, About: "rule/" + rule, Params: map[string]any{"rule": rule, "on": on, "from": string(from)}},
			org.PutSetting(ctx, tx, organ.Key, ruleKey+rule, from, value)
	})
	return err
}

// mostPeople bounds how many people a township can be said to have: above it somebody has mistyped.
const mostPeople = 1_000_000

// CountPeople enters how many people live in a township, from a day on: by whoever sees to personnel in its county.
func (s *Service) CountPeople(ctx context.Context, who access.Actor, township id.Key, n string, from calendar.Date) error {
	_, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		u, err := access.GetUnit(ctx, tx, township)
		if err != nil || u.Kind != "township" || org.Oversees(who, u) != access.Personnel {
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return ledger.Act{}, err
			}
			return ledger.Act{}, fault.InvalidField("township", "choice.unknown")
		}
		people, err := strconv.Atoi(n)
		switch {
		case err != nil || people < 1 || people > mostPeople:
			return ledger.Act{}, fault.InvalidField("people", "count.range", "1", strconv.Itoa(mostPeople))
		case !from.Valid():
			return ledger.Act{}, fault.InvalidField("from", "day.invalid")
		case from > tx.Today():
			return ledger.Act{}, fault.InvalidField("from", "day.future")
		}
		return ledger.Act{Action: "establishment.people", Organ: u.OrganID(), About: "unit/" + u.ID.String(), Params: map[string]any{"people": people, "from": string(from)}},
			org.PutSetting(ctx, tx, u.ID.Key, peopleKey, from, strconv.Itoa(people))
	})
	return err
}
