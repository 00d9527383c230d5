package portal

import (
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/envelope"
)

// places finds units by what people type. It is made once for each directory.
type places struct {
	d      *envelope.Directory
	book   *calendar.Book   // with its notices
	at     map[id.ID]int    // unit → its place in the directory
	named  map[string][]int // folded name → units
	folded []string
	text   string // all folded names, each between two breaks
	starts []int  // where in text each begins
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
	p := &places{d: d, at: map[id.ID]int{}, named: map[string][]int{}}
	var text strings.Builder
	for i, u := range d.Units {
		name := fold(u.Name)
		p.at[u.ID], p.named[name] = i, append(p.named[name], i)
		p.starts = append(p.starts, text.Len())
		p.folded = append(p.folded, name)
		text.WriteString(name + "\n")
	}
	p.text = text.String()
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
