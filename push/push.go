// Package push sends Web Push messages (RFC 8030): what a browser shows although the page is closed.
//
// A message is encrypted for the browser that subscribed (RFC 8291), so its push service, which is somebody else's
// machine, learns that there is one and how long it is, not what it says. It is signed with a key of the node's own
// (VAPID, RFC 8292), which is made from the node's key: there is nothing further to keep.
//
// An endpoint is an address that a member names and the node then calls. So it must be https, on the standard port of a
// public address, whatever its name resolves to at the moment of the call; and no redirect is followed.
package push

import (
	"context"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"github.com/stoa-rooms/stoa/reason"
)

// Subscription is where a browser takes messages, as its PushSubscription has it.
type Subscription struct {
	Endpoint string `json:"endpoint"`
	P256DH   string `json:"p256dh"` // its public key: 65 bytes, base64url
	Auth     string `json:"auth"`   // its secret: 16 bytes, base64url
}

// maxEndpoint bounds an endpoint; those of the large services have some 200 bytes.
const maxEndpoint = 1024

// Check refuses, with push-endpoint, what no browser's subscription looks like, or what leads to a private address.
func (s Subscription) Check() error {
	u, err := url.Parse(s.Endpoint)
	switch {
	case err != nil || len(s.Endpoint) > maxEndpoint || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "":
		return reason.Reject(reason.PushEndpoint, "the endpoint is no https address")
	case u.Port() != "" && u.Port() != "443":
		return reason.Reject(reason.PushEndpoint, "port %s", u.Port())
	}
	if ip, err := netip.ParseAddr(strings.Trim(u.Hostname(), "[]")); err == nil && !public(ip) {
		return reason.Reject(reason.PushEndpoint, "%s is no public address", ip)
	}
	return s.checkKeys()
}

func (s Subscription) checkKeys() error {
	key, err := base64.RawURLEncoding.Strict().DecodeString(s.P256DH)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(key)
	}
	if err != nil {
		return reason.Reject(reason.PushEndpoint, "p256dh is no point of P-256")
	}
	if auth, err := base64.RawURLEncoding.Strict().DecodeString(s.Auth); err != nil || len(auth) != 16 {
		return reason.Reject(reason.PushEndpoint, "auth is not 16 bytes")
	}
	return nil
}

// special are the ranges that net/netip has no word for and that lead into networks of somebody's own: carriers' (RFC
// 6598), benchmarks (RFC 2544), documentation, and IPv4 addresses inside IPv6 ones (NAT64, 6to4).
func special() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// public reports whether an address is one of the Internet's.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range special() {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// Key is what the node signs its messages with.
type Key struct{ private, public string }

// KeyFrom makes the key that belongs to a node's seed: HKDF-SHA-256 (RFC 5869) with the info "stoa vapid" and a
// counter, the first that is a private key of P-256.
func KeyFrom(seed []byte) (Key, error) {
	for n := range 100 { // the first is one but for one seed in 2³²
		raw, err := hkdf.Key(sha256.New, seed, nil, fmt.Sprintf("stoa vapid %d", n), 32)
		if err != nil {
			return Key{}, fmt.Errorf("push: %w", err)
		}
		if private, err := ecdh.P256().NewPrivateKey(raw); err == nil {
			text := base64.RawURLEncoding
			return Key{private: text.EncodeToString(raw), public: text.EncodeToString(private.PublicKey().Bytes())}, nil
		}
	}
	return Key{}, errors.New("push: no key from this seed")
}

// Public is what a page gives to the browser as applicationServerKey: 65 bytes, base64url.
func (k Key) Public() string { return k.public }

// ErrGone says that a subscription is no more: forget it.
var ErrGone = errors.New("push: the browser has unsubscribed")

// ErrRefused says that the push service will not take this message, however often it is sent.
var ErrRefused = errors.New("push: the push service refuses the message")

// Sender sends messages. It is safe for concurrent use.
type Sender struct {
	key     Key
	contact string
	client  *http.Client
}

// Options are how to send.
type Options struct {
	// Contact is how the operator of a push service reaches whoever runs the node: an https address, or one of mail.
	Contact string
	// Client replaces the one that calls public addresses only, in tests.
	Client *http.Client
}

// sendWithin bounds one call.
const sendWithin = 10 * time.Second

// NewSender makes a sender.
func NewSender(key Key, opts Options) *Sender {
	s := &Sender{key: key, contact: opts.Contact, client: opts.Client}
	if s.client == nil {
		dialer := &net.Dialer{Timeout: sendWithin, Control: onlyPublic}
		s.client = &http.Client{
			Timeout:       sendWithin,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext: dialer.DialContext, MaxIdleConns: 20, IdleConnTimeout: time.Minute,
				TLSHandshakeTimeout: sendWithin, ForceAttemptHTTP2: true,
			},
		}
	}
	return s
}

// onlyPublic is called with the address that is about to be connected to, after names are resolved.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !public(at.Addr()) {
		return fmt.Errorf("push: %s is no public address", address)
	}
	return nil
}

// MaxMessage is the largest message, in bytes: what every push service takes (RFC 8030, section 7.2, less encryption).
const MaxMessage = 3000

// Send delivers a message that is worth showing for so long. The topic, of at most 32 letters of base64url, replaces an
// undelivered one of the same topic. ErrGone: the subscription is void. ErrRefused: do not try again.
func (s *Sender) Send(ctx context.Context, to Subscription, message []byte, worth time.Duration, topic string) error {
	if len(message) > MaxMessage {
		return fmt.Errorf("push: a message of %d bytes", len(message))
	}
	resp, err := webpush.SendNotificationWithContext(ctx, message, &webpush.Subscription{
		Endpoint: to.Endpoint, Keys: webpush.Keys{P256dh: to.P256DH, Auth: to.Auth},
	}, &webpush.Options{
		HTTPClient: s.client, Subscriber: s.contact, Topic: topic, TTL: int(worth / time.Second), Urgency: webpush.UrgencyNormal,
		VAPIDPublicKey: s.key.public, VAPIDPrivateKey: s.key.private,
	})
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	_ = resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return ErrGone
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusRequestTimeout:
		return fmt.Errorf("push: the push service answers %s", resp.Status)
	case resp.StatusCode >= http.StatusMultipleChoices && resp.StatusCode < http.StatusInternalServerError:
		return fmt.Errorf("%w: %s", ErrRefused, resp.Status) // a redirect, too: nobody follows it
	case resp.StatusCode >= http.StatusInternalServerError:
		return fmt.Errorf("push: the push service answers %s", resp.Status)
	}
	return nil
}
