// Package certs is how a node's page comes to be encrypted: by certificates in files that its operator renews, or by
// certificates that it obtains for its domain itself, from an authority that speaks ACME (RFC 8555).
//
// The protocol is golang.org/x/crypto/acme/autocert's. What is added here is what an operator meets: why there is no
// certificate, in words that say what to mend, and files that are read again when they have been renewed.
package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/net/idna"
)

// DefaultAuthority is Let's Encrypt. Whoever gives a domain agrees to its subscriber agreement.
const DefaultAuthority = autocert.DefaultACMEDirectory

// Attempts to obtain a certificate. An authority counts failures: Let's Encrypt allows five an hour for one name.
const (
	obtainFirst = time.Minute
	obtainMost  = 6 * time.Hour
)

// Config says where certificates come from: from Cert and Key, or for Domain from Authority, or from nowhere.
type Config struct {
	Cert      string // PEM files; both or neither
	Key       string
	Domain    string // a name to obtain a certificate for
	Authority string // URL of its ACME directory; none: DefaultAuthority
	Dir       string // where the certificates of Domain are kept
	Agent     string // how the authority is told who asks, such as stoa/1.0
	Log       *slog.Logger
}

// Certs are the certificates of a page. A nil *Certs is a page without encryption.
type Certs struct {
	config   *tls.Config
	acme     *autocert.Manager // nil without a domain
	domain   string
	problems *problems // with acme
	log      *slog.Logger

	mu    sync.Mutex
	wrong error // why there is no certificate for the domain yet; guarded by mu
}

// Open reads how the page is to be encrypted; nil: not at all. Errors name the flags of the command line.
func Open(cfg Config) (*Certs, error) {
	switch {
	case cfg.Domain != "" && (cfg.Cert != "" || cfg.Key != ""):
		return nil, errors.New("--domain obtains a certificate, and --tls-cert names one: give one of the two")
	case cfg.Domain != "":
		return obtained(cfg)
	case cfg.Cert == "" && cfg.Key == "":
		return nil, nil //nolint:nilnil // no TLS is a configuration of its own
	case cfg.Cert == "" || cfg.Key == "":
		return nil, errors.New("--tls-cert and --tls-key go together: give both or neither")
	}
	f := &files{cert: cfg.Cert, key: cfg.Key, log: cfg.Log}
	if err := f.load(); err != nil {
		return nil, err
	}
	return &Certs{config: &tls.Config{GetCertificate: f.get, MinVersion: tls.VersionTLS12}, log: cfg.Log}, nil
}

func obtained(cfg Config) (*Certs, error) {
	domain, err := idna.Lookup.ToASCII(strings.TrimSuffix(cfg.Domain, "."))
	if err != nil || net.ParseIP(cfg.Domain) != nil || !strings.Contains(domain, ".") {
		return nil, fmt.Errorf("--domain %q is not a name that the public can look up, such as cafe.example", cfg.Domain)
	}
	authority := cfg.Authority
	if authority == "" {
		authority = DefaultAuthority
	}
	if u, err := url.Parse(authority); err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--acme-ca %q is not the URL of an ACME directory, such as %s", authority, DefaultAuthority)
	}
	heard := &problems{}
	m := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(cfg.Dir),
		HostPolicy: autocert.HostWhitelist(domain),
		Client: &acme.Client{
			DirectoryURL: authority, UserAgent: cfg.Agent,
			HTTPClient: &http.Client{Transport: heard, Timeout: time.Minute},
		},
	}
	config := m.TLSConfig()
	config.MinVersion = tls.VersionTLS12
	return &Certs{
		config: config, acme: m, problems: heard, domain: domain, log: cfg.Log, wrong: errors.New("the certificate is being obtained"),
	}, nil
}

// TLS is the configuration of the page's listener; nil: plain HTTP.
func (c *Certs) TLS() *tls.Config {
	if c == nil {
		return nil
	}
	return c.config
}

// Obtains reports whether the certificates are for a domain, from an authority.
func (c *Certs) Obtains() bool { return c != nil && c.acme != nil }

// Run obtains the domain's certificate and looks after it until ctx ends. The page must be served meanwhile: the authority
// comes there to look.
func (c *Certs) Run(ctx context.Context) {
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
func (c *Certs) obtain() (expires time.Time, err error) {
	cert, err := c.acme.GetCertificate(&tls.ClientHelloInfo{
		ServerName:   c.domain,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, // a key of the kind that today's browsers take
	})
	if err != nil {
		return expires, explain(c.domain, errors.Join(err, c.problems.last()))
	}
	return cert.Leaf.NotAfter, nil
}

// Trouble is why there is no certificate yet; nil: there is, or the node does not obtain one.
func (c *Certs) Trouble() error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrong
}

// Redirect sends people from http to https, at the URL named, and answers an authority's challenges (RFC 8555, section
// 8.3). It is for a listener of its own, and only where Obtains.
func (c *Certs) Redirect(to string) http.Handler {
	challenges := c.acme.HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "use "+to, http.StatusForbidden) // what was sent has been readable by others already
			return
		}
		w.Header().Set("Location", to+r.URL.RequestURI())
		w.WriteHeader(http.StatusMovedPermanently)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.Host); err == nil {
			r.Host = host // autocert compares it with the domain, and knows no ports
		}
		challenges.ServeHTTP(w, r)
	})
}
