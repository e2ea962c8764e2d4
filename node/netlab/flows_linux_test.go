package netlab

import (
	"net/netip"
	"slices"
	"testing"
)

func TestParseFlows(t *testing.T) {
	got, err := parseFlows([]byte(`{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"name": "stoa"}},
		{"set": {"name": "flows", "elem": [{"elem": {"val": {"concat": ["10.77.0.1", "10.77.0.2", "udp", 7081, 40000]},
			"counter": {"packets": 3, "bytes": 300}}}]}},
		{"set": {"name": "others", "elem": [{"elem": {"val": {"concat": ["10.77.0.2", "224.0.0.251", "igmp"]},
			"counter": {"packets": 1, "bytes": 32}}}]}},
		{"set": {"name": "empty"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Flow{
		{netip.MustParseAddrPort("10.77.0.1:7081"), netip.MustParseAddrPort("10.77.0.2:40000"), "udp", 3, 300},
		{netip.MustParseAddrPort("10.77.0.2:0"), netip.MustParseAddrPort("224.0.0.251:0"), "igmp", 1, 32},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, bad := range []string{
		"", "error: no such table", `{"nftables": [{"set": {"elem": [{"elem": {"val": {"concat": []}}}]}}]}`,
		`{"nftables": [{"set": {"elem": [{"elem": {"val": {"concat": ["a", "b", "udp", 1, 2]}}}]}}]}`,
		`{"nftables": [{"set": {"elem": [{"elem": {"val": {"concat": ["10.0.0.1", "10.0.0.2", "udp", 1]}}}]}}]}`,
	} {
		if flows, err := parseFlows([]byte(bad)); err == nil {
			t.Errorf("%s reads as %v", bad, flows)
		}
	}
}
