package node

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// address is where people find the node: the one URL that is printed, and the others that lead to the same listener.
type address struct {
	url     string   // scheme://host[:port]
	origins []string // further ones
	plain   bool     // others than this machine reach the page without HTTPS
}

// addressOf derives the URLs from the listener and, where a proxy stands in front, from the URL it is known by.
func addressOf(publicURL string, listening net.Addr, certs *tls.Config) (address, error) {
	scheme := "http"
	if certs != nil {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		return address{}, fmt.Errorf("node: %w", err)
	}
	at := func(host string) string { return scheme + "://" + net.JoinHostPort(host, port) }
	a := address{url: at(host)}
	switch ip := net.ParseIP(host); {
	case ip == nil: // the system resolves listeners to addresses
	case ip.IsLoopback():
		a.origins = []string{at("localhost")}
	case ip.IsUnspecified():
		a.url = at("localhost")
		a.origins = local(at)
		a.plain = scheme == "http"
	default:
		a.plain = scheme == "http"
	}
	if publicURL == "" {
		return a, nil
	}
	u, err := url.Parse(strings.TrimRight(publicURL, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return address{}, fmt.Errorf("--public-url %q is not of the form https://stoa.example", publicURL)
	}
	a.origins = append(a.origins, a.url)
	a.url = u.String()
	a.plain = u.Scheme == "http" && !loopback(u.Hostname())
	return a, nil
}

// local are the URLs of this machine's addresses. A wrong Host is refused, so a node that listens on all of them has to
// know them.
func local(at func(string) string) []string {
	all := []string{at("127.0.0.1"), at("::1")}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return all // loopback is left
	}
	for _, addr := range addrs {
		if n, ok := addr.(*net.IPNet); ok && !n.IP.IsLoopback() {
			all = append(all, at(n.IP.String()))
		}
	}
	return all
}

// loopback reports whether a host is this machine, whose pages browsers trust without HTTPS.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// owner is the founding link of a secret.
func (a address) owner(secret string) string { return a.url + "/#owner=" + secret }

// mediaAddresses reads the addresses at which people reach the audio: IP addresses, with or without a port.
func mediaAddresses(texts []string) ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for _, text := range texts {
		if ap, err := netip.ParseAddrPort(text); err == nil {
			all = append(all, ap)
			continue
		}
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("--media-public %q is not an IP address such as 203.0.113.7 or 203.0.113.7:7081", text)
		}
		all = append(all, netip.AddrPortFrom(ip, 0)) // the port listened on
	}
	return all, nil
}
