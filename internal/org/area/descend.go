package area

import (
	"math/rand/v2"
	"slices"
)

// change is what a step would do to the amounts that the cost is told from.
type change struct {
	level, pairs int64
	pieces       int
	over         [2]int64
}

// worth is what a change costs; below 0 it makes the plan cheaper. Amounts are turned into millionths as in a cost, and what
// is cut off by that is the same for all.
func (s *state) worth(c change) int64 {
	return s.w.Level*parted(c.level, int64(s.p.Groups)*s.load) + s.w.Near*(parted(c.pairs, s.all)+int64(c.pieces)*whole/2) +
		s.w.Ties*parted(c.over[0], s.heads[0].all) + s.w.Moved*parted(c.over[1], s.heads[1].all)
}

// begin puts every township into an area: first one each, drawn among those that lie far apart, then always the nearest one to
// the area that has the least load.
func (s *state) begin(r *rand.Rand) {
	n, k := len(s.of), s.p.Groups
	for t := range s.of {
		s.of[t] = -1
	}
	load, size := make([]int64, k), make([]int, k)
	far := make([]int64, n)
	put := func(t, g int) {
		s.of[t] = g
		size[g]++
		load[g] += s.p.Loads[t]
	}
	first := r.IntN(n)
	for g := range k {
		t := first
		if g > 0 {
			t = -1
			for u := range n {
				if s.of[u] < 0 && (t < 0 || far[u] > far[t] || far[u] == far[t] && r.IntN(2) == 0) {
					t = u
				}
			}
		}
		put(t, g)
		for u := range n {
			if d := s.dist[t][u]; g == 0 || d < far[u] {
				far[u] = d
			}
		}
	}
	for left := n - k; left > 0; left-- {
		g := -1
		for x := range k {
			if size[x] < s.most && (g < 0 || load[x] < load[g]) {
				g = x
			}
		}
		at, near := -1, int64(0)
		for t := range n {
			if s.of[t] >= 0 {
				continue
			}
			var d int64
			for u := range n {
				if s.of[u] == g {
					d += s.dist[t][u]
				}
			}
			if at < 0 || d < near {
				at, near = t, d
			}
		}
		put(at, g)
	}
	for i := range s.heads {
		h := &s.heads[i]
		clear(h.used)
		drawn := r.Perm(len(h.cost))
		for g := range k {
			h.of[g] = -1
			if len(drawn) > 0 {
				h.of[g] = drawn[g%len(drawn)]
				h.used[h.of[g]]++
			}
		}
	}
	s.tell()
	s.fill()
}

// fill brings areas that are too small up to size: the nearest townships of the largest.
func (s *state) fill() {
	for g := range s.size {
		for s.size[g] < s.least {
			at := -1
			for t, from := range s.of {
				if from != g && s.size[from] > s.least && (at < 0 || s.to[t][g] < s.to[at][g]) {
					at = t
				}
			}
			s.move(at, g)
		}
	}
}

// shake moves some townships to areas of their neighbours, whatever it costs.
func (s *state) shake(r *rand.Rand) {
	n := len(s.of)
	for range 2 + n/12 {
		t := r.IntN(n)
		g := r.IntN(s.p.Groups)
		if len(s.near[t]) > 0 && r.IntN(3) > 0 {
			g = s.of[s.near[t][r.IntN(len(s.near[t]))]]
		}
		if from := s.of[t]; g != from && s.size[from] > s.least && s.size[g] < s.most {
			s.move(t, g)
		}
	}
	for i := range s.heads {
		if h := &s.heads[i]; len(h.cost) > 1 {
			a, b := r.IntN(s.p.Groups), r.IntN(s.p.Groups)
			h.of[a], h.of[b] = h.of[b], h.of[a]
			if x := r.IntN(len(h.cost)); h.used[x] < h.most {
				h.used[h.of[a]]--
				h.used[x]++
				h.of[a] = x
			}
		}
	}
}

// descend makes the plan cheaper step by step, the best step first, until no step does.
func (s *state) descend() {
	for s.townships() || s.leads() {
	}
}

// bit is one way to go on.
type bit struct {
	worth int64
	t, u  int // u -1: t goes to g; else the two change places
	g     int
}

