package netlab

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
)

// Flow is what went from one place to another on a node's outer link, as the kernel counted it (nftables). Nothing is
// sampled and nothing is missed, however busy the machine is.
type Flow struct {
	From, To netip.AddrPort // the ports are 0 where the protocol has none
	Proto    string         // "tcp", "udp", or another protocol's name or number
	Packets  uint64         // of TCP fewer than on a wire: the kernel passes on several segments as one
	Bytes    uint64         // IP headers included
}

// Flows is what has passed between the node, or its people, and everybody else since ResetFlows, in both directions. It
// also shows packets that a partition lost on their way out.
func (n *Node) Flows() []Flow {
	n.t.Helper()
	flows, err := parseFlows([]byte(n.lab.order("flows " + n.number())))
	check(n.t, err)
	return flows
}

// ResetFlows forgets what was counted.
func (n *Node) ResetFlows() {
	n.t.Helper()
	n.lab.order("reset " + n.number())
}

// number is the node's, as the script knows it.
func (n *Node) number() string { return fmt.Sprint(slices.Index(n.lab.nodes, n)) }

// Addresses are all that occur in flows, in order.
func Addresses(flows []Flow) []netip.Addr {
	var all []netip.Addr
	for _, f := range flows {
		all = append(all, f.From.Addr(), f.To.Addr())
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all)
}

// Bytes is how many bytes of a protocol went from one address to another.
func Bytes(flows []Flow, from, to netip.Addr, proto string) uint64 {
	var sum uint64
	for _, f := range flows {
		if f.From.Addr() == from && f.To.Addr() == to && f.Proto == proto {
			sum += f.Bytes
		}
	}
	return sum
}

// listing is what nft --json says about a table, as far as it is used.
type listing struct {
	Nftables []struct {
		Set *struct {
			Elem []struct {
				Elem struct {
					Val struct {
						Concat []any `json:"concat"`
					} `json:"val"`
					Counter struct {
						Packets, Bytes uint64
					} `json:"counter"`
				} `json:"elem"`
			} `json:"elem"`
		} `json:"set"`
	} `json:"nftables"`
}

// parseFlows reads the sets of scripts/netlab: from, to and protocol, and where there are any the two ports.
func parseFlows(data []byte) ([]Flow, error) {
	var all listing
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("netlab: what nft lists: %w", err)
	}
	var flows []Flow
	for _, object := range all.Nftables {
		if object.Set == nil {
			continue
		}
		for _, e := range object.Set.Elem {
			f, err := parseFlow(e.Elem.Val.Concat)
			if err != nil {
				return nil, err
			}
			f.Packets, f.Bytes = e.Elem.Counter.Packets, e.Elem.Counter.Bytes
			flows = append(flows, f)
		}
	}
	return flows, nil
}

func parseFlow(key []any) (Flow, error) {
	var text [5]string
	switch len(key) {
	case 5:
	case 3:
		key = append(key, 0, 0)
	default:
		return Flow{}, fmt.Errorf("netlab: nft lists %v", key)
	}
	for i, part := range key {
		text[i] = fmt.Sprint(part)
	}
	from, err := netip.ParseAddrPort(text[0] + ":" + text[3])
	if err != nil {
		return Flow{}, fmt.Errorf("netlab: nft lists %v: %w", key, err)
	}
	to, err := netip.ParseAddrPort(text[1] + ":" + text[4])
	if err != nil {
		return Flow{}, fmt.Errorf("netlab: nft lists %v: %w", key, err)
	}
	return Flow{From: from, To: to, Proto: text[2]}, nil
}
