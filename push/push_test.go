package push

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/stoa-rooms/stoa/push/pushtest"
	"github.com/stoa-rooms/stoa/reason"
)

// subscribed is a browser's subscription at an endpoint.
func subscribed(b pushtest.Browser, endpoint string) Subscription {
	return Subscription{Endpoint: endpoint, P256DH: b.P256DH(), Auth: b.Auth()}
}

// signedBy verifies the VAPID header (RFC 8292) and returns its claims.
func signedBy(t *testing.T, header string, key Key) map[string]any {
	t.Helper()
	token, public, ok := strings.Cut(strings.TrimPrefix(header, "vapid t="), ", k=")
	if !ok || public != key.Public() {
		t.Fatalf("Authorization: %s", header)
	}
	raw, err := base64.RawURLEncoding.DecodeString(public)
	if err != nil {
		t.Fatal(err)
	}
	point := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(raw[1:33]), Y: new(big.Int).SetBytes(raw[33:])} //nolint:staticcheck // the library wants this form
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := jws.Verify(point)
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestAMessageReachesTheBrowserAndNobodyElse(t *testing.T) {
	var got *http.Request
	var body []byte
	answer := http.StatusCreated
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(answer)
	}))
	defer service.Close()
	key, err := KeyFrom(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	again, err := KeyFrom(bytes.Repeat([]byte{7}, 32))
	if err != nil || again != key {
		t.Errorf("the key of one seed differs: %v, %v", again, err)
	}
	s := NewSender(key, Options{Contact: "https://cafe.example", Client: service.Client()})
	ana := pushtest.NewBrowser(t)
	to := subscribed(ana, service.URL+"/push/1")
	const text = `{"title":"Veillée","room":"…"}`
	if err := s.Send(t.Context(), to, []byte(text), time.Minute, "room-1"); err != nil {
		t.Fatal(err)
	}
	if opened := ana.Open(t, body); opened != text {
		t.Errorf("the browser reads %q", opened)
	}
	if bytes.Contains(body, []byte("Veill")) {
		t.Error("the push service can read it")
	}
	if got.Header.Get("TTL") != "60" || got.Header.Get("Topic") != "room-1" || got.Header.Get("Content-Encoding") != "aes128gcm" {
		t.Errorf("headers %v", got.Header)
	}
	claims := signedBy(t, got.Header.Get("Authorization"), key)
	if claims["aud"] != service.URL || claims["sub"] != "https://cafe.example" {
		t.Errorf("claims %v", claims)
	}
	for _, status := range []int{http.StatusNotFound, http.StatusGone} {
		answer = status
		if err := s.Send(t.Context(), to, []byte(text), time.Minute, ""); !errors.Is(err, ErrGone) {
			t.Errorf("%d: %v", status, err)
		}
	}
	answer = http.StatusTooManyRequests
	if err := s.Send(t.Context(), to, []byte(text), time.Minute, ""); err == nil || errors.Is(err, ErrGone) || errors.Is(err, ErrRefused) {
		t.Errorf("a service that is busy: %v", err)
	}
	for status, refused := range map[int]bool{http.StatusBadRequest: true, http.StatusForbidden: true, http.StatusBadGateway: false} {
		answer = status
		if err := s.Send(t.Context(), to, []byte(text), time.Minute, ""); err == nil || errors.Is(err, ErrRefused) != refused {
			t.Errorf("%d: %v", status, err)
		}
	}
	if err := s.Send(t.Context(), to, make([]byte, MaxMessage+1), time.Minute, ""); err == nil {
		t.Error("a message without bounds is sent")
	}
}

func TestASubscriptionLeadsToThePublicInternet(t *testing.T) {
	ana := pushtest.NewBrowser(t)
	if err := subscribed(ana, "https://updates.push.example/wpush/v2/abc").Check(); err != nil {
		t.Errorf("an ordinary one: %v", err)
	}
	for _, endpoint := range []string{
		"", "http://push.example/x", "https://", "ftp://push.example/", "https://ana:secret@push.example/", "https://push.example:22/",
		"https://127.0.0.1/x", "https://[::1]/", "https://10.1.2.3/", "https://192.168.0.1/", "https://172.16.0.1/", "https://169.254.169.254/latest",
		"https://100.64.0.1/", "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1]/", "https://[fc00::1]/", "https://[64:ff9b::7f00:1]/",
		"https://push.example/#x", "https://push.example/" + strings.Repeat("x", maxEndpoint),
	} {
		if err := subscribed(ana, endpoint).Check(); reason.Of(err) != reason.PushEndpoint {
			t.Errorf("%.60q: %v", endpoint, err)
		}
	}
	bad := subscribed(ana, "https://push.example/")
	for _, change := range []func(*Subscription){
		func(s *Subscription) { s.Auth = "AAAA" },
		func(s *Subscription) { s.P256DH = base64.RawURLEncoding.EncodeToString(make([]byte, 65)) },
		func(s *Subscription) { s.P256DH += "=" },
	} {
		s := bad
		change(&s)
		if err := s.Check(); reason.Of(err) != reason.PushEndpoint {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for text, want := range map[string]bool{"1.1.1.1": true, "2606:4700::1111": true, "224.0.0.1": false, "255.255.255.255": false, "2002:7f00:1::": false} {
		if public(netip.MustParseAddr(text)) != want {
			t.Errorf("%s is public: %v", text, !want)
		}
	}
}

// TestANameCannotLeadInside: what a name resolves to is looked at when it is called, not when it was given.
func TestANameCannotLeadInside(t *testing.T) {
	called := false
	service := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer service.Close()
	key, err := KeyFrom(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := NewSender(key, Options{Contact: "https://cafe.example"})
	inside := strings.Replace(service.URL, "127.0.0.1", "localhost", 1)
	if err := s.Send(context.Background(), subscribed(pushtest.NewBrowser(t), inside), []byte("x"), time.Minute, ""); err == nil || !strings.Contains(err.Error(), "no public address") || called {
		t.Errorf("a name of this machine: %v", err)
	}
}

// TestARedirectIsNotFollowed: else a public address could lead to a private one.
func TestARedirectIsNotFollowed(t *testing.T) {
	calls := 0
	var service *httptest.Server
	service = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		http.Redirect(w, r, service.URL+"/inside", http.StatusTemporaryRedirect)
	}))
	defer service.Close()
	key, err := KeyFrom(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := NewSender(key, Options{Contact: "https://cafe.example"})
	s.client.Transport = service.Client().Transport // all else is as it is for push services
	if err := s.Send(t.Context(), subscribed(pushtest.NewBrowser(t), service.URL), []byte("x"), time.Minute, ""); !errors.Is(err, ErrRefused) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}
