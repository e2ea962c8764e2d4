// Package checkup holds the one closed list of what can be found about how a node is run: what is well, what is not, and
// what to do about it.
//
// The node looks (package node), and says what it found with a [Finding]. The same finding is read by its founder in the
// page, in English or French, and by whoever runs `stoa doctor` in a terminal. The sentences stand in findings.json, and
// nowhere else.
package checkup

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// State says how much a finding matters.
type State string

// The states.
const (
	OK      State = "ok"
	Warn    State = "warn"    // something will go wrong, or is worse than it could be
	Fail    State = "fail"    // something does not work
	Unknown State = "unknown" // it could not be checked, and the finding says why
)

// Code is the stable name of one finding. What stands before its first hyphen names the check: see [Code.Check].
type Code string

// What can be found.
const (
	ConfigFailed Code = "config-failed"

	DataOK      Code = "data-ok"
	DataNone    Code = "data-none"
	DataOpen    Code = "data-open"
	DataForeign Code = "data-foreign"

	StoreOK      Code = "store-ok"
	StoreWrites  Code = "store-writes"
	StoreFailed  Code = "store-failed"
	StoreDamaged Code = "store-damaged"
	StoreHeld    Code = "store-held"

	DiskOK      Code = "disk-ok"
	DiskLow     Code = "disk-low"
	DiskFull    Code = "disk-full"
	DiskUnknown Code = "disk-unknown"

	PortsOK   Code = "ports-ok"
	PortsBusy Code = "ports-busy"

	HTTPSOK          Code = "https-ok"
	HTTPSLocal       Code = "https-local"
	HTTPSPlain       Code = "https-plain"
	HTTPSEnds        Code = "https-ends"
	HTTPSWaits       Code = "https-waits"
	HTTPSUnreachable Code = "https-unreachable"
	HTTPSCertificate Code = "https-certificate"
	HTTPSOther       Code = "https-other"

	ProxyDistrusted Code = "proxy-distrusted"

	UDPOK    Code = "udp-ok"
	UDPNear  Code = "udp-near"
	UDPNone  Code = "udp-none"
	UDPLocal Code = "udp-local"

	TCPOK    Code = "tcp-ok"
	TCPNone  Code = "tcp-none"
	TCPLocal Code = "tcp-local"
	TCPTaken Code = "tcp-taken"
	TCPOff   Code = "tcp-off"

	BuffersOK    Code = "buffers-ok"
	BuffersSmall Code = "buffers-small"

	FilesOK  Code = "files-ok"
	FilesFew Code = "files-few"

	ClockOK     Code = "clock-ok"
	ClockOff    Code = "clock-off"
	ClockAlone  Code = "clock-alone"
	ClockSynced Code = "clock-synced"
	ClockLoose  Code = "clock-loose"

	PeersOK    Code = "peers-ok"
	PeersAlone Code = "peers-alone"
	PeersLost  Code = "peers-lost"

	ReachOK      Code = "reach-ok"
	ReachNot     Code = "reach-not"
	ReachUnknown Code = "reach-unknown"
	ReachLocal   Code = "reach-local"

	DelegateOK       Code = "delegate-ok"
	DelegateSoon     Code = "delegate-soon"
	DelegateEnded    Code = "delegate-ended"
	DelegateRestored Code = "delegate-restored"
	DelegateNone     Code = "delegate-none"
)

//go:embed findings.json
var findingsJSON []byte

// texts are the sentences of one finding in one language.
type texts struct {
	Says string `json:"says"`
	Fix  string `json:"fix"` // "" when there is nothing to do
}

// entry is one row of findings.json. Sentences hold names of values in braces.
type entry struct {
	State   State `json:"state"`
	English texts `json:"en"`
	French  texts `json:"fr"`
}

var table = sync.OnceValue(readTable) //nolint:gochecknoglobals // an immutable table

func readTable() map[Code]entry {
	var t map[Code]entry
	if err := json.Unmarshal(findingsJSON, &t); err != nil {
		panic(fmt.Sprintf("checkup: findings.json: %v", err)) // embedded at build time, held by a test
	}
	return t
}

// Check is which check the finding belongs to: "disk" of "disk-low". A checkup has at most one finding of each check, but
// of ports.
func (c Code) Check() string {
	check, _, _ := strings.Cut(string(c), "-")
	return check
}

// State is how much the finding matters.
func (c Code) State() State { return table()[c].State }

// Finding is something found, with the values that its sentences name.
type Finding struct {
	Code   Code              `json:"code"`
	Values map[string]string `json:"values,omitempty"`
}

// Find makes a finding. Names and values of its sentences come in turn.
func Find(code Code, values ...string) Finding {
	f := Finding{Code: code}
	for i := 0; i+1 < len(values); i += 2 {
		if f.Values == nil {
			f.Values = map[string]string{}
		}
		f.Values[values[i]] = values[i+1]
	}
	return f
}

// Says is what was found, in the given language ("fr", else English).
func (f Finding) Says(lang string) string { return f.fill(f.in(lang).Says) }

// Fix is what to do about it; "" when there is nothing to do.
func (f Finding) Fix(lang string) string { return f.fill(f.in(lang).Fix) }

func (f Finding) in(lang string) texts {
	e := table()[f.Code]
	if lang == "fr" {
		return e.French
	}
	return e.English
}

func (f Finding) fill(text string) string {
	var pairs []string
	for name, value := range f.Values {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Worst is the state of the worst of several findings. What is unknown is no worse than what is well.
func Worst(all []Finding) State {
	worst := OK
	for _, f := range all {
		switch f.Code.State() {
		case Fail:
			return Fail
		case Warn:
			worst = Warn
		case OK, Unknown:
		}
	}
	return worst
}
