package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// origins are the addresses at which the node answers. Everything else is refused: a host name that somebody points at
// the node (DNS rebinding), a page of another site that makes a browser send something (CSRF, cross-site WebSocket).
type origins struct {
	all    []string          // scheme://host[:port], as browsers write it
	byHost map[string]string // what a Host header may hold, and the origin it belongs to
}

// parseOrigins reads addresses of the form scheme://host[:port].
func parseOrigins(addresses []string) (origins, error) {
	o := origins{byHost: map[string]string{}}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
			return o, fmt.Errorf("server: %q is not of the form https://host or http://host:port", address)
		}
		if strings.TrimSuffix(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return o, fmt.Errorf("server: %q has more than a scheme, a host and a port", address)
		}
		standard := ":80"
		if u.Scheme == "https" {
			standard = ":443"
		}
		host := strings.TrimSuffix(strings.ToLower(u.Host), standard)
		origin := u.Scheme + "://" + host
		o.all = append(o.all, origin)
		if _, known := o.byHost[host]; !known {
			o.byHost[host] = origin
		}
		if u.Port() == "" || u.Port() == standard[1:] {
			o.byHost[host+standard] = o.byHost[host]
		}
	}
	return o, nil
}

// ofHost is the origin that a Host header belongs to.
func (o origins) ofHost(host string) (string, bool) {
	origin, ok := o.byHost[strings.ToLower(host)]
	return origin, ok
}

// has reports whether an origin is one of the node's, to the letter.
func (o origins) has(origin string) bool { return slices.Contains(o.all, origin) }

// allow judges the Origin headers of a request. Clients that are no browsers send none.
func (o origins) allow(headers []string) bool {
	return len(headers) == 0 || len(headers) == 1 && o.has(headers[0])
}

// setHeaders says to browsers what the page may do: nothing but its own scripts, styles, connections and microphone.
// An unknown host's origin is "".
func setHeaders(h http.Header, origin string, encrypted bool) {
	connect := "'self'"
	if origin != "" {
		connect += " ws" + strings.TrimPrefix(origin, "http") // browsers before 2023 do not take it as 'self'
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "+
		"media-src 'self' blob: mediastream:; font-src 'self'; manifest-src 'self'; worker-src 'self'; "+
		"connect-src "+connect+"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "microphone=(self), autoplay=(self), camera=(), geolocation=(), payment=(), usb=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if encrypted {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
