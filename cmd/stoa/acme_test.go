package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// authority is Pebble, Let's Encrypt's test authority, on loopback. Every name has the address 127.0.0.1 to it, and ports
// 80 and 443 are those given.
type authority struct {
	directory string
	rootsFile string         // trusts the authority's own page
	roots     *x509.CertPool // trusts what it issues
	orders    atomic.Int64
}

func startAuthority(t *testing.T, httpPort, tlsPort int, life uint64) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_AUTHZREUSE", "0")
	logs := log.New(t.Output(), "pebble ", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(logs, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: life}})
	front := wfe.New(logs, store, va.New(logs, httpPort, tlsPort, false, startDNS(t), store), issuer, []string{"ca.test"}, false, false, 1, 1)
	a := &authority{roots: x509.NewCertPool()}
	handler := front.Handler()
	page := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "order-plz") {
			a.orders.Add(1)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(page.Close)
	a.directory = page.URL + wfe.DirectoryPath
	a.rootsFile = filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(a.rootsFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: page.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	a.roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM())
	return a
}

// startDNS answers every question with 127.0.0.1.
func startDNS(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		answer := new(dns.Msg)
		answer.SetReply(q)
		for _, question := range q.Question {
			if question.Qtype == dns.TypeA {
				answer.Answer = append(answer.Answer, &dns.A{
					Hdr: dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1},
					A:   net.IPv4(127, 0, 0, 1),
				})
			}
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return l.Addr().String()
}

// port is a TCP port that nobody listens on at the moment.
func port(t *testing.T) (addr string, number int) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String(), l.Addr().(*net.TCPAddr).Port
}

// secureNode is a node process that obtains its certificate.
type secureNode struct {
	t    *testing.T
	args []string
	env  []string
	logs *logLines
	cmd  *exec.Cmd
	web  string
}

// logLines passes lines on.
type logLines struct{ lines chan string }

func (n *secureNode) start() {
	n.t.Helper()
	program, err := exec.LookPath("stoa")
	if err != nil {
		n.t.Fatal(err)
	}
	n.cmd = exec.Command(program, n.args...)
	n.cmd.Env = append(os.Environ(), n.env...)
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	errs, err := n.cmd.StderrPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.logs = &logLines{make(chan string, 1000)}
	go func() {
		defer close(n.logs.lines)
		for scan := bufio.NewScanner(errs); scan.Scan(); {
			n.logs.lines <- scan.Text()
		}
	}()
	n.t.Cleanup(n.stop)
	for scan := bufio.NewScanner(out); scan.Scan(); {
		if name, value, _ := strings.Cut(scan.Text(), " "); name == "web" {
			n.web = value
		} else if name == "p2p" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	for line := range n.logs.lines {
		n.t.Log(line)
	}
	n.t.Fatal("the node does not start")
}

func (n *secureNode) stop() {
	if n.cmd.ProcessState == nil {
		_ = n.cmd.Process.Signal(syscall.SIGTERM)
		_ = n.cmd.Wait()
	}
}

// says waits for a line of the log.
func (n *secureNode) says(what string) string {
	n.t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case line, ok := <-n.logs.lines:
			if !ok {
				n.t.Fatalf("the node never says %q", what)
			}
			n.t.Log(line)
			if strings.Contains(line, what) {
				return line
			}
		case <-limit:
			n.t.Fatalf("the node does not say %q", what)
		}
	}
}

const domain = "cafe.example.com"

// visit asks for a page as a browser that trusts the authority would.
func (a *authority) visit(ctx context.Context, t *testing.T, url, dial string) *http.Response {
	t.Helper()
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{RootCAs: a.roots},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, dial)
			},
		},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp
}