// townships takes the best step of townships; false when none makes the plan cheaper.
func (s *state) townships() bool {
	best := bit{}
	for t, a := range s.of {
		for b := range s.size {
			if b == a || s.size[a] <= s.least || s.size[b] >= s.most {
				continue
			}
			c := change{level: s.off(s.loads[a]-s.p.Loads[t]) + s.off(s.loads[b]+s.p.Loads[t]) - s.off(s.loads[a]) - s.off(s.loads[b]), pairs: s.to[t][b] - s.to[t][a]}
			for i := range s.heads {
				h := &s.heads[i]
				c.over[i] = h.over(h.of[b], t) - h.over(h.of[a], t)
			}
			if !s.promising(c, best.worth, a, b) {
				continue
			}
			c.pieces = s.count(a, t, -1) + s.count(b, -1, t) - s.pieces[a] - s.pieces[b]
			if w := s.worth(c); w < best.worth {
				best = bit{w, t, -1, b}
			}
		}
		for u := t + 1; u < len(s.of); u++ {
			b := s.of[u]
			if b == a {
				continue
			}
			more := s.p.Loads[u] - s.p.Loads[t]
			c := change{level: s.off(s.loads[a]+more) + s.off(s.loads[b]-more) - s.off(s.loads[a]) - s.off(s.loads[b]),
				pairs: s.to[t][b] - s.to[t][a] + s.to[u][a] - s.to[u][b] - 2*s.dist[t][u]}
			for i := range s.heads {
				h := &s.heads[i]
				c.over[i] = h.over(h.of[b], t) - h.over(h.of[a], t) + h.over(h.of[a], u) - h.over(h.of[b], u)
			}
			if !s.promising(c, best.worth, a, b) {
				continue
			}
			c.pieces = s.count(a, t, u) + s.count(b, u, t) - s.pieces[a] - s.pieces[b]
			if w := s.worth(c); w < best.worth {
				best = bit{w, t, u, b}
			}
		}
	}
	if best.worth == 0 {
		return false
	}
	if best.u >= 0 {
		s.move(best.u, s.of[best.t])
	}
	s.move(best.t, best.g)
	return true
}

// promising says whether a step could be better than the best one, before its pieces are counted: it can't make fewer than one
// of each area.
func (s *state) promising(c change, best int64, a, b int) bool {
	c.pieces = 2 - s.pieces[a] - s.pieces[b]
	return s.worth(c) < best
}

// move puts a township into another area.
func (s *state) move(t, g int) {
	from := s.of[t]
	s.pairs += s.to[t][g] - s.to[t][from]
	s.of[t] = g
	s.size[from]--
	s.size[g]++
	s.loads[from] -= s.p.Loads[t]
	s.loads[g] += s.p.Loads[t]
	for u := range s.of {
		s.to[u][from] -= s.dist[u][t]
		s.to[u][g] += s.dist[u][t]
	}
	s.pieces[from], s.pieces[g] = s.count(from, -1, -1), s.count(g, -1, -1)
}

// leads takes the best step of who leads what: another head for an area, or two areas that change heads.
func (s *state) leads() bool {
	better := false
	for i := range s.heads {
		h := &s.heads[i]
		sum := make([][]int64, len(h.cost)) // what a head has against an area
		for x := range h.cost {
			sum[x] = make([]int64, s.p.Groups)
			for t, g := range s.of {
				sum[x][g] += h.cost[x][t]
			}
		}
		for step := true; step; {
			step = false
			for g := range h.of {
				for x := range h.cost {
					if x != h.of[g] && h.used[x] < h.most && sum[x][g] < sum[h.of[g]][g] {
						h.used[h.of[g]]--
						h.used[x]++
						h.of[g], step = x, true
					}
				}
				for o := range g {
					if a, b := h.of[g], h.of[o]; len(h.cost) > 0 && sum[b][g]+sum[a][o] < sum[a][g]+sum[b][o] {
						h.of[g], h.of[o], step = b, a, true
					}
				}
			}
			better = better || step
		}
	}
	return better
}

// Moved is a plan with a township put into another area, and everything else as it was.
func (p Plan) Moved(t, g int) Plan {
	q := Plan{Of: slices.Clone(p.Of), Leader: slices.Clone(p.Leader), Office: slices.Clone(p.Office)}
	q.Of[t] = g
	return q
}
