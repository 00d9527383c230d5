package area

import (
	"math/rand/v2"
	"slices"
)

// Problem is a county to be grouped, all by number: townships in the order of their division codes.
type Problem struct {
	Loads   []int64   // of each township, never negative
	Borders [][2]int  // townships next to each other; none: each to those before and after it
	Leaders [][]int64 // of each who may lead, what ties them to each township; none: nobody leads
	Offices [][]int64 // of each office, 1 for a township that another one looks after now; none: none leads
	Groups  int       // how many areas, at least 1 and at most as many as there are townships
}

// Weights are how much the parts of a cost count.
type Weights struct{ Level, Near, Ties, Moved int64 }

// Plan is who is where. Leader and Office are of each area, -1 for none.
type Plan struct {
	Of     []int // the area of each township
	Leader []int
	Office []int
}

// Cost is what a plan costs, part by part, in millionths.
type Cost struct{ Level, Spread, Pieces, Ties, Moved int64 }

// whole is what a part is counted in.
const whole = 1_000_000

// Total is the one number that plans are compared by.
func (c Cost) Total(w Weights) int64 {
	return w.Level*c.Level + w.Near*(c.Spread+c.Pieces) + w.Ties*c.Ties + w.Moved*c.Moved
}

// Sizes is between which bounds the number of townships of an area stays: half as many as on average, and half as many more.
func (p Problem) Sizes() (least, most int) {
	n := len(p.Loads)
	return max(1, n/(2*p.Groups)), (3*n + 2*p.Groups - 1) / (2 * p.Groups)
}

// heads is who leads which area: leaders, or offices. None leads more areas than are needed for each to be led.
type heads struct {
	cost [][]int64 // of each head, over each township
	of   []int     // the head of each area
	used []int     // how many areas each head has
	most int
	all  int64 // what the costs are a part of
}

// state is a plan that is being made better, with what its cost is told from.
type state struct {
	p      Problem
	w      Weights
	near   [][]int   // who borders on whom
	dist   [][]int64 // how far apart two townships are
	all    int64     // all distances added up, each pair once
	load   int64
	of     []int
	size   []int
	loads  []int64
	to     [][]int64 // how far a township is from all of an area
	pairs  int64     // distances within areas, added up
	pieces []int     // into how many an area falls
	heads  [2]heads
	least  int
	most   int
	seen   []int // of the last look for pieces
	turn   int
	stack  []int
}

// How hard a plan is looked for: from how many beginnings, more for a small county, and how often what was found is shaken up.
const (
	starts = 6
	more   = 400
	kicks  = 14
)

// Solve finds a plan that is cheap under the weights. It takes some milliseconds for a usual county.
func Solve(p Problem, w Weights) Plan {
	r := rand.New(rand.NewPCG(uint64(len(p.Loads)), uint64(p.Groups)))
	s := newState(p, w)
	var best Plan
	var least int64 = -1
	keep := func() int64 {
		t := s.cost().Total(w)
		if least < 0 || t < least {
			best, least = s.plan(), t
		}
		return t
	}
	for range starts + more/max(len(p.Loads), 1) {
		s.begin(r)
		s.descend()
		cost := keep()
		was := s.plan()
		for range kicks {
			s.shake(r)
			s.descend()
			if t := keep(); t <= cost {
				was, cost = s.plan(), t
			} else {
				s.set(was)
			}
		}
	}
	return best.named()
}

// named numbers the areas by the first township of each, so that the same grouping is always called the same.
func (p Plan) named() Plan {
	to := make([]int, len(p.Leader))
	for i := range to {
		to[i] = -1
	}
	out := Plan{Of: make([]int, len(p.Of)), Leader: make([]int, len(p.Leader)), Office: make([]int, len(p.Office))}
	n := 0
	for t, g := range p.Of {
		if to[g] < 0 {
			to[g] = n
			out.Leader[n], out.Office[n] = p.Leader[g], p.Office[g]
			n++
		}
		out.Of[t] = to[g]
	}
	return out
}

// Costs is what a plan costs; it may be one that somebody made by hand, with areas too large, too small or in pieces.
func (p Problem) Costs(plan Plan) Cost {
	s := newState(p, Weights{})
	s.set(plan)
	return s.cost()
}

