package p2p

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stoa-rooms/stoa/reason"
)

// counters are what the host counts itself; libp2p brings its own.
type counters struct {
	messages  *prometheus.CounterVec // by verdict: a reason, or "accepted"
	dropped   prometheus.Counter
	penalties prometheus.Counter
}

func newCounters(reg prometheus.Registerer) (*counters, error) {
	c := &counters{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stoa_p2p_messages_total", Help: "Gossip messages judged, by verdict.",
		}, []string{"verdict"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "stoa_p2p_dropped_total", Help: "Gossip messages and RPCs beyond what one connection may deliver, dropped unchecked.",
		}),
		penalties: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "stoa_p2p_penalties_total", Help: "Offences of peers.",
		}),
	}
	var err error
	if c.messages, err = register(reg, c.messages); err != nil {
		return nil, err
	}
	if c.dropped, err = register(reg, c.dropped); err != nil {
		return nil, err
	}
	c.messages.WithLabelValues("accepted") // there from the start
	c.penalties, err = register(reg, c.penalties)
	return c, err
}

// register registers a collector, or finds the one that another host of this process registered.
func register[C prometheus.Collector](reg prometheus.Registerer, c C) (C, error) {
	if reg == nil {
		return c, nil
	}
	err := reg.Register(c)
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if c, ok = there.ExistingCollector.(C); ok {
			return c, nil
		}
	}
	if err != nil {
		return c, fmt.Errorf("p2p: %w", err)
	}
	return c, nil
}

func (c *counters) verdict(err error) {
	if err == nil {
		c.messages.WithLabelValues("accepted").Inc()
		return
	}
	c.messages.WithLabelValues(string(reason.Of(err))).Inc()
}
