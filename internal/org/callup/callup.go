package callup

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Engine *flow.Engine
	Rules  *rulebook.Book
	Burden *burden.Service // what asking a township for one of its people takes it stands on its account
}

// askConsent is the rule under which a request for somebody stands on a township's account (rulebook/asks.yaml).
const askConsent = "callup.consent"

// ListSkill is the rulebook's list of skills.
const ListSkill = "skill"

// limitSpan is the rulebook's limit of how far back the load is counted, in months.
const limitSpan = "callup.span"

var callupTable = &ledger.Table{Name: "callups", Key: []string{"id"}, Cols: []string{"county_id", "to_id", "asker_id", "reason", "skills", "from_on", "until_on", "hours", "for_root", "person_id", "unit_id", "ordered", "began_on", "back_on", "spent", "version"}, Version: "version"}

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{callupTable} }

// Callup is what a call-up holds beyond the matter.
type Callup struct {
	ID          id.Key
	County      id.Key
	To          id.Key // the using unit
	Asker       id.Key
	Reason      string
	Skills      []string
	From, Until calendar.Date
	Hours       int    // that it is thought to take; 0: not said
	ForRoot     id.Key // the family of matters it serves
	Person      id.Key
	Unit        id.Key // the releasing unit
	Ordered     bool
	Began       calendar.Date
	Back        calendar.Date
	Spent       int         // hours that it took
	ToUnit      access.Unit // id, kind and name
	FromUnit    access.Unit
	Name        string // of the person
	title       string
	version     int64
}

func (c Callup) row() []any {
	return []any{c.ID, c.County, c.To, c.Asker, c.Reason, strings.Join(c.Skills, ","), c.From, c.Until, c.Hours, c.ForRoot, c.Person, c.Unit, c.Ordered, c.Began, c.Back, c.Spent, c.version}
}

// Get reads a call-up's own part. The caller has seen the matter.
func Get(ctx context.Context, r db.Reader, key id.Key) (Callup, error) {
	var c Callup
	var skills string
	err := r.Row(ctx, `SELECT c.id, c.county_id, c.to_id, c.asker_id, c.reason, c.skills, c.from_on, c.until_on, c.hours, c.for_root, c.person_id, c.unit_id, c.ordered, c.began_on, c.back_on, c.spent, c.version, m.title,
		t.kind, t.name, COALESCE(u.kind, ''), COALESCE(u.name, ''), COALESCE(p.name, '')
		FROM callups c JOIN matters m ON m.city_id = c.city_id AND m.id = c.id JOIN units t ON t.city_id = c.city_id AND t.id = c.to_id
		LEFT JOIN units u ON u.city_id = c.city_id AND u.id = c.unit_id LEFT JOIN people p ON p.city_id = c.city_id AND p.id = c.person_id WHERE c.city_id = $1 AND c.id = $2`, key).
		Scan(&c.ID, &c.County, &c.To, &c.Asker, &c.Reason, &skills, &c.From, &c.Until, &c.Hours, &c.ForRoot, &c.Person, &c.Unit, &c.Ordered, &c.Began, &c.Back, &c.Spent, &c.version, &c.title,
			&c.ToUnit.Kind, &c.ToUnit.Name, &c.FromUnit.Kind, &c.FromUnit.Name, &c.Name)
	c.Skills = org.SkillCodes(skills)
	c.title, _, _ = strings.Cut(c.title, "（")
	return c, err
}

// Request is what somebody who needs a person fills in.
type Request struct {
	To          id.Key // the using unit
	Reason      string
	Skills      []string
	From, Until calendar.Date
	Hours       int
	For         string // number of the matter it serves, "" for none
}

// Made is the result of Ask.
type Made struct {
	ID id.ID
	No string
}

// The longest that a reason may be, the longest call-up in days, how far ahead one may begin, and the most hours.
const (
	longReason = 300
	longest    = 366
	farAhead   = 366
	mostHours  = 5000
)

