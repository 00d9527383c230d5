package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/text"
)

// Whole is of how many clones one has every duty and signature of its family.
const Whole = 8

// The words that searches are measured with, and in what part of the texts they stand. None is in the model's own.
var marked = []struct {
	Word string
	One  int // in one of so many
	Text string
}{{"冷库", 3, "涉及冷库项目。"}, {"渡槽", 100, "涉及渡槽维修。"}, {"界桩", 10000, "涉及界桩埋设。"}}

// cloner writes families of the model into one city.
type cloner struct {
	forms  []form
	at     map[id.Key]*unit // of the model
	model  *place
	into   *place
	keys   *id.Maker
	r      *rand.Rand
	start  calendar.Date
	today  calendar.Date
	number int
	stand  []string // kinds of post whose holders stand in where there is nobody of another
}

// sum is a row of rollups.
type sum struct{ unit, month, measure, dim string }

// clone is a family as it stands in another place: what its slots have become there, and how far it is moved. Its rows
// are made from it one table at a time, for tables are written in the order of their keys.
type clone struct {
	f      *family
	county *county
	gots   []got
	shift  int // days
	no     string
	tail   string // words to be searched for
	whole  bool
}

// got is what a slot has become.
type got struct {
	key   string
	boxed any // the key as a value of rows: most rows have some
	name  string
	named *unit
}

func (g got) long() string {
	if g.named != nil {
		return g.named.Name
	}
	return g.name
}

// days is how far a clone is moved: an ended family anywhere within the years, an open one stands as it stands.
func (c *cloner) days(f *family) int {
	if f.open {
		return 0
	}
	lo, hi := c.start.Sub(f.first), c.today.AddDays(-1).Sub(f.last)
	if lo > 0 || hi < 0 {
		return 0
	}
	return lo + c.r.IntN(hi-lo+1)
}

// clone places a family once more.
func (c *cloner) clone(f *family, into *county) clone {
	shift := c.days(f)
	micros := int64(shift)*86400e6 + int64(c.r.IntN(3600e6)) - 1800e6
	town := c.r.IntN(len(into.townships))
	chance := c.r.Uint64()
	gots := make([]got, len(f.slots))
	var home *county // the family's county in the model
	for _, s := range f.slots {
		if s.what == 'u' && home == nil {
			home = c.countyOf(c.at[s.old])
		}
	}
	units, people, used := map[id.Key]*unit{}, map[id.Key]held{}, map[id.Key]bool{}
	move := func(k id.Key) *unit {
		if units[k] == nil {
			units[k] = c.move(c.at[k], home, into, town, chance)
		}
		return units[k]
	}
	for i, s := range f.slots {
		switch s.what {
		case 'k':
			gots[i].key = c.keys.New(s.micros + micros)
		case 'u':
			u := move(s.old)
			gots[i] = got{key: u.ID.Key, named: u}
		case 'p', 'h':
			h, ok := people[s.person]
			if !ok {
				h = c.staff(move(s.unit), s.kind, chance, used)
				people[s.person] = h
			}
			gots[i].key = h.person
			if s.what == 'h' {
				gots[i].key = h.holding
			}
		case 'o':
			o := c.official(move(s.unit), s, chance)
			gots[i] = got{key: o.old, name: o.kind}
		}
		gots[i].boxed = gots[i].key
	}
	c.number++
	x := clone{f: f, county: into, gots: gots, shift: shift, no: strconv.Itoa(100000 + c.number), whole: c.number%Whole == 0}
	for _, m := range marked {
		if c.r.IntN(m.One) == 0 {
			x.tail += m.Text
		}
	}
	return x
}

// join is a text of the clone's.
func (x *clone) join(city id.City, ps []piece) string {
	var small [256]byte
	b := small[:0]
	for _, p := range ps {
		switch p.as {
		case 't':
			b = append(b, p.text...)
		case 'k':
			b = append(b, x.gots[p.slot].key...)
		case 'n':
			b = append(b, x.gots[p.slot].long()...)
		case 's':
			b = append(b, x.gots[p.slot].named.Short...)
		case 'c':
			b = strconv.AppendInt(b, int64(city), 10)
		case '#':
			b = append(b, x.no...)
		}
	}
	return string(b)
}

