package obs

import (
	"context"
	"database/sql"
	"net/http"
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
}

// NewMetrics makes the registry with what every process has.
func NewMetrics() *Metrics {
	m := &Metrics{
		reg: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "qianshao_request_seconds", Help: "Time to answer a request.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10}}, []string{"kind", "status"}),
		statements: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "qianshao_request_statements", Help: "Database statements of a request.",
			Buckets: []float64{1, 2, 4, 8, 12, 16, 24, 32, 64, 128}}, []string{"kind"}),
	}
	m.reg.MustRegister(m.requests, m.statements, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request counts one answered request. The route is left out on purpose: by the number of one form's posts the number
// of reports could be read.
func (m *Metrics) Request(api, write bool, status int, took time.Duration, statements int64) {
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

// Gauge shows a number that is read when it is asked for; one that can't be read is left out of the answer.
func (m *Metrics) Gauge(name, help string, read func(context.Context) (float64, error)) {
	m.reg.MustRegister(reading{prometheus.NewDesc("qianshao_"+name, help, nil, nil), read})
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
