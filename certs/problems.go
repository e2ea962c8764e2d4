package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// explain says what an operator can do about an authority that gives no certificate.
func explain(domain string, err error) error {
	text := err.Error()
	problem := func(kind string) bool { return strings.Contains(text, "urn:ietf:params:acme:error:"+kind) }
	var unknown x509.UnknownAuthorityError
	var unreachable *net.OpError
	advice := "what the authority says may help"
	switch {
	case problem("dns"):
		advice = "the name has no address that the authority can look up: give " + domain + " an A or AAAA record with this machine's public address"
	case problem("connection"):
		advice = "the authority cannot connect to " + domain + ": its ports 443 and 80 must lead to --http and --http-redirect of this node; look at the firewall and at the address in the DNS"
	case problem("unauthorized"), problem("tls"), problem("incorrectResponse"):
		advice = "another server answers at " + domain + ": its address in the DNS must be this machine's, and nothing may stand before this node"
	case problem("caa"):
		advice = "the DNS of " + domain + " has a CAA record that allows other authorities only"
	case problem("rateLimited"):
		advice = "too many certificates were asked for; the node tries again later by itself"
	case problem("rejectedIdentifier"), problem("malformed"):
		advice = "the authority gives no certificates for this name"
	case errors.As(err, &unknown):
		advice = "the authority's own certificate is not trusted here; for an authority of your own set SSL_CERT_FILE to its root"
	case errors.As(err, &unreachable):
		advice = "the authority cannot be reached from this machine: look at its network, or at --acme-ca"
	}
	return fmt.Errorf("no certificate for %s: %s (%w)", domain, advice, err)
}

// problems listens to what the authority says about challenges that failed: autocert passes on that they did, and not
// why.
type problems struct {
	mu    sync.Mutex
	found error // guarded by mu
}

// maxProblem is how much of an answer is looked at. An authorization has a few kilobytes.
const maxProblem = 64 << 10

// RoundTrip implements http.RoundTripper.
func (p *problems) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || r.Method != http.MethodPost || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return resp, err
	}
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
	if err != nil {
		return resp, nil //nolint:nilerr // whoever reads the body meets the error
	}
	var authorization struct { // RFC 8555, section 7.1.4
		Challenges []struct {
			Error *struct{ Type, Detail string }
		}
	}
	_ = json.Unmarshal(head, &authorization) // what is none has no challenges
	for _, c := range authorization.Challenges {
		if c.Error != nil {
			p.mu.Lock()
			p.found = fmt.Errorf("%s: %s", c.Error.Type, c.Error.Detail)
			p.mu.Unlock()
		}
	}
	return resp, nil
}

// last takes the problem that was heard of last, nil if none was.
func (p *problems) last() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.found
	p.found = nil
	return found
}