// value is a cell's value in the clone.
func (x *clone) value(p *place, c *cell) any {
	switch c.as {
	case 'k':
		return x.gots[c.slot].boxed
	case 'd':
		return days()[c.slot+x.shift]
	case 'i':
		return c.v.(int64) + int64(x.shift)*86400e6
	case 'c':
		return p.boxed
	case 'x':
		return x.join(p.city, c.pieces)
	case '+':
		return x.join(p.city, c.pieces) + x.tail
	}
	return c.v
}

// days are the days that may stand in a row, as values: cells hold the number of theirs. One further off is never moved.
var days = sync.OnceValue(func() []any {
	out := make([]any, manyDays)
	for i := range out {
		out[i] = string(firstDay.AddDays(i))
	}
	return out
})

const (
	firstDay = calendar.Date("1920-01-01")
	manyDays = 150 * 365
	farDays  = 10 * 365
)

// text is what is searched of a matter.
func (x *clone) text(city id.City, t *textOf) text.Ready {
	terms := append([]string{}, t.terms...)
	if t.county >= 0 {
		terms = append(terms, strings.ToLower(access.CountyTerm(x.gots[t.county].key)))
	}
	if t.handler >= 0 {
		terms = append(terms, strings.ToLower(access.HandlerTerm(x.gots[t.handler].key)))
	}
	return text.Ready{Matter: x.gots[t.slot].key, Plain: x.join(city, t.plain) + " " + text.Bare(x.tail), Terms: terms}
}

func (c *cloner) countyOf(u *unit) *county {
	for _, x := range c.model.counties {
		if u != nil && u.County == x.ID.Key {
			return x
		}
	}
	return nil
}

// move is the unit of the clone's city that stands for one of the model: the county for the county, a township for a
// township, always the same one within a clone.
func (c *cloner) move(u *unit, home, into *county, town int, chance uint64) *unit {
	if u.Kind == "city" || u.County == "" && u.Kind != "office" {
		return c.into.top
	}
	from := c.countyOf(u)
	if from == nil {
		return c.into.offices[u.n%len(c.into.offices)]
	}
	at := into
	if from != home { // another county of the model is another one here
		at = c.into.counties[(into.n+1+from.n)%len(c.into.counties)]
	}
	switch u.Kind {
	case "county":
		return at.unit
	case "office":
		return at.offices[u.n%len(at.offices)]
	case "township":
		return at.townships[(town+u.n)%len(at.townships)].unit
	}
	for _, t := range from.townships {
		if t.ID.Key == u.Township {
			vs := at.townships[(town+t.n)%len(at.townships)].villages
			return vs[(u.n+int(chance%97))%len(vs)]
		}
	}
	return at.unit
}

// staff is somebody of a post's kind at the unit, or of any other there, or at the county; nobody twice in one clone.
func (c *cloner) staff(u *unit, kind string, chance uint64, used map[id.Key]bool) held {
	for _, at := range []*unit{u, c.into.all[u.County], c.into.top} {
		if at == nil {
			continue
		}
		for _, kind := range append([]string{kind}, c.stand...) {
			list := at.staff[kind]
			for i := range list {
				if h := list[(uint64(i)+chance)%uint64(len(list))]; !used[h.person] {
					used[h.person] = true
					return h
				}
			}
		}
	}
	panic(fmt.Sprintf("bench: too few people work at %s", u.Name)) // the maker fills every unit
}

func (c *cloner) official(u *unit, s slot, chance uint64) slot {
	post := ""
	for _, o := range c.at[s.unit].offs {
		if o.old == s.old {
			post = o.unit
		}
	}
	n := chance % 89
	var last slot
	for _, o := range u.offs {
		if o.unit == post {
			if last = o; n == 0 {
				return o
			}
			n--
		}
	}
	if last.old == "" && len(u.offs) > 0 {
		return u.offs[chance%uint64(len(u.offs))]
	}
	return last
}
