package node

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/net/idna"
	"golang.org/x/sync/errgroup"
)

// Where certificates come from unless the operator says otherwise, and where they lie in the data directory.
const (
	// DefaultACMECA is Let's Encrypt. Whoever gives --domain agrees to its subscriber agreement.
	DefaultACMECA = autocert.DefaultACMEDirectory

	certsDir = "certs"
)

// Attempts to obtain a certificate. An authority counts failures: Let's Encrypt allows five an hour for one name.
const (
	obtainFirst = time.Minute
	obtainMost  = 6 * time.Hour
)

// certificates are how the page is served over HTTPS: files that the operator renews, or certificates that the node
// obtains for a domain.
type certificates struct {
	config *tls.Config
	files  *certFiles        // nil without --tls-cert
	acme   *autocert.Manager // nil without --domain
	domain string
	log    *slog.Logger

	problems *acmeProblems // with acme

	mu    sync.Mutex
	wrong error // why there is no certificate for the domain yet; guarded by mu
}

// openCertificates reads how the page is to be encrypted; nil: not at all.
func openCertificates(cfg Config) (*certificates, error) {
	switch {
	case cfg.Domain != "" && (cfg.TLSCert != "" || cfg.TLSKey != ""):
		return nil, errors.New("--domain obtains a certificate, and --tls-cert names one: give one of the two")
	case cfg.Domain != "":
		return acmeCertificates(cfg)
	case cfg.TLSCert == "" && cfg.TLSKey == "":
		return nil, nil //nolint:nilnil // no TLS is a configuration of its own
	case cfg.TLSCert == "" || cfg.TLSKey == "":
		return nil, errors.New("--tls-cert and --tls-key go together: give both or neither")
	}
	files := &certFiles{cert: cfg.TLSCert, key: cfg.TLSKey, log: cfg.Log}
	if err := files.load(); err != nil {
		return nil, err
	}
	return &certificates{
		config: &tls.Config{GetCertificate: files.get, MinVersion: tls.VersionTLS12},
		files:  files, log: cfg.Log,
	}, nil
}

func acmeCertificates(cfg Config) (*certificates, error) {
	domain, err := idna.Lookup.ToASCII(strings.TrimSuffix(cfg.Domain, "."))
	if err != nil || net.ParseIP(cfg.Domain) != nil || !strings.Contains(domain, ".") {
		return nil, fmt.Errorf("--domain %q is not a name that the public can look up, such as cafe.example", cfg.Domain)
	}
	ca := cfg.ACMECA
	if ca == "" {
		ca = DefaultACMECA
	}
	if u, err := url.Parse(ca); err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--acme-ca %q is not the URL of an ACME directory, such as %s", ca, DefaultACMECA)
	}
	problems := &acmeProblems{}
	m := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(filepath.Join(cfg.Data, certsDir)),
		HostPolicy: autocert.HostWhitelist(domain),
		Client: &acme.Client{
			DirectoryURL: ca, UserAgent: "stoa/" + cfg.Version,
			HTTPClient: &http.Client{Transport: problems, Timeout: time.Minute},
		},
	}
	config := m.TLSConfig()
	config.MinVersion = tls.VersionTLS12
	return &certificates{config: config, acme: m, problems: problems, domain: domain, log: cfg.Log}, nil
}

// tls is the configuration of the page's listener; nil: plain HTTP.
func (c *certificates) tls() *tls.Config {
	if c == nil {
		return nil
	}
	return c.config
}

// start obtains the domain's certificate, if there is a domain, while the page is served already.
func (c *certificates) start(ctx context.Context, group *errgroup.Group, cfg Config, at address) error {
	if c == nil || c.acme == nil {
		return nil
	}
	if cfg.Redirect != "off" {
		if err := c.serveRedirect(ctx, group, cfg.Redirect, at.url); err != nil {
			return err
		}
	}
	go c.run(ctx) // an attempt under way may outlast the node by minutes, and has nothing to lose
	return nil
}