// TestDomain runs a node that obtains its certificate from a real ACME server: by either challenge, once, and again when
// it has to be renewed.
func TestDomain(t *testing.T) {
	_, nowhere := port(t)
	for name, use := range map[string]func(httpPort, tlsPort int) (int, int){
		"over TLS":  func(_, tlsPort int) (int, int) { return nowhere, tlsPort },
		"over HTTP": func(httpPort, _ int) (int, int) { return httpPort, nowhere },
	} {
		t.Run(name, func(t *testing.T) {
			page, tlsPort := port(t)
			plain, httpPort := port(t)
			httpPort, tlsPort = use(httpPort, tlsPort)
			a := startAuthority(t, httpPort, tlsPort, 0)
			data := filepath.Join(t.TempDir(), "data")
			n := &secureNode{t: t, env: []string{"SSL_CERT_FILE=" + a.rootsFile}, args: []string{
				"run", "--data", data, "--domain", domain, "--acme-ca", a.directory,
				"--http", page, "--http-redirect", plain, "--media", "127.0.0.1:0",
			}}
			n.start()
			n.says("the page has a certificate")
			if !strings.HasPrefix(n.web, "https://"+domain+":") {
				t.Errorf("the node's page is at %s", n.web)
			}
			if resp := a.visit(t.Context(), t, n.web+"/api/v1/node", page); resp.StatusCode != http.StatusOK || resp.Header.Get("Strict-Transport-Security") == "" {
				t.Errorf("over https: %s, %v", resp.Status, resp.Header)
			}
			resp := a.visit(t.Context(), t, "http://"+domain+"/r/x?y=1", plain)
			if resp.StatusCode != http.StatusMovedPermanently || resp.Header.Get("Location") != n.web+"/r/x?y=1" {
				t.Errorf("over http: %s to %s", resp.Status, resp.Header.Get("Location"))
			}
			info, err := os.Stat(filepath.Join(data, "certs", domain))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the stored certificate: %v, %v", info, err)
			}
			asked := a.orders.Load() // two where the first kind of challenge failed
			n.stop()
			n.start()
			n.says("the page has a certificate")
			if got := a.orders.Load(); got != asked {
				t.Errorf("%d certificates were asked for after a restart, where none was needed", got-asked)
			}
		})
	}
}

// TestDomainIsRenewed: a certificate near its end is replaced while the node runs.
func TestDomainIsRenewed(t *testing.T) {
	page, tlsPort := port(t)
	plain, httpPort := port(t)
	a := startAuthority(t, httpPort, tlsPort, 20) // s: renewed when a third is left
	n := &secureNode{t: t, env: []string{"SSL_CERT_FILE=" + a.rootsFile}, args: []string{
		"run", "--data", filepath.Join(t.TempDir(), "data"), "--domain", domain, "--acme-ca", a.directory,
		"--http", page, "--http-redirect", plain, "--media", "127.0.0.1:0",
	}}
	n.start()
	n.says("the page has a certificate")
	serial := func() []byte {
		resp := a.visit(t.Context(), t, n.web+"/healthz", page)
		return resp.TLS.PeerCertificates[0].SerialNumber.Bytes()
	}
	first, poll, limit := serial(), time.NewTicker(100*time.Millisecond), time.After(time.Minute)
	defer poll.Stop()
	for bytes.Equal(serial(), first) {
		select {
		case <-poll.C:
		case <-limit:
			t.Fatal("the certificate is not renewed")
		}
	}
}

// TestDomainThatCannotBeProven says what is wrong, and goes on: the operator mends the firewall, and the node tries again.
func TestDomainThatCannotBeProven(t *testing.T) {
	_, nowhere := port(t)
	a := startAuthority(t, nowhere, nowhere, 0)
	page, _ := port(t)
	n := &secureNode{t: t, env: []string{"SSL_CERT_FILE=" + a.rootsFile}, args: []string{
		"run", "--data", filepath.Join(t.TempDir(), "data"), "--domain", domain, "--acme-ca", a.directory,
		"--http", page, "--http-redirect", "127.0.0.1:0", "--media", "127.0.0.1:0",
	}}
	n.start()
	n.says("the authority cannot connect to " + domain)
	n.stop()
	n.env = nil
	n.start()
	n.says("set SSL_CERT_FILE")
}
