package node

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/server"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/reason"
)

// scrape tells Prometheus what is the case at the moment it asks, and what the other parts count by themselves.
type scrape struct {
	hallway *hallway
	pages   *server.Server
}

// gauge is one measurement to describe and send.
type gauge struct {
	name, help string
	labels     []string
	kind       prometheus.ValueType
}

// gauges are all measurements of a scrape, by a short name.
func gauges() map[string]gauge {
	const now, ever = prometheus.GaugeValue, prometheus.CounterValue
	return map[string]gauge{
		"rooms":      {"stoa_rooms", "Live rooms that this node hosts or relays.", []string{"as"}, now},
		"people":     {"stoa_people", "People in the rooms that this node hosts or relays, by role.", []string{"role"}, now},
		"announced":  {"stoa_announced_rooms", "Live rooms of other nodes that are known here.", nil, now},
		"members":    {"stoa_members", "Members of the community.", nil, now},
		"log":        {"stoa_log_entries", "Entries of this node's log.", nil, now},
		"followed":   {"stoa_followed_logs", "Logs of other nodes that are followed here, by state: ok, or a reason code.", []string{"state"}, now},
		"peers":      {"stoa_p2p_peers", "Nodes that are connected.", nil, now},
		"ready":      {"stoa_store_ready", "1 while the store takes writes.", nil, now},
		"size":       {"stoa_store_size_bytes", "What the data directory takes on the disk.", nil, now},
		"free":       {"stoa_store_free_bytes", "What is free on the disk of the data directory.", nil, now},
		"sockets":    {"stoa_websockets", "Open WebSockets.", nil, now},
		"sessions":   {"stoa_sessions", "Open sessions.", nil, now},
		"legs":       {"stoa_media_legs", "Audio connections over which packets can flow: with people, or links with other nodes.", []string{"with"}, now},
		"speakers":   {"stoa_media_speakers", "People who are heard speaking now.", nil, now},
		"loss":       {"stoa_media_receiver_loss_ratio", "Loss from 0 to 1 that listeners lately reported of their worst slot, by quantile over the listeners.", []string{"quantile"}, now},
		"received":   {"stoa_media_received_packets_total", "Well-formed audio packets that came in.", []string{"from"}, ever},
		"sent":       {"stoa_media_sent_packets_total", "Audio packets sent on, one for each listener and link.", nil, ever},
		"bytes":      {"stoa_media_sent_bytes_total", "Bytes of Opus in the packets sent on.", nil, ever},
		"dropped":    {"stoa_media_dropped_packets_total", "Packets that came in and were not sent on, by cause.", []string{"cause"}, ever},
		"switches":   {"stoa_media_slot_switches_total", "Times that a slot went to another speaker.", nil, ever},
		"connected":  {"stoa_media_connections_total", "Audio connections that came about, by transport and by how far away the other side was.", []string{"transport", "distance"}, ever},
		"tcp":        {"stoa_media_tcp_connections", "Connections over TCP of people whose network lets no UDP through, or who try both.", nil, now},
		"tcpRefused": {"stoa_media_tcp_refused_total", "Connections over TCP that were closed because they were nobody's, or too many.", nil, ever},
		"handshakes": {"stoa_media_handshakes", "Audio connections that are on their way.", nil, now},
	}
}

func (g gauge) desc() *prometheus.Desc { return prometheus.NewDesc(g.name, g.help, g.labels, nil) }

// Describe implements prometheus.Collector.
func (s *scrape) Describe(to chan<- *prometheus.Desc) {
	for _, g := range gauges() {
		to <- g.desc()
	}
}

// Collect implements prometheus.Collector.
func (s *scrape) Collect(to chan<- prometheus.Metric) {
	all := gauges()
	send := func(name string, value float64, labels ...string) {
		g := all[name]
		to <- prometheus.MustNewConstMetric(g.desc(), g.kind, value, labels...)
	}
	s.rooms(send)
	s.community(send)
	s.audio(send)
	send("sockets", float64(s.pages.Sockets()))
	send("sessions", float64(s.pages.Sessions()))
}

// sender sends one measurement.
type sender func(name string, value float64, labels ...string)

func (s *scrape) rooms(send sender) {
	var hosted, relayed, moderators, speakers, listeners int
	for _, r := range s.hallway.live() {
		view := r.view.Load()
		if view.Why == api.WhyHere {
			hosted++
		} else {
			relayed++
		}
		lead := int(r.moderators.Load())
		moderators, speakers, listeners = moderators+lead, speakers+view.Stage-lead, listeners+view.Listening
	}
	send("rooms", float64(hosted), "host")
	send("rooms", float64(relayed), "relay")
	send("people", float64(moderators), string(api.RoleModerator))
	send("people", float64(speakers), string(api.RoleSpeaker))
	send("people", float64(listeners), string(api.RoleListener))
	send("announced", float64(len(s.hallway.nodes.listed())))
}

func (s *scrape) community(send sender) {
	journal, nodes := s.hallway.community.journal, s.hallway.nodes
	if state, founded := journal.fold(); founded {
		send("members", float64(state.Count()))
	} else {
		send("members", 0)
	}
	send("log", float64(journal.store.Head().Size))
	states := map[reason.Reason]int{"ok": nodes.followers.count()}
	for _, why := range nodes.followers.conditions() {
		states["ok"]--
		states[why]++
	}
	for state, n := range states {
		send("followed", float64(n), string(state))
	}
	send("peers", float64(len(nodes.host.Peers())))
	ready := 1.0
	if journal.store.Ready() != nil {
		ready = 0
	}
	send("ready", ready)
	if size, err := journal.store.Size(); err == nil {
		send("size", float64(size.Used))
		send("free", float64(size.Free))
	}
}

func (s *scrape) audio(send sender) {
	t := s.hallway.media.Totals()
	send("legs", float64(t.Legs), "people")
	send("legs", float64(t.Links), "nodes")
	send("handshakes", float64(t.Handshakes))
	send("speakers", float64(t.Speakers))
	for _, q := range []struct {
		name string
		rank float64
	}{{"0.5", 0.5}, {"0.9", 0.9}, {"1", 1}} {
		value := 0.0
		if n := len(t.Losses); n > 0 {
			value = t.Losses[min(int(q.rank*float64(n)), n-1)]
		}
		send("loss", value, q.name)
	}
	send("received", float64(t.FromPeople), "people")
	send("received", float64(t.FromLinks), "nodes")
	send("sent", float64(t.Sent))
	send("bytes", float64(t.SentBytes))
	send("dropped", float64(t.Refused), "not_allowed")
	send("dropped", float64(t.Excess), "rate")
	send("dropped", float64(t.Unfit), "malformed")
	send("switches", float64(t.Switches))
	send("tcp", float64(t.TCP))
	send("tcpRefused", float64(t.TCPRefused))
	reached := s.hallway.media.Reached()
	for _, by := range []struct {
		transport string
		counts    [media.Distances]uint64
	}{{"udp", reached.UDP}, {"tcp", reached.TCP}} {
		send("connected", float64(by.counts[media.FromMachine]), by.transport, "machine")
		send("connected", float64(by.counts[media.FromNetwork]), by.transport, "network")
		send("connected", float64(by.counts[media.FromInternet]), by.transport, "internet")
	}
}