// Ask asks the county for a person: a head for their own unit, the county's own people for any of its units.
func (s *Service) Ask(ctx context.Context, who access.Actor, in Request) (Made, error) {
	var out Made
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		county, to, err := s.checked(ctx, tx, who, &in)
		if err != nil {
			return ledger.Act{}, err
		}
		root, err := family(ctx, tx, who, in.For)
		if err != nil {
			return ledger.Act{}, err
		}
		var names []string
		for _, code := range in.Skills {
			names = append(names, s.Rules.Name(ListSkill, code, locale.Zh))
		}
		m := flow.Matter{Kind: Kind, Root: root, Organ: county.ID, Handler: to.ID, Received: tx.Today(), Title: "抽调" + strings.Join(names, "、") + "人员协助" + to.Commission()}
		m.Set(flow.FlagApart)
		if err := s.Engine.Create(ctx, tx, &m, nil, nil); err != nil {
			return ledger.Act{}, err
		}
		c := Callup{ID: m.ID.Key, County: county.ID.Key, To: to.ID.Key, Asker: who.Person, Reason: in.Reason, Skills: in.Skills, From: in.From, Until: in.Until, Hours: in.Hours, ForRoot: root, version: 1}
		if err := tx.Insert(ctx, callupTable, c.row()...); err != nil {
			return ledger.Act{}, err
		}
		if err := flow.SetTeam(ctx, tx, &m, stage, "", []id.Key{who.Person}); err != nil {
			return ledger.Act{}, err
		}
		out = Made{m.ID, m.No}
		return ledger.Act{Action: "callup.ask", Organ: county.ID, Matter: m.ID, Answer: m.ID.String() + " " + m.No,
			Params: map[string]any{"to": to.ID.Key, "skills": strings.Join(in.Skills, ","), "from": string(in.From), "until": string(in.Until), "state": m.State}}, nil
	})
	if rc.Replayed {
		key, no, _ := strings.Cut(rc.Answer, " ")
		out.No = no
		out.ID, err = id.Parse(key)
	}
	return out, err
}

// asks says for which units of which county the actor may ask: one's own for a head, "" for any of the county's.
func asks(who access.Actor) (county, unit id.Key, ok bool) {
	for _, h := range who.Hats {
		if h.Unit.County == "" || !slices.ContainsFunc(h.Roles, func(r access.Role) bool { return r.May(access.CallupAsk) }) {
			continue
		}
		if !h.Gives(access.Head) {
			return h.Unit.County, "", true
		}
		if !ok {
			county, unit, ok = h.Unit.County, h.Unit.ID.Key, true
		}
	}
	return county, unit, ok
}

// Targets lists the units that the actor may ask for.
func Targets(ctx context.Context, r db.Reader, who access.Actor) ([]access.Unit, error) {
	county, unit, ok := asks(who)
	if !ok {
		return nil, nil
	}
	if unit != "" {
		u, err := access.GetUnit(ctx, r, unit)
		return []access.Unit{u}, err
	}
	us, err := access.Below(ctx, r, county, "office", "township")
	slices.SortStableFunc(us, func(a, b access.Unit) int { return cmp.Compare(a.Kind, b.Kind) }) // offices first
	return us, err
}

// checked says what is wrong with a request, and cleans what was typed.
func (s *Service) checked(ctx context.Context, tx *ledger.Tx, who access.Actor, in *Request) (county, to access.Unit, err error) {
	key, _, ok := asks(who)
	if !ok {
		return county, to, fault.New(fault.Forbidden, "move.not_yours")
	}
	var form typed.Form
	say := form.Say
	us, err := Targets(ctx, tx, who)
	if err != nil {
		return county, to, err
	}
	if i := slices.IndexFunc(us, func(u access.Unit) bool { return u.ID.Key == in.To }); i >= 0 {
		to = us[i]
	} else {
		say("to", orRequired(in.To))
	}
	form.Para("reason", &in.Reason, true, longReason)
	slices.Sort(in.Skills)
	in.Skills = slices.Compact(in.Skills)
	for _, code := range in.Skills {
		if _, ok := s.Rules.Term(ListSkill, code); !ok {
			say("skills", "choice.unknown")
			break
		}
	}
	today := tx.Today()
	if form.Ahead("from", in.From, today, true) && in.From > today.AddDays(farAhead) {
		say("from", "appoint.far")
	}
	if form.Day("until", in.Until, true) && in.From.Valid() {
		switch {
		case in.Until < in.From:
			say("until", "delegate.backwards")
		case in.Until > in.From.AddDays(longest):
			say("until", "callup.long")
		}
	}
	form.Count("hours", in.Hours, 0, mostHours)
	if form.Wrong() > 0 {
		return county, to, form.Err()
	}
	county, err = access.GetUnit(ctx, tx, key)
	return county, to, err
}

func orRequired(v string) string {
	if v == "" {
		return "required"
	}
	return "choice.unknown"
}

// family is that of the matter whose number was given; one that the actor does not see is not there.
func family(ctx context.Context, tx *ledger.Tx, who access.Actor, no string) (id.Key, error) {
	no = strings.Join(strings.Fields(no), "")
	if no == "" {
		return "", nil
	}
	keys, err := db.Column[id.Key](ctx, tx, `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.no = $2`, no)
	if err != nil {
		return "", err
	}
	for _, key := range keys {
		m, err := flow.Get(ctx, tx, who, key)
		if err == nil {
			return m.Root, nil
		}
		if fault.KindOf(err) != fault.NotFound {
			return "", err
		}
	}
	return "", fault.InvalidField("for", "callup.no_matter")
}