func newState(p Problem, w Weights) *state {
	n, k := len(p.Loads), p.Groups
	s := &state{p: p, w: w, near: make([][]int, n), dist: make([][]int64, n), of: make([]int, n), size: make([]int, k), loads: make([]int64, k), to: make([][]int64, n), pieces: make([]int, k), seen: make([]int, n)}
	s.least, s.most = p.Sizes()
	borders := p.Borders
	if len(borders) == 0 {
		for t := 1; t < n; t++ {
			borders = append(borders, [2]int{t - 1, t})
		}
	}
	for _, b := range borders {
		s.near[b[0]], s.near[b[1]] = append(s.near[b[0]], b[1]), append(s.near[b[1]], b[0])
	}
	for t := range n {
		s.load += p.Loads[t]
		s.to[t] = make([]int64, k)
		s.dist[t] = s.away(t)
		for u := range t {
			s.all += s.dist[t][u]
		}
	}
	for i, cost := range [][][]int64{p.Leaders, p.Offices} {
		h := heads{cost: cost, of: make([]int, k), used: make([]int, len(cost))}
		if len(cost) > 0 {
			h.most = (k + len(cost) - 1) / len(cost)
		}
		for t := range n {
			var most int64
			for _, c := range cost {
				most = max(most, c[t])
			}
			h.all += most
		}
		s.heads[i] = h
	}
	return s
}

// away is how many borders lie between a township and every other.
func (s *state) away(from int) []int64 {
	n := len(s.near)
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(n)
	}
	out[from] = 0
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		for _, u := range s.near[queue[0]] {
			if out[u] == int64(n) {
				out[u] = out[queue[0]] + 1
				queue = append(queue, u)
			}
		}
	}
	return out
}

func (s *state) plan() Plan {
	return Plan{Of: slices.Clone(s.of), Leader: slices.Clone(s.heads[0].of), Office: slices.Clone(s.heads[1].of)}
}

// set takes a plan up.
func (s *state) set(p Plan) {
	copy(s.of, p.Of)
	for i, of := range [][]int{p.Leader, p.Office} {
		h := &s.heads[i]
		clear(h.used)
		for g := range h.of {
			h.of[g] = -1
			if g < len(of) && of[g] >= 0 {
				h.of[g] = of[g]
				h.used[of[g]]++
			}
		}
	}
	s.tell()
}

// tell works out anew what the cost is told from.
func (s *state) tell() {
	clear(s.size)
	clear(s.loads)
	s.pairs = 0
	for t := range s.of {
		clear(s.to[t])
	}
	for t, g := range s.of {
		s.size[g]++
		s.loads[g] += s.p.Loads[t]
		for u := range s.of {
			s.to[u][g] += s.dist[u][t]
		}
	}
	for t, g := range s.of {
		s.pairs += s.to[t][g]
	}
	s.pairs /= 2
	for g := range s.size {
		s.pieces[g] = s.count(g, -1, -1)
	}
}

// count is into how many pieces an area falls, without one township and with another; -1 is none.
func (s *state) count(g, without, with int) int {
	s.turn++
	in := func(t int) bool { return t != without && (s.of[t] == g || t == with) && s.seen[t] != s.turn }
	n := 0
	for t := range s.of {
		if !in(t) {
			continue
		}
		n++
		s.seen[t] = s.turn
		for s.stack = append(s.stack[:0], t); len(s.stack) > 0; {
			u := s.stack[len(s.stack)-1]
			s.stack = s.stack[:len(s.stack)-1]
			for _, v := range s.near[u] {
				if in(v) {
					s.seen[v] = s.turn
					s.stack = append(s.stack, v)
				}
			}
		}
	}
	return n
}

func abs(n int64) int64 { return max(n, -n) }

// off is how far an area's load is from the mean, times the number of areas.
func (s *state) off(load int64) int64 { return abs(int64(s.p.Groups)*load - s.load) }

// over is what a head has against a township of its area.
func (h *heads) over(head, t int) int64 {
	if head < 0 {
		return 0
	}
	return h.cost[head][t]
}

// parted turns an amount into millionths of the whole that it is a part of.
func parted(n, of int64) int64 {
	if of == 0 {
		return 0
	}
	return n * whole / of
}

func (s *state) cost() Cost {
	var c Cost
	var level, extra int64
	for g := range s.size {
		level += s.off(s.loads[g])
		extra += int64(max(s.pieces[g]-1, 0))
	}
	c.Level = parted(level, int64(s.p.Groups)*s.load)
	c.Spread = parted(s.pairs, s.all)
	c.Pieces = extra * whole / 2
	for i, part := range []*int64{&c.Ties, &c.Moved} {
		var sum int64
		h := &s.heads[i]
		for t, g := range s.of {
			sum += h.over(h.of[g], t)
		}
		*part = parted(sum, h.all)
	}
	return c
}
