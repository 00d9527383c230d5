package obs

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// window is how many openings of a page are summed up into one number. Only when they are full does the number change,
// so that nobody can tell from it how often, or when, a page was opened.
const window = 256

// slowest says of each page how slow it is, without saying how often it is opened.
type slowest struct {
	desc *prometheus.Desc
	mu   sync.Mutex
	of   map[string]*sample // by the pattern of the address, of which there are as many as routes
}

type sample struct {
	took []time.Duration
	p95  time.Duration // of the last full window; 0 before it
}

func (s *slowest) add(route string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.of[route]
	if x == nil {
		x = &sample{took: make([]time.Duration, 0, window)}
		s.of[route] = x
	}
	if x.took = append(x.took, took); len(x.took) == window {
		slices.Sort(x.took)
		x.p95, x.took = x.took[window*95/100], x.took[:0]
	}
}

// Describe is Prometheus' Collector.
func (s *slowest) Describe(c chan<- *prometheus.Desc) { c <- s.desc }

// Collect is Prometheus' Collector.
func (s *slowest) Collect(c chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for route, x := range s.of {
		if x.p95 > 0 {
			c <- prometheus.MustNewConstMetric(s.desc, prometheus.GaugeValue, x.p95.Seconds(), route)
		}
	}
}
