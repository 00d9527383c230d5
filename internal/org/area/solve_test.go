package area

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// county is a made-up county: townships on a grid that border on those beside, above and below, loads that differ, some ties.
func county(seed uint64, n, groups int, borders bool) Problem {
	r := rand.New(rand.NewPCG(seed, 7))
	p := Problem{Groups: groups}
	wide := 1
	for wide*wide < n {
		wide++
	}
	for t := range n {
		p.Loads = append(p.Loads, 40+r.Int64N(200))
		if borders && t%wide > 0 {
			p.Borders = append(p.Borders, [2]int{t - 1, t})
		}
		if borders && t >= wide {
			p.Borders = append(p.Borders, [2]int{t - wide, t})
		}
	}
	for range 4 {
		ties := make([]int64, n)
		for t := range ties {
			ties[t] = max(0, r.Int64N(8)-5)
		}
		p.Leaders = append(p.Leaders, ties)
	}
	for o := range 3 {
		other := make([]int64, n)
		for t := range other {
			if t%3 != o {
				other[t] = 1
			}
		}
		p.Offices = append(p.Offices, other)
	}
	return p
}

var ways = []Weights{{6, 3, 2, 1}, {2, 8, 2, 1}, {2, 3, 8, 1}, {1, 1, 1, 1}}

// cheapest is the cheapest plan there is, by trying all.
func cheapest(p Problem, w Weights) int64 {
	n, k := len(p.Loads), p.Groups
	s := newState(p, w)
	var best int64 = -1
	lead := func(i int) []int {
		h := &s.heads[i]
		var found []int
		var least int64 = -1
		at, used := make([]int, k), make([]int, len(h.cost))
		var try func(g int, sum int64)
		try = func(g int, sum int64) {
			if g == k {
				if least < 0 || sum < least {
					found, least = slices.Clone(at), sum
				}
				return
			}
			for x := range h.cost {
				if used[x] == h.most {
					continue
				}
				more := int64(0)
				for t, of := range s.of {
					if of == g {
						more += h.cost[x][t]
					}
				}
				at[g] = x
				used[x]++
				try(g+1, sum+more)
				used[x]--
			}
		}
		try(0, 0)
		return found
	}
	of, size := make([]int, n), make([]int, k)
	var try func(t, used int)
	try = func(t, used int) {
		if t == n {
			for _, x := range size {
				if x < s.least || x > s.most {
					return
				}
			}
			copy(s.of, of)
			s.set(Plan{Of: slices.Clone(of), Leader: lead(0), Office: lead(1)})
			if c := s.cost().Total(w); best < 0 || c < best {
				best = c
			}
			return
		}
		for g := range min(used+1, k) {
			of[t] = g
			size[g]++
			try(t+1, max(used, g+1))
			size[g]--
		}
	}
	try(0, 0)
	return best
}

// On ten townships what is found costs at most a twentieth more than the cheapest there is.
func TestNearTheBest(t *testing.T) {
	t.Parallel()
	seeds := uint64(6)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		for _, groups := range []int{2, 3, 4} {
			w := ways[seed%uint64(len(ways))]
			p := county(seed, 10, groups, seed%2 == 0)
			got, best := p.Costs(Solve(p, w)).Total(w), cheapest(p, w)
			if 100*got > 105*best {
				t.Errorf("county %d, %d areas, %+v: costs %d, the cheapest %d", seed, groups, w, got, best)
			}
		}
	}
}

// Whatever the county: every township is in one area, the areas keep to their sizes, nobody leads more than is needed, the same
// question has the same answer, and no township changes place with another to make it cheaper.
func TestPlans(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 1 + r.IntN(30)
		p := county(seed, n, 1+r.IntN(min(n, 7)), seed%2 == 0)
		switch seed % 5 {
		case 1:
			p.Leaders, p.Offices = nil, nil
		case 2:
			p.Loads = make([]int64, n) // nobody is in the register yet
		case 3:
			if len(p.Borders) > 2 {
				p.Borders = p.Borders[:len(p.Borders)/2] // half of them entered
			}
		}
		w := ways[seed%uint64(len(ways))]
		plan := Solve(p, w)
		if again := Solve(p, w); !reflect.DeepEqual(plan, again) {
			t.Errorf("county %d: not the same again", seed)
		}
		size := make([]int, p.Groups)
		for _, g := range plan.Of {
			size[g]++
		}
		least, most := p.Sizes()
		for g, x := range size {
			if x < least || x > most {
				t.Errorf("county %d: area %d has %d townships, not %d to %d", seed, g, x, least, most)
			}
		}
		for i, of := range [][]int{plan.Leader, plan.Office} {
			heads := [][][]int64{p.Leaders, p.Offices}[i]
			used := map[int]int{}
			for _, x := range of {
				used[x]++
				if x < 0 != (len(heads) == 0) || x >= len(heads) || x >= 0 && used[x] > (p.Groups+len(heads)-1)/len(heads) {
					t.Errorf("county %d: led by %v", seed, of)
				}
			}
		}
		c := p.Costs(plan)
		for _, x := range []int64{c.Level, c.Spread, c.Pieces, c.Ties, c.Moved} {
			if x < 0 {
				t.Errorf("county %d: %+v", seed, c)
			}
		}
		for a := range n {
			for b := range p.Groups {
				if from := plan.Of[a]; from != b && size[from] > least && size[b] < most {
					if p.Costs(plan.Moved(a, b)).Total(w) < c.Total(w)-int64(len(ways))*20 { // but for what is cut off
						t.Errorf("county %d: township %d is better in area %d", seed, a, b)
					}
				}
			}
		}
	}
}

// What a step is said to be worth is what it makes of the cost.
func TestSteps(t *testing.T) {
	t.Parallel()
	p, w := county(3, 24, 4, true), ways[0]
	s := newState(p, w)
	r := rand.New(rand.NewPCG(1, 2))
	s.begin(r)
	for i := range 200 {
		s.move(r.IntN(24), r.IntN(4))
		told := s.cost()
		if got := p.Costs(s.plan()); got != told {
			t.Fatalf("after %d steps %+v is %+v anew", i, told, got)
		}
	}
}

// Without borders the division codes stand for them: areas are runs of codes as far as levelling lets them.
func TestOrderOfCodes(t *testing.T) {
	t.Parallel()
	p := Problem{Loads: slices.Repeat([]int64{100}, 12), Groups: 3}
	got := Solve(p, Weights{Level: 2, Near: 2}).Of
	if want := []int{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if c := p.Costs(Plan{Of: []int{0, 1, 0, 1, 0, 1, 0, 1, 2, 2, 2, 2}}); c.Pieces != 6*whole/2 {
		t.Errorf("every other one: %+v", c)
	}
}

// Sixty townships take no longer than two seconds, all three proposals.
func TestSixty(t *testing.T) {
	began := time.Now()
	for _, w := range ways[:3] {
		Solve(county(9, 60, 8, true), w)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %s", took)
	} else {
		t.Log(fmt.Sprint(took))
	}
}
