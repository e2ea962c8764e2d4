package api

import "github.com/stoa-rooms/stoa/identity"

// Paths of the founder's page about the node, relative to Base.
const (
	PathCheckup      = "/checkup"       // GET Checkup; only the founder's
	PathCheckupMedia = "/checkup/media" // POST application/sdp offer -> 201 application/sdp answer; only the founder's
)

// Checkup is what the node finds when it looks at how it is run.
type Checkup struct {
	At       int64           `json:"at" doc:"Unix milliseconds."`
	Version  string          `json:"version"`
	Go       string          `json:"go" doc:"The version of Go that it was built with."`
	Metrics  string          `json:"metrics,omitempty" doc:"Where Prometheus finds the metrics; absent without --metrics."`
	Addrs    []string        `json:"addrs" nullable:"false" doc:"Multiaddrs at which other nodes reach this one."`
	Findings []Finding       `json:"findings" nullable:"false"`
	Nodes    []CommunityNode `json:"nodes" nullable:"false" doc:"The nodes of the community, this one included."`
	Peers    []ConnectedNode `json:"peers" nullable:"false" doc:"The nodes that are connected, of any community."`
}

// FindingState is how much a finding matters.
type FindingState string

// Finding is one thing that was looked at. Its sentences are in the language asked for (Accept-Language: en, fr).
type Finding struct {
	Check string       `json:"check" doc:"What was looked at, such as disk."`
	Code  string       `json:"code" doc:"The stable code of what was found, such as disk-low."`
	State FindingState `json:"state" enum:"ok,warn,fail,unknown"`
	Says  string       `json:"says"`
	Fix   string       `json:"fix,omitempty" doc:"What to do about it."`
}

// CommunityNode is a node that the founder has delegated.
type CommunityNode struct {
	Node      identity.PublicKey `json:"node"`
	Order     int64              `json:"order" doc:"Of its delegate. A new delegate needs one that none has."`
	Expires   int64              `json:"expires" doc:"Of its delegate; Unix milliseconds."`
	Revoked   bool               `json:"revoked"`
	Self      bool               `json:"self"`
	Connected bool               `json:"connected"`
	Before    bool               `json:"before,omitzero" doc:"This node was restored from a backup of that one."`
}

// ConnectedNode is a node that this one is connected with.
type ConnectedNode struct {
	Node      identity.PublicKey `json:"node"`
	Addr      string             `json:"addr" doc:"Where it is reached."`
	Community bool               `json:"community" doc:"Whether it is one of this community's."`
}
