package node

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// meters count what happens, for Prometheus. What is the case at a moment is looked at when it is asked for; see
// [scrape]. No label names a person, a room, a node or an address: whoever reads the metrics learns how much, never who.
// Every one is explained in docs/operating.md, which a test holds against what is registered.
type meters struct {
	registry *prometheus.Registry

	entries     prometheus.Counter
	refusals    *prometheus.CounterVec
	requests    *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	commits     *prometheus.CounterVec
	commitTime  prometheus.Histogram
	statements  *prometheus.CounterVec
	successions *prometheus.CounterVec
}

// What happens to the host of a room that this node is in.
const (
	hostLost  = "lost"
	hostTaken = "taken_over"
	hostGiven = "given_up"
)

func newMeters(version string) *meters {
	m := &meters{
		registry: prometheus.NewRegistry(),
		entries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "stoa_room_entries_total", Help: "Times that somebody entered a room by this node, those who came back included.",
		}),
		refusals: counters("stoa_refusals_total", "Requests and WebSockets refused, by reason code.", "reason"),
		requests: counters("stoa_http_requests_total", "HTTP requests answered, by route, method and status code.", "route", "method", "code"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "stoa_http_request_duration_seconds", Help: "Time to answer HTTP requests, WebSockets left out.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route", "method"}),
		commits: counters("stoa_store_commits_total", "Commits to the store, by outcome: ok or failed.", "outcome"),
		commitTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "stoa_store_commit_duration_seconds", Help: "Time of commits, the syncs to disk included.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 30},
		}),
		statements:  counters("stoa_log_statements_total", "Statements written to this node's log since it started, by kind.", "kind"),
		successions: counters("stoa_room_successions_total", "Hosts of rooms lost, rooms taken over, and rooms given up to another host.", "event"),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "stoa_build_info", Help: "1, with the version of the node and of Go.",
	}, []string{"version", "goversion"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	for _, event := range []string{hostLost, hostTaken, hostGiven} {
		m.successions.WithLabelValues(event)
	}
	for _, outcome := range []string{"ok", "failed"} {
		m.commits.WithLabelValues(outcome)
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		build, m.entries, m.refusals, m.requests, m.durations, m.commits, m.commitTime, m.statements, m.successions,
	)
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// committed observes the store.
func (m *meters) committed(took time.Duration, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.commits.WithLabelValues(outcome).Inc()
	m.commitTime.Observe(took.Seconds())
}

// wrote counts a statement of the log.
func (m *meters) wrote(kind statement.Kind) { m.statements.WithLabelValues(string(kind)).Inc() }

func (m *meters) succession(event string) { m.successions.WithLabelValues(event).Inc() }

// Answered implements server.Watch.
func (m *meters) Answered(route, method, code string, took time.Duration) {
	m.requests.WithLabelValues(route, method, code).Inc()
	if code != "101" { // how long a WebSocket lasts says nothing about the node
		m.durations.WithLabelValues(route, method).Observe(took.Seconds())
	}
}

// Refused implements server.Watch.
func (m *meters) Refused(r reason.Reason) { m.refusals.WithLabelValues(string(r)).Inc() }
