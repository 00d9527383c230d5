package roll

import (
	"context"
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

// Sees says whether an actor reads the register of a unit: a village's its own, a county's and a township's people the county's, a
// city's and a province's those of their tenants.
func Sees(who access.Actor, u access.Unit) bool {
	at := who.Unit()
	switch {
	case who.Automatic(), at.Level < access.City:
		return true
	case at.ID.City != u.ID.City:
		return false
	case at.Level == access.City:
		return true
	case at.Kind == "village":
		return at.ID == u.ID
	}
	return u.County != "" && u.County == at.County
}

// Files says whether an actor files changes of a unit's register: whoever works there, in the township it lies in, or sees to
// personnel in its county.
func Files(who access.Actor, u access.Unit) bool {
	if !who.Can(access.RegisterFile) {
		return false
	}
	at := who.Unit()
	if at.ID.City != u.ID.City {
		return false
	}
	switch at.Kind {
	case "village", "township":
		return at.ID == u.ID || u.Township != "" && u.Township == at.ID.Key
	}
	return org.Oversees(who, u) == access.Personnel
}

// Query narrows a page of a unit's register.
type Query struct {
	Unit     access.Unit
	Category string // of the six, "" for all
	Part     string // of the name, the post or the pinyin
	After    id.Key // the last of the page before
	Limit    int
	Under    bool          // of a township, with its villages
	On       calendar.Date // as it was on an earlier day; "" for today
}

// Entry is one official with the unit they belong to.
type Entry struct {
	org.Official
	UnitName string
	Waits    string // what is filed of them and waits, "" for nothing
}

// Register lists who is in a unit's register by name. A register has some hundred people; one with its villages somewhat more.
func (s *Service) Register(ctx context.Context, who access.Actor, q Query) ([]Entry, error) {
	if !Sees(who, q.Unit) {
		return nil, fault.Hidden()
	}
	r := s.Ledger.DB.In(q.Unit.ID.City)
	if q.On != "" {
		return s.then(ctx, r, q)
	}
	b := db.Build(`SELECT ` + entryCols + `, u.name, COALESCE(f.what, '')
		FROM officials o JOIN units u ON u.city_id = o.city_id AND u.id = o.unit_id LEFT JOIN filings f ON f.city_id = o.city_id AND f.official_id = o.id AND f.closed_on = '' AND f.official_id <> ''`)
	b.Add(` WHERE o.city_id = $1 AND o.to_on = ''`)
	if q.Under && q.Unit.Kind == "township" {
		b.Add(` AND o.township_id = ?`, q.Unit.ID.Key)
	} else {
		b.Add(` AND o.unit_id = ?`, q.Unit.ID.Key)
	}
	return q.entries(ctx, r, b)
}

const entryCols = `o.id, o.unit_id, o.county_id, o.township_id, o.name, o.post, o.rank, o.category, o.party_member, o.chief, o.person_id, o.from_on, o.to_on, o.outside_no, o.version`

// then lists who was in a register on an earlier day, of a township with the villages that it had then; nothing that waits today is
// beside them.
func (s *Service) then(ctx context.Context, r db.Reader, q Query) ([]Entry, error) {
	b := db.Build(`SELECT ` + entryCols + `, COALESCE(a.name, ''), '' FROM (`)
	org.OfficialsThen(b, strings.Replace(entryCols, "o.unit_id", "u.id AS unit_id", 1)+`, o.pinyin`, q.On, func(b *db.Builder) *db.Builder {
		if q.Under && q.Unit.Kind == "township" {
			return org.UnderThen(b, measure.Query{Unit: q.Unit, To: q.On})
		}
		return b.Add(` AND u.id = ?`, q.Unit.ID.Key)
	})
	b.Add(`) o LEFT JOIN unit_attrs a ON a.city_id = $1 AND a.unit_id = o.unit_id AND a.from_on = (SELECT MAX(n.from_on) FROM unit_attrs n WHERE n.city_id = a.city_id AND n.unit_id = o.unit_id AND n.from_on <= ?)
		WHERE o.id <> ''`, q.On)
	return q.entries(ctx, r, b)
}

// entries narrows what was begun to the query, and reads its page.
func (q Query) entries(ctx context.Context, r db.Reader, b *db.Builder) ([]Entry, error) {
	b.If(q.Category != "", ` AND o.category = ?`, q.Category)
	if part := plain(q.Part); part != "" {
		like := "%" + part + "%"
		b.Add(` AND (lower(o.name) LIKE ? OR lower(o.post) LIKE ? OR lower(replace(o.pinyin, ' ', '')) LIKE ?)`, like, like, part+"%")
	}
	b.If(q.After != "", ` AND (o.pinyin, o.id) > ((SELECT l.pinyin FROM officials l WHERE l.city_id = $1 AND l.id = ?), ?)`, q.After, q.After)
	text, args := b.Add(` ORDER BY o.pinyin, o.id LIMIT ?`, q.Limit).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (Entry, error) {
		e := Entry{Official: org.Official{ID: id.ID{City: r.City()}}}
		o := &e.Official
		return e, rows.Scan(&o.ID.Key, &o.Unit, &o.County, &o.Township, &o.Name, &o.Post, &o.Rank, &o.Category, &o.PartyMember, &o.Chief, &o.Person, &o.From, &o.To, &o.OutsideNo, &o.Version, &e.UnitName, &e.Waits)
	}, text, args...)
}

