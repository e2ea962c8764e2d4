package server

import (
	"regexp"
	"strings"

	"github.com/stoa-rooms/stoa/reason"
)

// Bounds of an SDP fragment. A client with many addresses sends some 20 lines.
const (
	maxFragment      = 16 << 10 // bytes
	maxFragmentLines = 256
)

// Lines of an SDP fragment (RFC 8840, section 9), of which those about ICE are looked at.
var (
	fragmentLine = regexp.MustCompile(`^[am]=[\x20-\x7e]{1,1000}$`)
	candidate    = regexp.MustCompile(`^a=candidate:[A-Za-z0-9+/]{1,32} [0-9]{1,3} [A-Za-z]{1,8} [0-9]{1,10} [^ ]{1,255} [0-9]{1,5} typ [a-z]{1,16}( .*)?$`)
	iceName      = regexp.MustCompile(`^a=ice-(ufrag|pwd):[A-Za-z0-9+/]{4,256}$`)
)

// fragment is what a client says of its side of ICE after the offer.
type fragment struct {
	candidates int
	ended      bool // it has no more
	theirs     Credentials
}

// parseFragment reads an SDP fragment. Nothing is done with the candidates: a node is ICE-lite, and learns the client's
// addresses from the checks that reach it. They are read so that a client that sends something else learns of it.
func parseFragment(text string) (fragment, error) {
	var f fragment
	if len(text) > maxFragment || strings.Count(text, "\n") > maxFragmentLines {
		return f, reason.Reject(reason.AppFragment, "%d bytes", len(text))
	}
	lines := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "":
			continue
		case !fragmentLine.MatchString(line),
			strings.HasPrefix(line, "a=candidate:") && !candidate.MatchString(line),
			strings.HasPrefix(line, "a=ice-ufrag:") && !iceName.MatchString(line),
			strings.HasPrefix(line, "a=ice-pwd:") && !iceName.MatchString(line):
			return fragment{}, reason.Reject(reason.AppFragment, "line %d", lines+1)
		case strings.HasPrefix(line, "a=candidate:"):
			f.candidates++
		case line == "a=end-of-candidates":
			f.ended = true
		}
		if user, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok && f.theirs.User == "" {
			f.theirs.User = user // the first: all sections share one transport
		}
		if password, ok := strings.CutPrefix(line, "a=ice-pwd:"); ok && f.theirs.Password == "" {
			f.theirs.Password = password
		}
		lines++
	}
	if lines == 0 {
		return f, reason.Reject(reason.AppFragment, "nothing in it")
	}
	return f, nil
}
