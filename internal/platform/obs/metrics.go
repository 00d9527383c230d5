package obs

import (
	"context"
	"database/sql"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is what the program counts of itself, in Prometheus' form.
type Metrics struct {
	reg        *prometheus.Registry
	requests   *prometheus.HistogramVec
	statements *prometheus.HistogramVec
	each       *prometheus.HistogramVec
	slow       *slowest
}

// NewMetrics makes the registry with what every process has.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		reg: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "qianshao_request_seconds", Help: "Time to answer a request.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10}}, []string{"kind", "status"}),
		statements: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "qianshao_request_statements", Help: "Database statements of a request.",
			Buckets: []float64{1, 2, 4, 8, 12, 16, 24, 32, 64, 128}}, []string{"kind"}),
		each: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "qianshao_statement_seconds", Help: "Time of a database statement until its first row: read outside a transaction, in one that writes, or the commit.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"kind"}),
		slow: &slowest{of: map[string]*sample{}, desc: prometheus.NewDesc("qianshao_route_p95_seconds", "What 95 of 100 of the last 256 openings of a page stayed below; a page opened less often is absent.", []string{"route"}, nil)},
	}
	built := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "qianshao_build_info", Help: "1; the labels say which program this is.", ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()}}, func() float64 { return 1 })
	m.reg.MustRegister(m.requests, m.statements, m.each, m.slow, built, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request counts one answered request. The route is left out of what is counted on purpose: by the number of one form's
// posts the number of reports could be read. How fast a page that only reads is, is shown by its pattern.
func (m *Metrics) Request(route string, api, write bool, status int, took time.Duration, statements int64) {
	kind := "page_read"
	switch {
	case api && write:
		kind = "api_write"
	case api:
		kind = "api_read"
	case write:
		kind = "page_write"
	}
	m.requests.WithLabelValues(kind, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
	m.statements.WithLabelValues(kind).Observe(float64(statements))
	if !write && status < http.StatusBadRequest {
		m.slow.add(route, took)
	}
}

// Statement counts one statement; kind is read, write or commit.
func (m *Metrics) Statement(kind string, took time.Duration) {
	m.each.WithLabelValues(kind).Observe(took.Seconds())
}

// Pool shows a connection pool.
func (m *Metrics) Pool(name string, stats func() sql.DBStats) {
	gauge := func(what, help string, of func(sql.DBStats) float64) {
		m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "qianshao_db_" + what, Help: help, ConstLabels: prometheus.Labels{"pool": name}},
			func() float64 { return of(stats()) }))
	}
	gauge("connections_open", "Connections open.", func(s sql.DBStats) float64 { return float64(s.OpenConnections) })
	gauge("connections_used", "Connections in use.", func(s sql.DBStats) float64 { return float64(s.InUse) })
	gauge("waits", "Waits for a connection since the start.", func(s sql.DBStats) float64 { return float64(s.WaitCount) })
	gauge("wait_seconds", "Time spent waiting for a connection since the start.", func(s sql.DBStats) float64 { return s.WaitDuration.Seconds() })
}

// Gauge shows a number that is read when it is asked for; one that can't be read is left out of the answer. labels are
// names and values in turn.
func (m *Metrics) Gauge(name, help string, read func(context.Context) (float64, error), labels ...string) {
	fixed := prometheus.Labels{}
	for i := 0; i+1 < len(labels); i += 2 {
		fixed[labels[i]] = labels[i+1]
	}
	m.reg.MustRegister(reading{prometheus.NewDesc("qianshao_"+name, help, nil, fixed), read})
}

// Counter shows a number that only grows, kept elsewhere.
func (m *Metrics) Counter(name, help string, read func() int64) {
	m.reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "qianshao_" + name, Help: help}, func() float64 { return float64(read()) }))
}

// scrapeFor bounds the reads of one scrape.
const scrapeFor = 5 * time.Second

type reading struct {
	desc *prometheus.Desc
	read func(context.Context) (float64, error)
}

func (r reading) Describe(c chan<- *prometheus.Desc) { c <- r.desc }

func (r reading) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeFor)
	defer cancel()
	v, err := r.read(ctx)
	if err != nil {
		return
	}
	c <- prometheus.MustNewConstMetric(r.desc, prometheus.GaugeValue, v)
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{}))
	return mux
}