func plain(s string) string {
	return strings.NewReplacer("%", "", "_", "", `\`, "").Replace(text.Name(s))
}

// Recent are the filings of a unit that lie open, and the last that were answered.
func (s *Service) Recent(ctx context.Context, who access.Actor, u access.Unit, limit int) ([]Filing, error) {
	if !Files(who, u) {
		return nil, nil
	}
	return db.All(ctx, s.Ledger.DB.In(u.ID.City), scanFiling, filingSQL+` AND f.unit_id = $2 ORDER BY f.id DESC LIMIT $3`, u.ID.Key, limit)
}

// Change is what a unit files. Name is of somebody to be added; Official is whom else it is about. Post, Rank, Category and Party
// are how it is from the day On.
type Change struct {
	What     string
	Unit     id.Key
	Official id.Key
	Name     string
	Post     string
	Rank     string
	Category string
	Party    bool
	On       calendar.Date
}

// The longest a name and a post may be, in characters.
const (
	maxName = 30
	maxPost = 60
)

// File enters a change for the county to confirm.
func (s *Service) File(ctx context.Context, who access.Actor, in Change) (id.ID, error) {
	var made id.ID
	_, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		u, err := access.GetUnit(ctx, tx, in.Unit)
		if err != nil {
			return ledger.Act{}, err
		}
		switch {
		case !Sees(who, u):
			return ledger.Act{}, fault.Hidden()
		case !Files(who, u) || u.County == "":
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		case u.Closed != "":
			return ledger.Act{}, fault.New(fault.Conflict, "reorganise.closed")
		}
		if err := org.Alone(ctx, tx, u.County); err != nil { // the same addition is not filed twice at once
			return ledger.Act{}, err
		}
		f, err := s.checked(ctx, tx, in, u)
		if err != nil {
			return ledger.Act{}, err
		}
		f.By, f.ByName = who.Person, who.Name
		organ := u.OrganID()
		m := flow.Matter{Kind: Kind, Organ: organ, Township: u.Township, Handler: who.Unit().ID, Received: tx.Today(), Title: u.Name + map[string]string{Add: "新增监察对象", Post: "监察对象职务变动", Leave: "监察对象退出"}[f.What] + "：" + f.Name}
		others, err := access.Staffed(ctx, tx, organ.Key, access.Personnel, who.Person)
		if err != nil {
			return ledger.Act{}, err
		}
		if !others && who.Is(access.Personnel, organ) {
			m.Set(flagOwn)
		}
		if err := s.Engine.Create(ctx, tx, &m, nil, nil); err != nil {
			return ledger.Act{}, err
		}
		f.ID, made = m.ID.Key, m.ID
		if err := tx.Insert(ctx, filingTable, f.row()...); db.Unique(err) {
			return ledger.Act{}, fault.New(fault.Conflict, "filing.waiting")
		} else if err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "filing.file", Organ: organ, Matter: m.ID, Answer: m.ID.String(), Params: map[string]any{"what": f.What, "unit": u.ID.Key, "official": f.Official, "on": string(f.On)}}, nil
	})
	return made, err
}

// checked says beside each field what is wrong with a change.
func (s *Service) checked(ctx context.Context, tx *ledger.Tx, in Change, u access.Unit) (Filing, error) {
	f := Filing{What: in.What, Unit: u.ID.Key, Name: in.Name, Post: in.Post, Rank: in.Rank, Category: in.Category, Party: in.Party, On: in.On}
	var form typed.Form
	say := form.Say
	was := org.Official{}
	switch in.What {
	case Add:
		form.Line("name", &f.Name, true, maxName)
	case Post, Leave:
		var err error
		if was, err = org.GetOfficial(ctx, tx, in.Official); fault.KindOf(err) == fault.NotFound || err == nil && (was.Unit != u.ID.Key || was.To != "") {
			return f, fault.InvalidField("official", "choice.unknown")
		} else if err != nil {
			return f, err
		}
		f.Official, f.Name = was.ID.Key, was.Name
	default:
		return f, fault.InvalidField("what", "choice.unknown")
	}
	if in.What == Leave {
		f.Post, f.Rank, f.Category, f.Party = was.Post, was.Rank, was.Category, was.PartyMember
	} else {
		form.Line("post", &f.Post, true, maxPost)
		if _, ok := s.Rules.Rank(f.Rank); !ok || f.Rank == "none" { // nobody without office is ever in the register
			say("rank", "choice.unknown")
		}
		if t, ok := s.Rules.Term("official_category", f.Category); !ok || !t.Holds(tx.Today()) {
			say("category", "choice.unknown")
		}
	}
	if form.Past("on", f.On, tx.Today(), true) && was.From != "" && string(f.On) < was.From {
		say("on", "day.before", was.From)
	}
	if err := form.Err(); err != nil {
		return f, err
	}
	switch {
	case in.What == Add:
		if err := once(ctx, tx, f); err != nil {
			return f, err
		}
	case in.What == Post && f.Post == was.Post && f.Rank == was.Rank && f.Category == was.Category && f.Party == was.PartyMember:
		return f, fault.InvalidField("post", "filing.same")
	}
	return f, nil
}

// once refuses somebody who is in the register already, or is filed and waits, under the same name and post.
func once(ctx context.Context, tx *ledger.Tx, f Filing) error {
	listed, err := org.Officials(ctx, tx, f.Unit, f.Name, mostNamesakes)
	if err != nil {
		return err
	}
	for _, o := range listed {
		if text.Name(o.Name) == text.Name(f.Name) && text.Name(o.Post) == text.Name(f.Post) {
			return fault.InvalidField("name", "filing.listed")
		}
	}
	open, err := db.All(ctx, tx, scanFiling, filingSQL+` AND f.unit_id = $2 AND f.what = 'add' AND f.closed_on = ''`, f.Unit)
	for _, o := range open {
		if o.ID != f.ID && text.Name(o.Name) == text.Name(f.Name) && text.Name(o.Post) == text.Name(f.Post) {
			return fault.InvalidField("name", "filing.waiting")
		}
	}
	return err
}

// mostNamesakes bounds how many of one name in one unit are looked at.
const mostNamesakes = 50
