package portal

import (
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode"

	"qianshao/internal/calendar"
	"qianshao/internal/commission"
	"qianshao/internal/id"
	"qianshao/internal/platform/envelope"
)

// places finds units by what people type. It is made once for each directory.
type places struct {
	d      *envelope.Directory
	book   *calendar.Book   // with its notices
	at     map[id.ID]int    // unit → its place in the directory
	kids   map[int][]int    // unit → those directly in it; -1 → those in none
	named  map[string][]int // folded name → units
	folded []string
	text   string   // all folded names, each between two breaks
	starts []int    // where in text each begins
	speaks sync.Map // organ → [2]commission.Place: words said of elsewhere, and said here
}

const (
	longestName = 40 // characters of a unit's name that is looked for inside what was typed
	fewest      = 3  // characters of a part of a name that is taken for it unasked
	maxOffered  = 20
	deepest     = 8
)

// finder keeps the places of the directory that holds now.
type finder struct {
	base *calendar.Book
	mu   sync.Mutex
	now  *places
}

func (f *finder) places(d *envelope.Directory) *places {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil || f.now.d != d {
		f.now = newPlaces(d)
		f.now.book = d.Book(f.base)
	}
	return f.now
}

func newPlaces(d *envelope.Directory) *places {
	p := &places{d: d, at: map[id.ID]int{}, kids: map[int][]int{}, named: map[string][]int{}}
	var text strings.Builder
	for i, u := range d.Units {
		name := fold(u.Name)
		p.at[u.ID], p.named[name] = i, append(p.named[name], i)
		p.starts = append(p.starts, text.Len())
		p.folded = append(p.folded, name)
		text.WriteString(name + "\n")
	}
	p.text = text.String()
	for i, u := range d.Units {
		in, ok := p.at[u.In]
		if !ok {
			in = -1
		}
		p.kids[in] = append(p.kids[in], i)
	}
	return p
}

// fold leaves of a name what tells it from another: letters and digits, full-width ones as the others.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r = r - '！' + '!'
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// match is what was found of a unit: those that may be meant, whether what was typed is something that lies in it and not
// the unit itself, and whether it is so little of its name that somebody has to say so.
type match struct {
	units          []int
	inside, unsure bool
}

// find reads a unit in somebody's words: its name, with those above it in front or without; a part of its name; or the
// name of something in it.
func (p *places) find(typed string) match {
	r := []rune(fold(typed))
	if len(r) == 0 {
		return match{}
	}
	for i := range r { // the longest first
		var m match
		for _, u := range p.named[string(r[i:])] {
			if p.under(u, string(r[:i])) {
				m.units = append(m.units, u)
			}
		}
		if len(m.units) > 0 {
			return m
		}
	}
	if m := p.holding(string(r)); len(r) > 1 && len(m.units) > 0 {
		m.unsure = len(r) < fewest
		return m
	}
	for end := len(r) - 1; end > 1; end-- { // names one after the other from the first character on, as far as they reach
		m := match{inside: true}
		for i := max(0, end-longestName); i < end-1; i++ {
			for _, u := range p.named[string(r[i:end])] {
				if p.under(u, string(r[:i])) {
					m.units = append(m.units, u)
				}
			}
		}
		if len(m.units) > 0 {
			return m
		}
	}
	for n := min(len(r)-1, longestName); n > 1; n-- {
		m := match{inside: true}
		for i := 0; i+n <= len(r); i++ {
			for _, u := range p.named[string(r[i:i+n])] {
				if !slices.Contains(m.units, u) {
					m.units = append(m.units, u)
				}
			}
		}
		if len(m.units) > 0 {
			return p.closest(m, string(r))
		}
	}
	return match{}
}

// under says whether what stands before a unit's name is nothing but names of what it lies in.
func (p *places) under(u int, before string) bool {
	for up := range p.above(u) {
		before = strings.TrimSuffix(before, p.folded[up])
	}
	return before == ""
}

// above are the units that one lies in, the nearest first; a directory in which units lie in each other ends too.
func (p *places) above(u int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for range deepest {
			up, ok := p.at[p.d.Units[u].In]
			if !ok || !yield(up) {
				return
			}
			u = up
		}
	}
}

// holding are the units with the text in their name.
func (p *places) holding(text string) (m match) {
	for from := 0; ; {
		i := strings.Index(p.text[from:], text)
		if i < 0 || len(m.units) > maxOffered {
			return m
		}
		u := sort.SearchInts(p.starts, from+i+1) - 1
		m.units = append(m.units, u)
		from = p.starts[u] + len(p.folded[u])
	}
}

// closest leaves those of which something they lie in is named too, if there are any.
func (p *places) closest(m match, typed string) match {
	var near []int
	for _, u := range m.units {
		for up := range p.above(u) {
			if strings.Contains(typed, p.folded[up]) {
				near = append(near, u)
				break
			}
		}
	}
	if len(near) > 0 {
		m.units = near
	}
	return m
}

// where is what a unit lies in, the nearest last.
func (p *places) where(u int) string {
	var out string
	for up := range p.above(u) {
		out = p.d.Units[up].Name + out
	}
	return out
}

// own is the organ of whose own people a report is, as its words say: one of a register's organ and those above it, zero
// for nobody's. unit is the one that was found, -1 for none, and said its name, or what was typed of something in it.
func (p *places) own(register id.ID, unit int, said, post string) id.ID {
	body, here := fold(said), true
	if unit >= 0 {
		u := p.d.Units[unit]
		here = u.ID == register || u.In == register && body == p.folded[unit]
		body = p.beyond(unit, body)
	}
	var chain []commission.Place
	var organs []id.ID
	for o, ok := p.d.Organ(register); ok && len(organs) < deepest; o, ok = p.d.Organ(o.Above) {
		chain, organs = append(chain, p.place(o, here && len(organs) == 0)), append(organs, o.ID)
	}
	if i := commission.Of(chain, body, post); i >= 0 {
		return organs[i]
	}
	return id.ID{}
}

// beyond is what was said without the names of what the unit lies in, and without its own where that is an organ's place or more was said.
func (p *places) beyond(unit int, said string) string {
	rest := said
	var up []int
	for u := range p.above(unit) {
		up = append(up, u)
	}
	for _, u := range slices.Backward(up) {
		rest = strings.TrimPrefix(rest, p.folded[u])
	}
	if _, organ := p.d.Organ(p.d.Units[unit].ID); organ || rest != p.folded[unit] {
		rest = strings.TrimPrefix(rest, p.folded[unit])
	}
	return rest
}

// place reads words for an organ; it is made once for each.
func (p *places) place(o envelope.Organ, here bool) commission.Place {
	at, ok := p.speaks.Load(o.ID)
	if !ok {
		at, _ = p.speaks.LoadOrStore(o.ID, [2]commission.Place{commission.At(o.Place, o.Short, false), commission.At(o.Place, o.Short, true)})
	}
	if here {
		return at.([2]commission.Place)[1]
	}
	return at.([2]commission.Place)[0]
}