// run obtains the domain's certificate and looks after it until ctx ends. The page must be served meanwhile: the authority
// comes there to look.
func (c *certificates) run(ctx context.Context) {
	wait := obtainFirst
	for {
		expires, err := c.obtain()
		c.mu.Lock()
		c.wrong = err
		c.mu.Unlock()
		switch {
		case err != nil:
			c.log.Error("there is no certificate for the domain; browsers cannot come before there is", "domain", c.domain, "error", err, "again in", wait)
		default:
			c.log.Info("the page has a certificate", "domain", c.domain, "expires", expires)
			return // it is renewed by itself from now on; the node page and stoa doctor look at what is served
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			wait = min(2*wait, obtainMost)
		}
	}
}

// obtain returns the end of the certificate's life, which it first obtains if there is none.
func (c *certificates) obtain() (expires time.Time, err error) {
	cert, err := c.acme.GetCertificate(&tls.ClientHelloInfo{
		ServerName:   c.domain,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, // a key of the kind that today's browsers take
	})
	if err != nil {
		return expires, explainACME(c.domain, errors.Join(err, c.problems.last()))
	}
	return cert.Leaf.NotAfter, nil
}

// trouble is why there is no certificate yet; nil: there is, or the node does not obtain one.
func (c *certificates) trouble() error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrong
}

// explainACME says what an operator can do about an authority that gives no certificate.
func explainACME(domain string, err error) error {
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

// acmeProblems listens to what the authority says about challenges that failed: autocert passes on that they did, and not
// why.
type acmeProblems struct {
	mu    sync.Mutex
	found error // guarded by mu
}

// maxProblem is how much of an answer is looked at. An authorization has a few kilobytes.
const maxProblem = 64 << 10

// RoundTrip implements http.RoundTripper.
func (p *acmeProblems) RoundTrip(r *http.Request) (*http.Response, error) {
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
func (p *acmeProblems) last() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.found
	p.found = nil
	return found
}

// serveRedirect sends people from http to https, and answers an authority's challenges (RFC 8555, section 8.3).
func (c *certificates) serveRedirect(ctx context.Context, group *errgroup.Group, addr, to string) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return explainListen(err, addr, "http, which leads to https", "--http-redirect", "127.0.0.1:8080, or off")
	}
	redirect := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "use "+to, http.StatusForbidden) // what was sent has been readable by others already
			return
		}
		w.Header().Set("Location", to+r.URL.RequestURI())
		w.WriteHeader(http.StatusMovedPermanently)
	})
	challenges := c.acme.HTTPHandler(redirect)
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if host, _, err := net.SplitHostPort(r.Host); err == nil {
				r.Host = host // autocert compares it with the domain, and knows no ports
			}
			challenges.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
	}
	group.Go(func() error {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("node: http redirect: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		_ = s.Close()
		return nil
	})
	return nil
}

// certFiles is a certificate that somebody else renews. The files are read again when they have changed.
type certFiles struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	loaded  *tls.Certificate // guarded by mu
	changed time.Time        // of the certificate's file, when it was loaded; guarded by mu
	looked  time.Time        // guarded by mu
}

// filesLook is the least time between two looks at the files.
const filesLook = time.Minute

// load reads the files.
func (f *certFiles) load() error {
	info, err := os.Stat(f.cert)
	if err != nil {
		return fmt.Errorf("cannot use the certificate %s: %w", f.cert, err)
	}
	cert, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("cannot use the certificate %s with the key %s: %w", f.cert, f.key, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loaded, f.changed, f.looked = &cert, info.ModTime(), time.Now()
	return nil
}

// get implements tls.Config.GetCertificate.
func (f *certFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	look := time.Since(f.looked) >= filesLook
	if look {
		f.looked = time.Now()
	}
	changed := f.changed
	f.mu.Unlock()
	if look {
		if info, err := os.Stat(f.cert); err == nil && !info.ModTime().Equal(changed) {
			if err := f.load(); err != nil {
				f.log.Error("the new certificate cannot be used; the page keeps the one before", "error", err)
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loaded, nil
}
